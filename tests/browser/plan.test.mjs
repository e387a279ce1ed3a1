// Two teachers write one plan on two nodes, the link between them cut: one in Tibetan, the other in Chinese. The link
// returns, and both see one document.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** Writes at the end of a part of the plan, as one types. */
const write = async (page, part, said) => {
  await page.locator(`.ProseMirror .plan-part`, { has: page.locator(`h2:text-is("${part}")`) }).locator("p").last().click();
  await page.keyboard.press("End");
  await page.keyboard.type(said);
};
const text = (page) => page.locator(".ProseMirror").innerText();
const saved = (page) => until(async () => (await page.locator(".plan-state.saved").count()) === 1, "the text to be saved");

test("a plan is written at two nodes apart and becomes one", { timeout: 240_000 }, async () => {
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
  const who = (await posted.locator(".account summary").textContent()).trim();
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
  assert.deepEqual(problems, []);
});

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
