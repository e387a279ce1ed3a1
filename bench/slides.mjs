// How long slides of 20 pages take to become pictures: our recipe in its process within limits, beside the two programs
// that one would call by hand, on the same file in the same run. Usage: node bench/slides.mjs, with ZAMPA set.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tell } from "./tell.mjs";

const PAGES = 20;
const dir = mkdtempSync(join(tmpdir(), "slides-"));
const office = (to, from) => execFileSync("soffice", [`-env:UserInstallation=file://${dir}/profile`, "--headless", "--convert-to", to, "--outdir", dir, from], { stdio: "ignore" });
const timed = (run) => { const began = process.hrtime.bigint(); run(); return Number(process.hrtime.bigint() - began) / 1e9; };
const weigh = (at, such) => readdirSync(at, { recursive: true }).filter((f) => such.test(f)).map((f) => statSync(join(at, f)).size);
try {
  // A picture on each page, as slides of teachers have.
  for (let n = 0; n < PAGES; n += 1) execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `mandelbrot=size=1280x720:start_scale=${3 / (n + 1)}`, "-frames:v", "1", join(dir, `p${n}.jpg`)]);
  const page = (n) => `<draw:page draw:name="p${n}" draw:master-page-name="m"><draw:frame svg:x="1cm" svg:y="1cm" svg:width="26cm" svg:height="4cm"><draw:text-box><text:p><text:span text:style-name="T">第 ${n + 1} 页 认识草药 སྨན་རྩྭ་ངོ་ཤེས་པ།</text:span></text:p></draw:text-box></draw:frame><draw:frame svg:x="6cm" svg:y="5cm" svg:width="16cm" svg:height="9cm"><draw:image xlink:href="p${n}.jpg" xlink:type="simple"/></draw:frame></draw:page>`;
  writeFileSync(join(dir, "lesson.fodp"), `<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.presentation">
<office:automatic-styles><style:page-layout style:name="l"><style:page-layout-properties fo:page-width="28cm" fo:page-height="15.75cm" fo:margin="0cm"/></style:page-layout><style:style style:name="T" style:family="text"><style:text-properties fo:font-size="36pt" style:font-size-asian="36pt" style:font-size-complex="36pt"/></style:style></office:automatic-styles>
<office:master-styles><style:master-page style:name="m" style:page-layout-name="l"/></office:master-styles>
<office:body><office:presentation>${Array.from({ length: PAGES }, (_, n) => page(n)).join("")}</office:presentation></office:body></office:document>`);
  office("pptx", join(dir, "lesson.fodp"));
  const file = join(dir, "lesson.pptx");
  mkdirSync(join(dir, "work", "out"), { recursive: true });
  const ours = timed(() => execFileSync(process.env.ZAMPA, ["render", "slides-2", file, join(dir, "work")], { stdio: ["ignore", "ignore", "inherit"] }));
  const made = weigh(join(dir, "work"), /\.webp$/);
  if (made.length < PAGES) throw new Error(`${made.length} pictures of ${PAGES} pages`);
  // The hand's way: a PDF, then a picture a page.
  const peer = timed(() => {
    office("pdf", file);
    execFileSync("pdftoppm", ["-jpeg", "-scale-to-x", "1280", "-scale-to-y", "-1", join(dir, "lesson.pdf"), join(dir, "peer")]);
  });
  const by = "soffice, pdftoppm";
  tell("slides of a .pptx of 20 pages, with thumbnails", ours, "s", "< 10", ours < 10, by, peer);
  const sum = (all) => all.reduce((a, b) => a + b, 0) / 1e6;
  tell("what they weigh", sum(made), "MB", "-", true, by, sum(weigh(dir, /^peer.*\.jpg$/)));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
