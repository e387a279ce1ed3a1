// The whole way of a lesson: a local and a posted teacher write one plan on two nodes with the link between them cut, in
// Tibetan and in Chinese; the link returns, and both see one document; it is reviewed, taken over, taught, reflected on,
// put into the library with slides and a film, found good, and played at another school with its link down.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, called, cut, hub, lesson, look, press, reader, saved, school, start, text, until, write } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a lesson on herbs is written apart, becomes one, is taught, and plays at another school", { timeout: 420_000 }, async () => {
  const problems = [];
  const link = await (await reader(stage.browser, "en")).newPage();
  const local = await (await reader(stage.browser, "zh")).newPage();
  const posted = await (await reader(stage.browser, "en")).newPage();

  await be(local, school(1), "local", "/plans");
  problems.push(...await look(local, "zh-plans-empty"));
  await local.locator("main a.primary").click();
  await local.fill("#c-title", "认识高原草药");
  await local.selectOption("#c-subject", "heritage");
  await local.selectOption("#c-type", "outing");
  problems.push(...await look(local, "zh-plan-form"));
  await press(local, "main button.primary");
  await local.waitForSelector("[data-plan][data-ready]");
  const path = new URL(local.url()).pathname;
  await write(local, "教学目标", "དགེ་རྒན་གྱིས་སྨན་རྩྭ་ངོ་སྤྲོད་བྱེད།");
  await saved(local);

  // The colleague who was sent here is added, and signs in at the hub.
  await be(posted, hub, "posted");
  const who = await called(posted, "zh");
  await local.locator(".plan-authors summary").click();
  await local.locator("#plan-person").pressSequentially(who, { delay: 20 });
  const offered = () => local.locator("#plan-people option").evaluateAll((all, who) => all.map((o) => o.value).filter((v) => v.startsWith(who)), who);
  await local.fill("#plan-person", await until(async () => (await offered())[0], `${who} to be offered`));
  await press(local, ".plan-authors form button");
  await local.waitForSelector("[data-plan][data-ready]");
  await until(async () => { await posted.goto(hub + path); return (await posted.locator("[data-plan][data-ready]").count()) === 1; }, "the plan at the hub");
  assert.match(await text(posted), /སྨན་རྩྭ/);

  // Both write at once, with the link: each sees the other's text without a reload.
  await write(posted, "Key points", "分辨三种草药。");
  await until(async () => (await text(local)).includes("分辨三种草药"), "what was written at the hub", 90_000);

  await cut(link, true);
  await write(local, "教学重点", "སྨན་རྩྭ་གསུམ།");
  await write(posted, "Homework", "画一种草药,写出名字。");
  await saved(local);
  await saved(posted);
  assert.ok(!(await text(local)).includes("画一种草药"));
  problems.push(...await look(local, "zh-plan-apart"));
  await cut(link, false);
  for (const [page, said] of [[local, "画一种草药"], [posted, "སྨན་རྩྭ་གསུམ"]]) {
    await until(async () => (await text(page)).includes(said), said, 90_000);
  }
  const plain = async (page) => (await page.locator(".ProseMirror p:not(.plan-foot)").allInnerTexts()).map((t) => t.trim()).filter(Boolean);
  assert.deepEqual(await plain(local), await plain(posted));
  problems.push(...await look(posted, "en-plan-one"));

  // A teacher who does not write it finds neither the plan nor its words.
  const other = await (await reader(stage.browser, "zh")).newPage();
  await be(other, hub, "head");
  const answer = await other.goto(hub + path);
  assert.equal(answer.status(), 404);
  await other.goto(`${hub}/search?q=${encodeURIComponent("分辨三种草药")}`);
  assert.equal(await other.locator(`main a[href="${path}"]`).count(), 0);
  await posted.goto(`${hub}/search?q=${encodeURIComponent("分辨三种草药")}`);
  await until(async () => { await posted.reload(); return (await posted.locator(`main a[href="${path}"]`).count()) === 1; }, "the plan to be found by its words");

  // Reviewed by the group: a comment from the hub is taken at the school.
  await posted.goto(`${hub}/comments/new?plan=${path.split("/").pop()}`);
  await posted.fill("#c-said", "先看标本,再上山。");
  await press(posted, "main button.primary");
  await until(async () => { await local.goto(school(1) + path); return (await local.locator(".plan-comments").innerText()).includes("先看标本"); }, "the comment at the school");
  await press(local, ".plan-comments a[href$='/move/take']");
  await press(local, "main button.primary");
  const step = async (page, at, name) => { await page.goto(`${at}/move/${name}`); await press(page, "main form button.primary"); };
  for (const move of ["ask_review", "end_review", "share"]) await step(local, school(1) + path, move);

  // The local teacher's own version of it, taught, with what happened; the one it comes from is named.
  await local.goto(school(1) + path);
  await press(local, "form[action$='/own'] button");
  await local.waitForSelector("[data-plan][data-ready]");
  const own = local.url();
  assert.notEqual(own, school(1) + path);
  await write(local, "教学目标", "ང་ཚོས་རི་ལ་འགྲོ།");
  await saved(local);
  const day = new Date().toISOString().slice(0, 10);
  await local.goto(`${own}/move/teach`);
  problems.push(...await look(local, "zh-plan-taught"));
  await local.fill("[name=taught_on]", day);
  await local.selectOption("[name=taught_at]", { index: 1 });
  await press(local, "main form button.primary");
  await local.goto(own);
  await local.waitForSelector("[data-plan][data-ready]");
  await write(local, "教学反思", "学生认出了红景天。");
  await saved(local);
  await step(local, own, "share");

  // From the plan into the library, with slides and a film; found good by two others.
  const [slides, film] = lesson();
  await local.goto(own);
  await press(local, "main a[href^='/courses/upload']");
  assert.equal(await local.inputValue("#c-title"), "认识高原草药");
  assert.equal(await local.inputValue("#c-subject"), "heritage");
  await local.selectOption("#c-licence", "cc_by");
  await local.setInputFiles("#c-file", [
    { name: "1 课件.pptx", mimeType: "application/octet-stream", buffer: slides },
    { name: "2 采药.mp4", mimeType: "video/mp4", buffer: film },
  ]);
  problems.push(...await look(local, "zh-library-from-plan"));
  await press(local, "main form button.primary");
  const course = new URL(local.url()).pathname;
  assert.equal(await local.locator(`main a[href="${new URL(own).pathname}"]`).count(), 1, "the plan is named by the course");
  const parts = await local.locator(".course .rows a[href^='/resources/']").evaluateAll((links) => links.map((a) => new URL(a.href).pathname));
  assert.equal(parts.length, 2);
  await step(local, school(1) + course, "submit");
  for (const role of ["officer", "coordinator"]) {
    const page = await (await reader(stage.browser, "en")).newPage();
    await be(page, hub, role, "/today");
    await until(async () => (await page.goto(hub + course)).status() === 200, "the course at the hub");
    await page.goto(`${hub}/course-reviews/new?course=${course.split("/").pop()}`);
    await page.selectOption("[name=verdict]", "ready");
    await page.fill("[name=said]", "Clear, and close to the place.");
    await press(page, "main form button.primary");
    if (role === "coordinator") { await page.close(); continue; }
    await be(link, hub, "officer", "/courses");
    await page.close();
  }
  await step(link, hub + course, "review");
  await step(link, hub + course, "publish");
  problems.push(...await look(link, "en-herbs-course"));

  // At the other school all of it is there, and plays with its link down.
  const far = await (await reader(stage.browser, "bo")).newPage();
  await be(far, school(2), "local", "/courses");
  await until(async () => { await far.goto(school(2) + parts[0]); return (await far.locator(".slides.one img").count()) === 3; }, "the slides at the other school", 120_000);
  await until(async () => { await far.goto(school(2) + parts[1]); return (await far.locator("video source").count()) === 3; }, "the film in three sizes", 120_000);
  await until(async () => { await far.goto(school(2) + course); return (await far.locator(".tag", { hasText: /./ }).first().count()) === 1; });
  await cut(link, true, 2);
  await far.goto(school(2) + course);
  problems.push(...await look(far, "bo-herbs-course"));
  await far.goto(school(2) + parts[0]);
  await until(async () => far.evaluate(() => document.querySelector(".slides img.on")?.naturalWidth > 600), "the slide with the link down");
  problems.push(...await look(far, "bo-herbs-slides"));
  await far.goto(school(2) + parts[1]);
  await far.evaluate(async () => { const film = document.querySelector("video"); film.muted = true; await film.play(); });
  await until(async () => far.evaluate(() => document.querySelector("video").currentTime > 1), "the film to play");
  // So does the plan that it comes from.
  await far.goto(school(2) + new URL(own).pathname);
  assert.match(await far.locator(".plan-doc").innerText(), /红景天/);
  await cut(link, false, 2);
  assert.deepEqual(problems, []);
});
