// A teacher at one school puts slides and a film into the library; the hub prepares them; two others find them good; they
// are played at another school with the link cut.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, cut, hub, lesson, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a lesson goes from one school to another and plays there with the link down", { timeout: 300_000 }, async () => {
  const problems = [];
  const [slides, film] = lesson();
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses");
  problems.push(...await look(teacher, "zh-library"));
  await teacher.goto(`${school(2)}/courses/upload`);
  problems.push(...await look(teacher, "zh-library-upload"));
  await teacher.fill("#c-title", "认识草药");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await teacher.setInputFiles("#c-file", [
    { name: "1 课件.pptx", mimeType: "application/octet-stream", buffer: slides },
    { name: "2 采药.mp4", mimeType: "video/mp4", buffer: film },
  ]);
  await press(teacher, "main form button.primary");
  const path = new URL(teacher.url()).pathname;
  assert.match(path, /^\/courses\/[a-z0-9]+$/);
  assert.equal(await teacher.locator(".course .rows li:has(a[href^='/resources/'])").count(), 2);
  problems.push(...await look(teacher, "zh-course"));
  const parts = await teacher.locator(".course .rows a[href^='/resources/']").evaluateAll((links) => links.map((a) => new URL(a.href).pathname));

  // The school's box leaves the slides to the hub, says so, and shows them when they come back.
  await teacher.goto(school(2) + parts[0]);
  await until(async () => (await teacher.locator(".slides.one img").count()) === 3, "the slides from the hub", 120_000);
  assert.equal(await teacher.locator(".slides img.on").count(), 1);
  await teacher.locator(".slides").press("ArrowRight");
  await until(async () => teacher.evaluate(() => document.querySelector(".slides img.on")?.naturalWidth > 600), "the second slide");
  assert.equal((await teacher.locator(".slides output").textContent()).trim(), "2 / 3");
  await teacher.reload();
  assert.equal((await teacher.locator(".slides output").textContent()).trim(), "2 / 3");
  await teacher.locator(".slides").press("Home");
  await until(async () => teacher.evaluate(() => document.querySelector(".slides img.on")?.naturalWidth > 600), "the first slide");
  problems.push(...await look(teacher, "zh-slides"));

  // Reviewed by two who did not make it, then published.
  const step = async (page, host, name) => { await page.goto(`${host}${path}/move/${name}`); await press(page, "main form button.primary"); };
  await step(teacher, school(2), "submit");
  for (const role of ["officer", "coordinator"]) {
    const page = await (await reader(stage.browser, "en")).newPage();
    await be(page, hub, role, "/today");
    await until(async () => (await page.goto(hub + path)).status() === 200, "the course at the hub");
    await page.goto(`${hub}/course-reviews/new?course=${path.split("/").pop()}`);
    await page.selectOption("[name=verdict]", "ready");
    await page.fill("[name=said]", "Clear, and close to the place.");
    await press(page, "main form button.primary");
    if (role === "officer") problems.push(...await look(page, "en-course-review"));
    await page.close();
  }
  const officer = await (await reader(stage.browser, "en")).newPage();
  await be(officer, hub, "officer", "/courses");
  await step(officer, hub, "review");
  await step(officer, hub, "publish");
  problems.push(...await look(officer, "en-course"));

  // What each node has, lacks and keeps.
  for (const [page, host, lang] of [[officer, hub, "en"], [teacher, school(2), "zh"]]) {
    await page.goto(`${host}/courses/here`);
    problems.push(...await look(page, `${lang}-library-here`));
  }

  // A broken file fails alone, and the page says so.
  await officer.goto(`${hub}/courses/upload`);
  await officer.selectOption("#c-subject", "heritage");
  await officer.selectOption("#c-licence", "cc0");
  await officer.setInputFiles("#c-file", [{ name: "broken.pptx", mimeType: "application/zip", buffer: Buffer.concat([slides.subarray(0, 400), Buffer.alloc(400, 7)]) }]);
  await press(officer, "main form button.primary");
  await press(officer, ".course .rows a[href^='/resources/']");
  await officer.waitForSelector("text=the file is broken");
  problems.push(...await look(officer, "en-slides-broken"));

  // At the other school all of it arrives, and plays with the link cut.
  const other = await (await reader(stage.browser, "bo")).newPage();
  await be(other, school(1), "local", "/courses");
  await until(async () => {
    await other.goto(school(1) + parts[1]);
    return (await other.locator("video source").count()) === 3;
  }, "the film in two sizes and as it was sent", 120_000);
  await until(async () => {
    await other.goto(school(1) + parts[0]);
    return (await other.locator(".slides.one img").count()) === 3;
  }, "the slides at the other school", 60_000);
  await cut(officer, true);
  await other.goto(school(1) + parts[0]);
  await until(async () => other.evaluate(() => document.querySelector(".slides img.on")?.naturalWidth > 600), "the slide with the link down");
  problems.push(...await look(other, "bo-slides"));
  await other.goto(school(1) + parts[1]);
  await other.evaluate(async () => { const film = document.querySelector("video"); film.muted = true; await film.play(); });
  await until(async () => other.evaluate(() => document.querySelector("video").currentTime > 1), "the film to play");
  problems.push(...await look(other, "bo-film"));
  await other.goto(`${school(1)}/courses`);
  assert.ok((await other.textContent("main")).includes("认识草药"));
  problems.push(...await look(other, "bo-library"));
  await other.goto(`${school(1)}/courses/here`);
  problems.push(...await look(other, "bo-library-here"));
  await cut(officer, false);

  // Withdrawn at the hub, it is no longer shown anywhere.
  await officer.goto(`${hub}${path}/move/withdraw`);
  await officer.fill("[name=_why]", "A new version is being made.");
  await press(officer, "main form button.danger, main form button.primary");
  await until(async () => (await other.goto(school(1) + parts[0])).status() === 404, "the withdrawal at the other school");
  await other.goto(school(1) + path);
  problems.push(...await look(other, "bo-course-withdrawn"));
  assert.deepEqual(problems, []);
});

test("a large file goes on where a cut, or who sent it, stopped", { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "pieces-"));
  const file = join(dir, "采药.mp4");
  writeFileSync(file, Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypmp42"), randomBytes(2_000_000)]));
  const context = await reader(stage.browser, "zh");
  const page = await context.newPage();
  let posted = 0;
  await context.route("**/courses/pieces", async (route) => {
    await new Promise((done) => setTimeout(done, 250));
    posted += 1;
    await route.continue().catch(() => {});
  });
  const choose = async () => {
    await page.goto(`${school(1)}/courses/upload`);
    await page.fill("#c-title", "采药");
    await page.selectOption("#c-subject", "heritage");
    await page.selectOption("#c-licence", "cc_by");
    await page.setInputFiles("#c-file", file);
    await page.click("main form button.primary");
    await page.waitForSelector(".sending progress");
  };
  await be(page, school(1), "local", "/courses");
  await choose();
  await until(async () => posted >= 3, "three pieces");
  await page.locator(".sending button").click();
  await page.waitForSelector(".sending", { state: "detached" });
  const before = posted;
  await choose();
  const problems = [];
  await until(async () => posted >= before + 1, "one more piece");
  await context.setOffline(true);
  await until(async () => (await page.textContent(".sending output")).includes("连不上"), "the words for a cut");
  problems.push(...await look(page, "zh-upload-cut"));
  await Promise.all([page.waitForURL(/\/courses\/[a-z0-9]{10,}$/, { timeout: 60_000 }), context.setOffline(false)]);
  // Eight pieces, of which a cut may have lost some on the way.
  assert.ok(posted <= 8 + 4, `${posted} pieces for 8`);
  const href = await page.locator(".course .rows a[href^='/resources/']").getAttribute("href");
  const got = await page.evaluate(async (to) => {
    const sum = await crypto.subtle.digest("SHA-256", await (await fetch(to)).arrayBuffer());
    return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }, `${href}/content`);
  assert.equal(got, createHash("sha256").update(readFileSync(file)).digest("hex"));
  assert.ok((await page.textContent(".course")).includes("采药"));
  rmSync(dir, { recursive: true, force: true });
  assert.deepEqual(problems, []);
});

// Questions of all the kinds that are shown, in three languages.
const questions = (title) => `<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="herbs" title="${title}" adaptive="false">
<qti-response-declaration identifier="A" cardinality="single" base-type="identifier"><qti-correct-response><qti-value>c</qti-value></qti-correct-response></qti-response-declaration>
<qti-response-declaration identifier="B" cardinality="single" base-type="string"><qti-correct-response><qti-value>红景天</qti-value></qti-correct-response></qti-response-declaration>
<qti-response-declaration identifier="C" cardinality="ordered" base-type="identifier"><qti-correct-response><qti-value>y</qti-value><qti-value>x</qti-value></qti-correct-response></qti-response-declaration>
<qti-response-declaration identifier="D" cardinality="multiple" base-type="directedPair"><qti-correct-response><qti-value>m 1</qti-value><qti-value>n 2</qti-value></qti-correct-response></qti-response-declaration>
<qti-item-body><p>读课文第三段,再回答。</p>
<qti-choice-interaction response-identifier="A" max-choices="1"><qti-prompt>雪莲长在哪里? སྨན་རྩྭ་འདི་གང་དུ་སྐྱེ་སམ།</qti-prompt><qti-simple-choice identifier="a">河边</qti-simple-choice><qti-simple-choice identifier="b">田里</qti-simple-choice><qti-simple-choice identifier="c">高山 · རི་མཐོན་པོ།</qti-simple-choice></qti-choice-interaction>
<p>能帮助适应高原的草药是 <qti-text-entry-interaction response-identifier="B" expected-length="10"/>。</p>
<qti-order-interaction response-identifier="C"><qti-prompt>按先后排列</qti-prompt><qti-simple-choice identifier="x">晾晒</qti-simple-choice><qti-simple-choice identifier="y">采集</qti-simple-choice></qti-order-interaction>
<qti-match-interaction response-identifier="D"><qti-prompt>连一连</qti-prompt><qti-simple-match-set><qti-simple-associable-choice identifier="m">雪莲</qti-simple-associable-choice><qti-simple-associable-choice identifier="n">大黄</qti-simple-associable-choice></qti-simple-match-set><qti-simple-match-set><qti-simple-associable-choice identifier="1">花</qti-simple-associable-choice><qti-simple-associable-choice identifier="2">根</qti-simple-associable-choice></qti-simple-match-set></qti-match-interaction>
<qti-extended-text-interaction response-identifier="E"><qti-prompt>说说你见过的草药。</qti-prompt></qti-extended-text-interaction>
</qti-item-body></qti-assessment-item>`;

test("questions are answered on the school's box with the link down, and the node marks them", { timeout: 240_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(1), "local", "/courses/upload");
  await teacher.fill("#c-title", "草药练习");
  await teacher.selectOption("#c-subject", "science");
  await teacher.selectOption("#c-licence", "cc_by");
  await teacher.setInputFiles("#c-file", { name: "草药.xml", mimeType: "text/xml", buffer: Buffer.from(questions("草药")) });
  await press(teacher, "main form button.primary");
  await press(teacher, ".course .rows a[href^='/resources/']");
  await press(teacher, "main a[href$='/quiz']");
  problems.push(...await look(teacher, "zh-quiz"));
  const at = teacher.url();
  const pupil = await (await reader(stage.browser, "zh")).newPage();
  await cut(pupil, true);
  await teacher.check("input[value=c]");
  await teacher.fill("input.gap", " 红景天 ");
  await teacher.selectOption(".quiz-item fieldset select >> nth=0", "1");
  await teacher.selectOption(".quiz-item fieldset select >> nth=1", "2");
  await teacher.check("input[value='m 1']");
  await press(teacher, "main form button.primary");
  assert.match(await teacher.locator(".quiz-sum").innerText(), /2.*4/);
  assert.equal(await teacher.locator(".quiz-item .tag.ok").count(), 2);
  assert.equal(await teacher.locator(".quiz-item .tag.bad").count(), 1, "the order is wrong");
  assert.equal(await teacher.locator(".quiz-item .tag.wait").count(), 1, "one pair of two");
  assert.ok(await teacher.isChecked("input[value=c]"), "what was answered stands");
  await teacher.locator(".quiz-item details summary").first().click();
  problems.push(...await look(teacher, "zh-quiz-marked"));
  await cut(pupil, false);

  // Questions of one's own, typed.
  await press(teacher, ".crumbs a");
  await press(teacher, ".play-of a");
  await press(teacher, "main a[href$='/questions']");
  await teacher.fill("#q-title", "我的习题");
  await teacher.fill("#q-text", "大黄用哪一部分?\n- 叶\n- 花");
  await press(teacher, "main form button.primary");
  assert.match(await teacher.locator(".errors").innerText(), /1/);
  problems.push(...await look(teacher, "zh-questions"));
  await teacher.fill("#q-text", "大黄用哪一部分?\n- 叶\n* 根\n\n一年有 ____ 个月。\n= 12");
  await press(teacher, "main form button.primary");
  await press(teacher, ".course .rows a >> text=我的习题");
  await press(teacher, "main a[href$='/quiz']");
  await teacher.check("input[value=c1]");
  await teacher.fill("input.gap", "12");
  await press(teacher, "main form button.primary");
  assert.equal(await teacher.locator(".quiz-item .tag.ok").count(), 2);
  for (const lang of ["bo", "en"]) {
    await teacher.context().addCookies([{ name: "zampa_lang", value: lang, url: school(1) }]);
    await teacher.goto(at);
    problems.push(...await look(teacher, `${lang}-quiz`));
  }
  assert.deepEqual(problems, []);
});
