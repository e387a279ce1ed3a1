// A plan is talked over: a template gives its beginning, comments stand at their words for who writes and who only reads, a
// colleague is asked with @, finds it under Today, and answers. Then the link is cut, both write, and it is one plan again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, called, cut, hub, look, press, reader, saved, school, start, text, until, write } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** Marks words in a paragraph, as one does with a pointer. */
const mark = async (page, within, words) => {
  await page.evaluate(() => document.querySelector(".ProseMirror")?.focus());
  await page.waitForTimeout(100);
  await page.evaluate(choose, [within, words]);
  // The page hears of a mark after it is made.
  await page.waitForTimeout(200);
};
const choose = ([within, words]) => {
  for (const p of document.querySelectorAll(within)) {
    const walk = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const at = text.data.indexOf(words);
      if (at < 0) continue;
      getSelection().setBaseAndExtent(text, at, text, at + words.length);
      return;
    }
  }
  throw new Error(`no ${words}`);
};

const open = async (page) => { await page.waitForSelector("[data-plan][data-ready]"); };
const marks = (page) => page.locator(".plan-said").allInnerTexts();

test("a plan is talked over", { timeout: 500_000 }, async () => {
  const problems = [];
  const local = await (await reader(stage.browser, "zh")).newPage();
  const posted = await (await reader(stage.browser, "en")).newPage();
  const head = await (await reader(stage.browser, "zh")).newPage();
  const link = await (await reader(stage.browser, "en")).newPage();
  for (const page of [local, posted, head]) page.on("pageerror", (e) => { console.error(e.stack); problems.push(String(e)); });

  // The form offers the templates that fit; one gives the beginning.
  await be(local, school(1), "local", "/plans/new");
  await local.fill("#c-title", "认识三种草药");
  await local.selectOption("#c-subject", "heritage");
  await local.selectOption("#c-stage", "primary");
  const fits = await local.locator("#c-template option:not([hidden])").allTextContents();
  assert.deepEqual(fits.filter(Boolean).length, 1, fits.join());
  await local.selectOption("#c-template", { label: fits.filter(Boolean)[0] });
  await local.selectOption("#c-type", "outing");
  problems.push(...await look(local, "zh-plan-form-template"));
  await press(local, "main button.primary");
  await open(local);
  assert.match(await local.locator(".ProseMirror").innerText(), /会看、会问、会记/);
  const path = new URL(local.url()).pathname;
  await write(local, "教学重点", "雪莲和红景天的叶子不一样。");
  await saved(local);

  // A colleague who writes along at the hub, and one who reviews.
  const add = async (page, role, host, part) => {
    await be(page, host, role);
    const who = await called(page, "zh");
    await local.locator(".plan-authors summary").click();
    await local.locator("#plan-person").pressSequentially(who, { delay: 20 });
    const offered = () => local.locator("#plan-people option").evaluateAll((all, who) => all.map((o) => o.value).filter((v) => v.startsWith(who)), who);
    await local.fill("#plan-person", await until(async () => (await offered())[0], `${who} to be offered`));
    await local.selectOption("#plan-as", part);
    await press(local, ".plan-authors form button");
    await open(local);
    return who;
  };
  await add(posted, "posted", hub, "author");
  const reviewer = await add(head, "head", school(1), "reviewer");

  // The reviewer marks words in the page that they read, and asks nobody.
  await head.goto(school(1) + path);
  assert.equal(await head.locator("[data-plan]").count(), 0);
  await mark(head, ".plan-doc p", "红景天");
  await head.locator("[data-comment] > summary").click();
  await until(async () => (await head.inputValue("#c-quote")) === "红景天", "the words in the form");
  await head.fill("#c-said", "先看根,再看叶。");
  problems.push(...await look(head, "zh-plan-comment-form"));
  await press(head, "[data-comment] button.primary");
  assert.deepEqual(await marks(head), ["红景天"]);
  assert.equal(await head.locator(".plan-said").getAttribute("href"), await head.locator(".plan-comments .rows > li").evaluate((li) => `#${li.id}`));
  assert.equal(await head.inputValue("[data-comment] [name=said] >> nth=0").catch(() => ""), "", "what was sent is not offered again");

  // The writer comments from the editor, and asks the reviewer with @.
  await local.goto(school(1) + path);
  await open(local);
  assert.deepEqual(await marks(local), ["红景天"]);
  await mark(local, ".ProseMirror p", "不一样");
  await local.locator(".plan-bar button[aria-label='就选中的文字发表意见']").click();
  await until(async () => (await local.inputValue("#c-quote")) === "不一样", "the words in the form");
  await local.locator("[data-comment] textarea").pressSequentially(`请 @${reviewer.slice(0, 1)}`);
  problems.push(...await look(local, "zh-plan-mention"));
  await local.locator("[data-comment] .offer button", { hasText: reviewer }).first().click();
  await local.keyboard.type("看一看,够清楚吗?");
  assert.ok((await local.inputValue("#c-said")).includes(`@${reviewer} 看一看`));
  await press(local, "[data-comment] button.primary");
  await open(local);
  assert.deepEqual((await marks(local)).sort(), ["不一样", "红景天"].sort());

  // The reviewer finds it under Today, and answers; then it waits no longer.
  await head.goto(`${school(1)}/today`);
  const asks = head.locator("main a", { hasText: "请您看一看" });
  assert.equal(await asks.count(), 1);
  problems.push(...await look(head, "zh-today-asked"));
  await press(head, "main a:has-text('请您看一看')");
  assert.match(head.url(), /#comment-/);
  const asked = head.locator(".plan-comments .rows > li", { hasText: "够清楚吗" });
  await asked.locator("details summary").first().click();
  await asked.locator("textarea").fill("清楚。");
  await Promise.all([head.waitForNavigation(), asked.locator("button.primary").click()]);
  assert.match(await head.locator(".answers").innerText(), /清楚。/);
  await head.goto(`${school(1)}/today`);
  assert.equal(await asks.count(), 0);

  // From a comment to its words, and back; and once more, since the address has not changed then.
  await local.goto(school(1) + path);
  await open(local);
  const row = local.locator(".plan-comments .rows > li", { hasText: "先看根" });
  const seen = (at) => at.evaluate((e) => { const { top, bottom } = e.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight; });
  for (let time = 0; time < 2; time += 1) {
    await row.locator(".quote a").click();
    await until(async () => (await local.evaluate(() => String(getSelection()))) === "红景天", "the words to be chosen");
    await until(() => seen(local.locator(".plan-said", { hasText: "红景天" })), "the words to be seen");
    await local.locator(".plan-said", { hasText: "红景天" }).click();
    await until(() => local.evaluate(() => getSelection().isCollapsed), "the cursor in the words, which can be mended");
    await local.locator(`.plan-lead[href="#${await row.getAttribute("id")}"]`).click();
    await until(() => seen(row), "the comment to be seen");
    assert.equal(await row.evaluate((e) => e === document.activeElement), true);
  }

  // Cut: both write around and into the words that were spoken of; the link returns, and the marks are on the same words.
  await posted.goto(hub + path);
  await open(posted);
  await until(async () => (await marks(posted)).length === 2, "the comments at the hub");
  await cut(link, true);
  const put = async (page, words, said, after) => {
    await mark(page, ".ProseMirror p", words);
    await page.keyboard.press(after ? "ArrowRight" : "ArrowLeft");
    await page.keyboard.type(said);
    await saved(page);
  };
  await put(local, "雪莲和", "请看：", false);
  await put(posted, "不一样", "。根也不同", true);
  await put(posted, "红景", "色", true);
  assert.ok(!(await text(local)).includes("根也不同"));
  await cut(link, false);
  const one = "请看：雪莲和红景色天的叶子不一样。根也不同。";
  for (const page of [local, posted]) {
    await until(async () => (await text(page)).includes(one), "one text after the cut", 90_000);
    assert.deepEqual((await marks(page)).sort(), ["不一样", "红景色天"].sort());
  }
  problems.push(...await look(posted, "en-plan-said"));

  // Who writes it keeps it as a template, with which a plan begins.
  await local.locator(".plan-keep summary").click();
  await local.fill("#keep-title", "三种草药的课");
  problems.push(...await look(local, "zh-plan-keep"));
  await press(local, ".plan-keep button");
  assert.match(await local.locator("main").innerText(), /三种草药的课/);
  problems.push(...await look(local, "zh-template"));
  await press(local, "main a.primary[href*='template']");
  assert.match(await local.locator("#c-template option:checked").textContent(), /^三种草药的课/);

  // A version of one's own, with a sentence changed: the writer sees what was taken over unchanged.
  await local.goto(school(1) + path);
  await open(local);
  await press(local, "form[action$='/own'] button");
  await open(local);
  await write(local, "教学难点", "根和叶都要看。");
  await saved(local);
  await press(local, "main a[href$='/compare']");
  assert.ok((await local.locator(".diff.kept").count()) > 0);
  problems.push(...await look(local, "zh-plan-taken-over"));
  // The same pages in the other languages.
  for (const lang of ["bo", "en"]) {
    const context = await reader(stage.browser, lang);
    const page = await context.newPage();
    await be(page, school(1), "local");
    for (const [name, at] of [["plan-said", path], ["plan-form-template", "/plans/new"], ["plan-taken-over", new URL(local.url()).pathname], ["today", "/today"]]) {
      await page.goto(school(1) + at);
      if (name === "plan-said") { await open(page); await page.locator("[data-comment] > summary").click(); }
      problems.push(...await look(page, `${lang}-${name}`));
    }
    await context.close();
  }
  assert.deepEqual(problems, []);
});
