// A course leaves the library as a package of SCORM and as a cartridge, is put in again at another school, and plays there:
// slides are seen, questions are marked, and what the package says of it is no more than that.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { be, lesson, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** Puts files into the library of a node; the address of the course. */
const put = async (page, host, title, files) => {
  await page.goto(`${host}/courses/upload`);
  await page.fill("#c-title", title);
  await page.selectOption("#c-subject", "heritage");
  await page.selectOption("#c-licence", "cc_by");
  await page.setInputFiles("#c-file", files.map(([name, buffer]) => ({ name, mimeType: "application/octet-stream", buffer })));
  await press(page, "main form button.primary");
  return new URL(page.url()).pathname;
};

/** The file behind a link of the course's page. */
const take = async (page, end) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(`.exports a[href$="/${end}"]`).click()]);
  return [download.suggestedFilename(), readFileSync(await download.path())];
};

const links = (page, within) => page.locator(within).evaluateAll((all) => all.map((a) => new URL(a.href).pathname));

test("a course goes out as SCORM and as a cartridge, and plays where it comes in", { timeout: 300_000 }, async () => {
  const problems = [];
  const [slides, film] = lesson();
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses");
  const course = await put(teacher, school(2), "认识草药", [["1 课件.pptx", slides], ["2 采药.mp4", film]]);
  await teacher.goto(`${school(2)}${course}/questions`);
  await teacher.fill("#q-title", "练习 · སྦྱོང་ཚན།");
  await teacher.fill("#q-text", "雪莲长在哪里?\n* 高山上\n- 河边\n\n二分之一等于 ____\n= 0.5\n\n哪些能入药?\n* 红景天\n* 雪莲\n- 石头\n");
  await press(teacher, "main form button.primary");
  const parts = await links(teacher, ".course .rows a[href*='/resources/']");
  await until(async () => { await teacher.goto(school(2) + parts[0]); return (await teacher.locator(".slides.one img").count()) === 3; }, "the slides from the hub", 120_000);
  await until(async () => { await teacher.goto(school(2) + parts[1]); return (await teacher.locator("video source").count()) > 1; }, "the film from the hub", 120_000);

  // One quiet group, the same in each language.
  await teacher.goto(school(2) + course);
  assert.equal(await teacher.locator(".exports[open]").count(), 0);
  await teacher.locator(".exports summary").click();
  problems.push(...await look(teacher, "zh-exports"));
  const [name, scorm] = await take(teacher, "scorm");
  assert.match(name, /认识草药 SCORM\.zip/);
  const [cartridgeName, cartridge] = await take(teacher, "cartridge");
  assert.match(cartridgeName, /认识草药\.imscc/);
  assert.ok(scorm.length > 50_000 && cartridge.length > 50_000);
  for (const lang of ["en", "bo"]) {
    const own = await (await reader(stage.browser, lang)).newPage();
    await be(own, school(2), "local", course);
    await own.goto(school(2) + course);
    await own.locator(".exports summary").click();
    problems.push(...await look(own, `${lang}-exports`));
    await own.close();
  }

  // At another school it is a package like any other.
  const other = await (await reader(stage.browser, "en")).newPage();
  await be(other, school(1), "local", "/courses");
  const asked = [];
  other.on("request", (r) => { asked.push(new URL(r.url()).hostname); });
  await put(other, school(1), "Herbs as SCORM", [["herbs.zip", scorm]]);
  const [at] = await links(other, ".course .rows a[href*='/resources/']");
  await other.goto(`${school(1)}${at}/play?part=2`);
  const inner = other.frameLocator(".stage iframe").frameLocator("iframe");
  const first = inner.locator(".pages img").first();
  await first.waitFor();
  assert.equal(await inner.locator(".pages img").count(), 3);
  await until(() => first.evaluate((i) => i.naturalWidth > 600), "a slide");
  problems.push(...await look(other, "en-exports-slides"));
  const kept = () => other.evaluate(() => Object.values(localStorage).join(" "));
  await until(async () => (await kept()).includes("completed"), "the package to say that it was seen");
  await other.goto(`${school(1)}${at}/play?part=3`);
  const video = inner.locator("video");
  await video.waitFor();
  await until(() => video.evaluate((v) => v.readyState >= 1 && v.duration > 5), "the film");

  // Questions are marked as the library marks them; no answer and no points leave the page.
  await other.goto(`${school(1)}${at}/play?part=4`);
  await inner.locator("[data-questions] button").waitFor();
  assert.ok(!(await kept()).includes("高山上"));
  await inner.locator("text=高山上").first().click();
  await inner.locator("input.gap").fill(" ,50 ");
  await inner.locator("label", { hasText: "红景天" }).click();
  await inner.locator("[data-questions] button").click();
  const tags = () => inner.locator("[data-verdict]").evaluateAll((all) => all.map((t) => t.className));
  assert.deepEqual(await tags(), ["tag right", "tag right", "tag partly"]);
  assert.match(await inner.locator("p.sum").textContent(), /2.*3|3.*2/);
  await until(() => inner.locator("h1").evaluate(() => [...document.fonts].some((f) => f.status === "loaded")), "the Tibetan font of the package");
  problems.push(...await look(other, "en-exports-questions"));
  await inner.locator("label", { hasText: "雪莲" }).last().click();
  await inner.locator("input.gap").fill("5");
  await inner.locator("[data-questions] button").click();
  assert.deepEqual(await tags(), ["tag right", "tag wrong", "tag right"]);
  const said = await kept();
  assert.ok(!/"raw":"?[0-9]/.test(said), said);
  await other.goto(`${school(1)}${at}/play?part=1`);
  await inner.locator("h1").waitFor();
  problems.push(...await look(other, "en-exports-about"));

  // As a cartridge it is its pages, and its questions stand beside them as questions.
  await put(other, school(1), "Herbs as a cartridge", [["herbs.imscc", cartridge]]);
  const found = await links(other, ".course .rows a[href*='/resources/']");
  assert.equal(found.length, 2);
  await other.goto(`${school(1)}${found[1]}/quiz`);
  await other.locator("text=雪莲长在哪里?").first().waitFor();
  await other.goto(`${school(1)}${found[0]}/play?part=2`);
  await other.frameLocator(".stage iframe").locator(".pages img").first().waitFor();
  const elsewhere = [...new Set(asked)].filter((host) => !host.endsWith(".localhost"));
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(problems, []);
});
