// Packages with programs of their own: played on the stage with the link down, going on where one stopped, and reaching
// nothing of the node that they are played on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { archive, be, cut, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const page = (title, body, head = "") => `<!doctype html><html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${head}<style>body{font:18px/1.6 sans-serif;margin:16px}</style></head><body>${body}</body></html>`;

/** A lesson that counts how often it was begun, as SCORM has it kept, and tries what it should not be able to do. */
const scorm = archive({
  "imsmanifest.xml": `<?xml version="1.0"?><manifest identifier="m" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata><organizations default="o"><organization identifier="o"><title>认识草药</title><item identifier="i1" identifierref="r1"><title>雪莲长在哪里</title></item><item identifier="i2" identifierref="r2"><title>怎样晾晒 · སྐམ་ཚུལ།</title></item></organization></organizations><resources><resource identifier="r1" type="webcontent" adlcp:scormtype="sco" href="one.html"/><resource identifier="r2" type="webcontent" adlcp:scormtype="asset" href="two.html"/></resources></manifest>`,
  "one.html": page("雪莲", `<h1>雪莲长在哪里?</h1><p>第 <b id="n">?</b> 次打开这一课。</p><p id="said"></p><script src="lesson.js"></script>`),
  "two.html": page("晾晒", "<h1>怎样晾晒</h1><p>阴干,不要曝晒。</p>"),
  "lesson.js": `
    const find = (w) => { while (!w.API && w.parent !== w) w = w.parent; return w.API; };
    const api = find(window);
    api.LMSInitialize("");
    const n = Number(api.LMSGetValue("cmi.suspend_data") || 0) + 1;
    document.querySelector("#n").textContent = n;
    api.LMSSetValue("cmi.suspend_data", String(n));
    api.LMSSetValue("cmi.core.lesson_status", "incomplete");
    api.LMSCommit("");
    const who = api.LMSGetValue("cmi.core.student_name");
    const tries = {
      // The node's own pages, with the session of who is signed in there.
      page: () => fetch(location.origin.replace("stage.", "") + "/me", { credentials: "include" }).then((r) => r.text()),
      blind: () => fetch(location.origin.replace("stage.", "") + "/me", { credentials: "include", mode: "no-cors" }),
      elsewhere: () => fetch("http://127.0.0.1:9/", { mode: "no-cors" }),
      around: async () => window.top.document.title,
      away: async () => { window.top.location.href = "http://127.0.0.1:9/"; throw new Error("stays"); },
      worker: () => navigator.serviceWorker.register("lesson.js"),
      camera: () => navigator.mediaDevices.getUserMedia({ audio: true }),
    };
    (async () => {
      const done = [];
      for (const [name, act] of Object.entries(tries)) {
        try { await act(); done.push(name); } catch {}
      }
      document.querySelector("#said").textContent = "tried:" + done.join(",") + ";" + who + ";" + document.cookie;
    })();`,
});

const chapter = (title, body) => `<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="bo"><head><title>${title}</title><link rel="stylesheet" href="../look.css"/></head><body><h1>${title}</h1>${body}<p id="ran">-</p><script>document.getElementById("ran").textContent = "ran";</script></body></html>`;
const book = archive({
  mimetype: "application/epub+zip",
  "META-INF/container.xml": `<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`,
  "OPS/book.opf": `<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">x</dc:identifier><dc:title>སྨན་རྩྭ། 草药小书</dc:title><dc:language>bo</dc:language></metadata><manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="a" href="text/a.xhtml" media-type="application/xhtml+xml"/><item id="b" href="text/b.xhtml" media-type="application/xhtml+xml"/><item id="c" href="look.css" media-type="text/css"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>`,
  "OPS/nav.xhtml": `<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body><nav epub:type="toc"><ol><li><a href="text/a.xhtml">གངས་ལྷ་མེ་ཏོག</a></li><li><a href="text/b.xhtml">སྲོ་ལོ་དམར་པོ།</a></li></ol></nav></body></html>`,
  "OPS/text/a.xhtml": chapter("གངས་ལྷ་མེ་ཏོག", "<p>རི་མཐོན་པོར་སྐྱེས་པའི་སྨན་རྩྭ་ཞིག་ཡིན།</p>"),
  "OPS/text/b.xhtml": chapter("སྲོ་ལོ་དམར་པོ།", "<p>དབུགས་ལ་ཕན།</p>"),
  "OPS/look.css": "body{color:rgb(10,80,90);font:20px/1.9 serif;margin:16px}",
});

const web = archive({
  "course/index.html": page("实验", `<h1>量一量</h1><p id="kept"></p><img src="leaf.svg" alt="" width="80"><script type="module" src="app.mjs"></script>`),
  "course/app.mjs": `localStorage.n = Number(localStorage.n || 0) + 1; const data = await (await fetch("data.json")).json(); document.querySelector("#kept").textContent = data.said + localStorage.n;`,
  "course/data.json": `{"said":"次数 "}`,
  "course/leaf.svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M1 9Q1 1 9 1Q9 9 1 9" fill="#2a7"/></svg>`,
});

test("packages are played at another school with the link down, and reach nothing but themselves", { timeout: 300_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses/upload");
  await teacher.fill("#c-title", "草药互动课");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  const file = (name, buffer) => ({ name, mimeType: "application/octet-stream", buffer });
  await teacher.setInputFiles("#c-file", [file("1 课件.zip", scorm), file("2 小书.epub", book), file("3 实验.zip", web)]);
  await press(teacher, "main form button.primary");
  const course = new URL(teacher.url()).pathname;
  problems.push(...await look(teacher, "zh-packages"));
  const parts = await teacher.locator(".course .rows a[href^='/resources/']").evaluateAll((links) => links.map((a) => new URL(a.href).pathname));
  await teacher.goto(`${school(2)}${course}/move/share`);
  await press(teacher, "main form button.primary");

  const other = await (await reader(stage.browser, "bo")).newPage();
  await be(other, school(1), "local", "/courses");
  for (const part of parts) {
    await until(async () => { await other.goto(school(1) + part); return (await other.locator("a[href$='/play']").count()) === 1; }, `${part} at the other school`, 120_000);
  }
  await cut(other, true);

  // SCORM: it finds its player, is begun again where it stopped, and gets at nothing.
  await other.goto(`${school(1)}${parts[0]}/play`);
  const inner = other.frameLocator(".stage iframe").frameLocator("iframe");
  await until(async () => (await inner.locator("#said").textContent()).startsWith("tried:"), "the lesson to try");
  assert.equal(await inner.locator("#said").textContent(), "tried:;;");
  assert.equal(await inner.locator("#n").textContent(), "1");
  problems.push(...await look(other, "bo-play-scorm"));
  await other.reload();
  await until(async () => (await inner.locator("#n").textContent()) === "2", "the lesson to go on");
  await other.locator("[data-afresh]").click();
  await until(async () => (await inner.locator("#n").textContent()) === "1", "the lesson to begin anew");
  await press(other, ".play-next [rel=next]");
  await inner.locator("text=阴干").waitFor();
  assert.match(other.url(), /part=2$/);
  // Who comes back without a part gets the one they were at.
  await other.goto(`${school(1)}${parts[0]}/play`);
  await other.waitForURL(/part=2$/);
  await other.locator(".stage-parts summary").click();
  problems.push(...await look(other, "bo-play-scorm-parts"));

  // A book is read, with its own look, and runs nothing.
  await other.goto(`${school(1)}${parts[1]}/play`);
  const text = other.frameLocator(".stage iframe");
  await text.locator("h1").waitFor();
  assert.equal(await text.locator("body").evaluate((b) => getComputedStyle(b).color).catch(() => "no script"), "rgb(10, 80, 90)");
  assert.equal(await text.locator("#ran").textContent(), "-");
  problems.push(...await look(other, "bo-play-book"));
  await press(other, ".play-next [rel=next]");
  await text.locator("text=དབུགས་ལ་ཕན།").waitFor();

  // Pages of the web keep what they keep, fetch what is their own, and draw.
  await other.goto(`${school(1)}${parts[2]}/play`);
  await until(async () => (await text.locator("#kept").textContent()) === "次数 1", "the pages to run");
  await other.reload();
  await until(async () => (await text.locator("#kept").textContent()) === "次数 2", "the pages to remember");
  assert.ok(await text.locator("img").evaluate((i) => i.naturalWidth > 0));
  problems.push(...await look(other, "bo-play-web"));
  await cut(other, false);

  // A node that was asked by its number says why it cannot, and how one can.
  const number = school(1).replace("school-1.localhost", "127.0.0.1");
  await be(other, number, "local", "/courses");
  await other.goto(`${number}${parts[2]}/play`);
  assert.equal(await other.locator("iframe").count(), 0);
  problems.push(...await look(other, "zh-play-number"));
  assert.deepEqual(problems, []);
});
