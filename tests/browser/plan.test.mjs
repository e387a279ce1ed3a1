// A plan is reviewed, shared and taken over with its authors named; an earlier text comes back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, saved, school, start, text, until, write } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a plan is reviewed, shared, taken over with its authors named, and an earlier text comes back", { timeout: 240_000 }, async () => {
  const problems = [];
  const local = await (await reader(stage.browser, "zh")).newPage();
  await be(local, school(1), "local", "/plans/new");
  await local.fill("#c-title", "分数的意义");
  await local.selectOption("#c-subject", "mathematics");
  await local.selectOption("#c-type", "new_matter");
  await press(local, "main button.primary");
  await local.waitForSelector("[data-plan][data-ready]");
  const path = new URL(local.url()).pathname;
  const author = (await local.locator(".account summary").textContent()).trim();
  await write(local, "教学目标", "理解几分之一。");
  await saved(local);

  // What is marked stands in the comment's form; the comment is not taken, because of something.
  await local.locator(".ProseMirror p", { hasText: "理解几分之一" }).click({ clickCount: 3 });
  await local.locator("[data-comment]").click();
  await local.waitForSelector("#c-quote");
  assert.equal(await local.inputValue("#c-quote"), "理解几分之一。");
  await local.fill("#c-said", "先用苹果引入,再画图。");
  await press(local, "main button.primary");
  await local.goto(school(1) + path);
  assert.match(await local.locator(".plan-comments").innerText(), new RegExp(author));
  await press(local, ".plan-comments a[href$='/move/leave']");
  await local.fill("#c-_why, [name=_why]", "学生已经会了");
  await press(local, "main button.primary");
  await local.goto(school(1) + path);
  assert.match(await local.locator(".plan-comments").innerText(), /学生已经会了/);
  problems.push(...await look(local, "zh-plan-reviewed"));

  // Reviewed and shared, it is there for a teacher at the hub, who makes a version of their own.
  for (const move of ["ask_review", "end_review", "share"]) {
    await press(local, `main a[href$="/move/${move}"]`);
    await press(local, "main button.primary");
  }
  const posted = await (await reader(stage.browser, "en")).newPage();
  await be(posted, hub, "posted");
  await until(async () => (await posted.goto(hub + path)).status() === 200, "the shared plan at the hub");
  assert.equal(await posted.locator("[data-plan]").count(), 0, "who only reads has no editor");
  assert.match(await posted.locator(".plan-doc").innerText(), /理解几分之一/);
  await press(posted, "form[action$='/own'] button");
  await posted.waitForSelector("[data-plan][data-ready]");
  assert.notEqual(new URL(posted.url()).pathname, path);
  const own = posted.url();
  assert.match(await posted.locator(".plan-authors").innerText(), new RegExp(author), "the first author is named");
  await write(posted, "Aims", "会画图表示。");
  await saved(posted);
  await press(posted, "a[href$='/compare']");
  assert.equal((await posted.locator(".diff ins").allInnerTexts()).join(""), "会画图表示。");
  assert.equal(await posted.locator(".diff del").count(), 0);
  problems.push(...await look(posted, "en-plan-compare"));

  // An earlier text comes back, and the way back is a version too.
  await posted.goto(`${own}/versions`);
  problems.push(...await look(posted, "en-plan-versions"));
  await posted.goto(`${own}/compare?version=1`);
  await press(posted, "form[action$='/bring-back'] button");
  await posted.waitForSelector("[data-plan][data-ready]");
  await until(async () => !(await text(posted)).includes("会画图表示"), "the earlier text");
  assert.match(await text(posted), /理解几分之一/);
  assert.deepEqual(problems, []);
});
