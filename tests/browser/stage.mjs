// What every browser test needs: the demonstration in a process of its own, a browser, pictures, and axe.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const pictures = join(here, "..", "..", "artifacts");

/** A port that nobody is likely to use; two more after it are taken. */
const port = 17400 + (process.pid % 400) * 3;

export const hub = `http://hub.localhost:${port}`;
export const school = (n) => `http://school-${n}.localhost:${port + n}`;

/** Starts the demonstration on this data, and waits until it answers. */
async function run(data) {
  const child = spawn(process.env.ZAMPA, ["demo", "--data", data, "--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (part) => { said += part; if (said.includes("hub.localhost")) resolve(); });
    child.on("exit", (code) => reject(new Error(`zampa ended with ${code}\n${said}`)));
  });
  await until(async () => (await fetch(`http://127.0.0.1:${port}/health`).catch(() => null))?.ok);
  return child;
}

/**
 * Starts the demonstration and a browser with these arguments; gives them, what stops both, where the data is, what kills the
 * demonstration as a power cut does and starts it on the same data, and what sends it a signal.
 */
export async function start(args = []) {
  mkdirSync(pictures, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), "zampa-"));
  let child = await run(data);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", ...args],
  });
  const ends = (signal) => Promise.all([new Promise((resolve) => child.on("exit", resolve)), child.kill(signal)]);
  const stop = async () => {
    await browser.close();
    await ends("SIGTERM");
    rmSync(data, { recursive: true, force: true, maxRetries: 5 });
  };
  const again = async () => {
    await ends("SIGKILL");
    child = await run(data);
  };
  return { browser, stop, data, again, signal: (signal) => child.kill(signal) };
}

/** Asks again until it is so; fails after a while, saying what was waited for. */
/** Which page of the course a class's page shows, from 1; 0 while its picture is not there. */
export const slide = (page) => page.evaluate(() => {
  const box = document.querySelector("[data-class], [data-pupil]");
  const shown = document.querySelector("[data-class-sheet] img");
  const { pages } = JSON.parse(box.dataset.class ?? box.dataset.pupil);
  return shown.naturalWidth > 0 ? pages.findIndex((page) => page.src === shown.getAttribute("src")) + 1 : 0;
});

export async function until(ask, what = "something", ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await ask();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Answers that told of a fault of the node. */
const failed = [];

/** What who is signed in is called in a language: each page names people in its own. */
export async function called(page, lang) {
  const context = page.context();
  const url = new URL(page.url()).origin;
  const was = (await context.cookies(url)).find((cookie) => cookie.name === "zampa_lang").value;
  const speak = (value) => context.addCookies([{ name: "zampa_lang", value, url }]);
  await speak(lang);
  const said = await page.evaluate(async () => new DOMParser().parseFromString(await (await fetch("/me")).text(), "text/html").querySelector(".account summary").textContent);
  await speak(was);
  return said.trim();
}

/** A browser context in a language, with the cookies of one person. */
export async function reader(browser, lang, width = 1280) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: lang === "zh" ? "zh-CN" : "en" });
  // A page that says that something went wrong may look well: what fails inside is told with the next look.
  context.on("response", (r) => { if (r.status() >= 500) failed.push(`${r.status()} ${new URL(r.url()).pathname}`); });
  const hosts = [hub, school(1), school(2)];
  await context.addCookies(hosts.map((url) => ({ name: "zampa_lang", value: lang, url })));
  return context;
}

/** Takes pictures at both widths, checks that nothing runs over the edge, and runs axe. */
export async function look(page, name) {
  const problems = failed.splice(0);
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 1) problems.push(`${name} at ${width}: ${over} pixels over the edge`);
  }
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate(async () => {
      const result = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
      return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join("; ")}`);
    });
    problems.push(...found.map((f) => `${name} ${colorScheme}: ${f}`));
  }
  await page.emulateMedia({ colorScheme: "light" });
  return problems;
}

/** Signs in as somebody of a role, on the page that only the demonstration has. */
export async function be(page, host, role, back = "/today") {
  await page.goto(`${host}/view-as?back=${encodeURIComponent(back)}`);
  const names = await page.locator(".as b").allTextContents();
  if (names.length > 2 && new Set(names).size < 3) throw new Error(`one cannot tell who is who: ${names}`);
  await page.locator(`form[data-role="${role}"] button`).first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/view-as"));
}

/** Cuts or mends the link between the hub and a school, and waits until the opening page shows it. */
export async function cut(page, yes, n = 1) {
  await page.goto(`${hub}/`);
  await press(page, `form:has([name=school][value="${n}"]):has([name=cut][value=${yes ? "yes" : "no"}]) >> nth=0 >> button`);
  await until(async () => { await page.goto(`${hub}/`); return (await page.locator(yes ? ".span.broken" : ".span.whole").count()) >= (yes ? 1 : 2); });
}

/** Makes a school's link a bad one: 64 kbit/s, 600 ms there and back, every twentieth datagram lost. */
export async function thin(page, n = 1) {
  await page.goto(`${hub}/`);
  for (const [knob, value] of [["rate", 64], ["delay", 300], ["loss", 50]]) await page.fill(`#${knob}-${n}`, String(value));
  await press(page, `form.knobs:has([name=school][value="${n}"]) button`);
  assert.equal(await page.inputValue(`#rate-${n}`), "64");
}

/** Slides as an office program writes them, and a film as a phone does: made by those very programs. */
export function lesson() {
  const dir = mkdtempSync(join(tmpdir(), "lesson-"));
  const page = (n, text) => `<draw:page draw:name="p${n}" draw:master-page-name="m"><draw:frame svg:x="2cm" svg:y="3cm" svg:width="22cm" svg:height="9cm"><draw:text-box>${text.map((t) => `<text:p><text:span text:style-name="T">${t}</text:span></text:p>`).join("")}</draw:text-box></draw:frame></draw:page>`;
  const slides = [["认识草药", "སྨན་རྩྭ་ངོ་ཤེས་པ།", "Knowing herbs"], ["雪莲 · 红景天", "生长在高山"], ["怎样采集", "怎样晾晒"]];
  writeFileSync(join(dir, "lesson.fodp"), `<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.presentation">
<office:automatic-styles><style:page-layout style:name="l"><style:page-layout-properties fo:page-width="28cm" fo:page-height="15.75cm" fo:margin="0cm"/></style:page-layout><style:style style:name="T" style:family="text"><style:text-properties fo:font-size="40pt" style:font-size-asian="40pt" style:font-size-complex="40pt"/></style:style></office:automatic-styles>
<office:master-styles><style:master-page style:name="m" style:page-layout-name="l"/></office:master-styles>
<office:body><office:presentation>${slides.map((text, n) => page(n + 1, text)).join("")}</office:presentation></office:body></office:document>`);
  execFileSync("soffice", [`-env:UserInstallation=file://${dir}/profile`, "--headless", "--convert-to", "pptx", "--outdir", dir, join(dir, "lesson.fodp")], { stdio: "ignore" });
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=25:duration=6", "-f", "lavfi", "-i", "sine=frequency=330:duration=6", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", join(dir, "film.mp4")]);
  const files = ["lesson.pptx", "film.mp4"].map((name) => readFileSync(join(dir, name)));
  rmSync(dir, { recursive: true, force: true });
  return files;
}

/** Files by their names as an archive, nothing of it packed. */
export function archive(files) {
  const [parts, list] = [[], []];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const [title, body] = [Buffer.from(name), Buffer.from(content)];
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x800, 2);
    head.writeUInt16LE(0x21, 8);
    head.writeUInt32LE(crc32(body), 10);
    head.writeUInt32LE(body.length, 14);
    head.writeUInt32LE(body.length, 18);
    head.writeUInt16LE(title.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), head, title, body);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    list.push(Buffer.from("PK\x01\x02\x14\x00"), head, place, title);
    at += 30 + title.length + body.length;
  }
  const central = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

/** Presses a button that leads to a page, and waits for that page: what comes after must not meet the one before. */
export async function press(page, selector) {
  await Promise.all([page.waitForNavigation(), page.locator(selector).click()]);
}

/** Writes at the end of a part of the plan, as one types. */
export const write = async (page, part, said) => {
  await page.locator(`.ProseMirror .plan-part`, { has: page.locator(`h2:text-is("${part}")`) }).locator("p").last().click();
  await page.keyboard.press("End");
  await page.keyboard.type(said);
};
/** The text of a plan. */
export const text = (page) => page.locator(".ProseMirror").innerText();
/** Waits until all that was typed is kept. */
export const saved = (page) => until(async () => (await page.locator(".plan-state.saved").count()) === 1, "the text to be saved");

/** The class of the day in the list of classes. */
export const ofToday = "main tbody a:has-text('认识高原草药')";

/** The class of the day, led by a coordinator at the hub, with slides that are in both schools. Gives its path. */
export async function classOfToday(teacher) {
  await be(teacher, hub, "coordinator", "/courses/upload");
  const [slides] = lesson();
  await teacher.setInputFiles("input[type=file]", [{ name: "草药.pptx", mimeType: "application/octet-stream", buffer: slides }]);
  await teacher.fill("#c-title", "认识高原草药");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await Promise.all([teacher.waitForURL(/\/courses\/[a-z0-9]{10,}$/, { timeout: 60_000 }), teacher.locator("main button.primary").click()]);
  const course = new URL(teacher.url()).pathname.split("/").pop();
  await teacher.goto(`${hub}/courses/${course}/move/share`);
  await press(teacher, "main button.primary");
  await teacher.goto(`${hub}/classes`);
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  await teacher.goto(`${hub}${path}/edit`);
  await teacher.selectOption("#c-course", course);
  await press(teacher, "main button.primary");
  await until(async () => { await teacher.goto(hub + path); return (await teacher.locator("#class-rooms .tag.ok").count()) === 2; }, "the slides at both schools", 120_000);
  return path;
}
/** Enters the class as one of its people: waits until the page is in. */
export async function enter(page, host, role, path) {
  if (role) await be(page, host, role, `${path}/live`);
  else await page.goto(`${host}${path}/live`);
  await until(async () => (await page.locator("[data-class]").getAttribute("data-role")) !== "", "a page to be in the class");
}

/** A photograph as a phone makes it: real pixels, and a block of EXIF that says where it was. */
export const photograph = async (page) => {
  const url = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const pen = canvas.getContext("2d");
    const sky = pen.createLinearGradient(0, 0, 0, 240);
    sky.addColorStop(0, "#3c78b4"); sky.addColorStop(1, "#e8e2d0");
    pen.fillStyle = sky; pen.fillRect(0, 0, 320, 240);
    pen.fillStyle = "#5a4632"; pen.beginPath(); pen.moveTo(0, 240); pen.lineTo(140, 90); pen.lineTo(320, 240); pen.fill();
    return canvas.toDataURL("image/jpeg", 0.8);
  });
  const plain = Buffer.from(url.split(",")[1], "base64");
  const said = Buffer.from("Exif\0\0MM\0*\0\0\0\x08\0\0GPSLatitude 29.65 GPSLongitude 91.13", "latin1");
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, said.length + 2]), said]);
  return Buffer.concat([plain.subarray(0, 2), segment, plain.subarray(2)]);
};
