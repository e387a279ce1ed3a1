// The main job, in three languages, over three nodes: cut the link, record a visit at the school, mend the link, see the
// hub's figure move by one, open the new row.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const figure = async (page) => Number(await page.locator("#hub-figure").getAttribute("value"));

for (const lang of ["zh", "bo", "en"]) {
  test(`the main job in ${lang}`, { timeout: 180_000 }, async () => {
    const context = await reader(stage.browser, lang);
    const page = await context.newPage();
    const problems = [];
    await page.goto(`${hub}/`);
    assert.equal(await page.locator("html").getAttribute("lang"), { zh: "zh-Hans", bo: "bo", en: "en" }[lang]);
    await until(async () => (await page.locator(".span.whole").count()) === 2, "both links whole");
    const before = await figure(page);
    problems.push(...await look(page, `${lang}-1-whole`));

    await press(page, "#step-cut");
    await until(async () => (await page.locator(".span.broken").count()) === 1, "the link cut");
    problems.push(...await look(page, `${lang}-2-cut`));

    const there = await context.newPage();
    await be(there, school(1), "posted", "/visits/new");
    const purpose = `cut-off visit ${lang} ${Date.now()}`;
    await there.fill("#c-purpose", purpose);
    // Who records goes along: with the same host on the same day it would be the same stay.
    await there.selectOption("#c-host", { index: ["zh", "bo", "en"].indexOf(lang) + 1 });
    problems.push(...await look(there, `${lang}-3-form`));
    await there.locator("main button.primary").click();
    await there.waitForURL(/\/visits\/[0-9a-z]{26}$/);
    assert.equal((await there.locator("h1").textContent()).trim(), purpose);
    await until(async () => { await there.reload(); return (await there.locator(".sign.broken").count()) > 0; }, "the school to notice the cut");
    problems.push(...await look(there, `${lang}-4-recorded`));
    await page.reload();
    assert.equal(await figure(page), before, "the hub cannot know of it yet");

    await press(page, "#step-mend");
    await until(async () => { await page.reload(); return (await figure(page)) === before + 1; }, "the figure to move");
    assert.equal(await figure(page), before + 1);
    problems.push(...await look(page, `${lang}-5-mended`));

    // The row is the newest; a signed-in officer opens the record itself.
    await be(page, hub, "officer", "/figures/visits");
    const row = page.locator(".evidence tbody tr a", { hasText: purpose });
    await until(async () => (await row.count()) === 1, "the new row");
    problems.push(...await look(page, `${lang}-6-rows`));
    await row.click();
    assert.equal((await page.locator("h1").textContent()).trim(), purpose);
    await context.close();
    assert.deepEqual(problems, []);
  });
}

test("a figure opens without a sign-in, and shows no name", { timeout: 60_000 }, async () => {
  const context = await reader(stage.browser, "zh");
  const page = await context.newPage();
  await page.goto(`${hub}/figures`);
  const problems = await look(page, "zh-figures");
  await page.goto(`${hub}/figures/professionals-1`);
  assert.equal(await page.locator(".evidence tbody a").count(), 0);
  problems.push(...await look(page, "zh-evidence-public"));
  await context.close();
  assert.deepEqual(problems, []);
});

test("the pages of every kind of record stand up to a look", { timeout: 300_000 }, async () => {
  const problems = [];
  for (const lang of ["zh", "bo", "en"]) {
    const context = await reader(stage.browser, lang);
    const page = await context.newPage();
    await be(page, hub, "administrator");
    problems.push(...await look(page, `${lang}-today`));
    const seen = lang === "zh"
      ? ["organisations", "people", "postings", "needs", "cohorts", "partnerships", "pairings", "teams", "visits", "activities", "declared-totals"]
      : ["people", "visits"];
    for (const route of seen) {
      await page.goto(`${hub}/${route}`);
      problems.push(...await look(page, `${lang}-list-${route}`));
      await page.locator(".list tbody th a").first().click();
      problems.push(...await look(page, `${lang}-record-${route}`));
      await page.goto(`${hub}/${route}/new`);
      problems.push(...await look(page, `${lang}-new-${route}`));
    }
    for (const path of ["/search?q=小学", "/node", "/nodes", "/accounts", "/me", "/conflicts", "/more", "/no-such-page"]) {
      await page.goto(hub + path);
      problems.push(...await look(page, `${lang}${path.replace(/[^a-z]/g, "-")}`));
    }
    await context.close();
  }
  assert.deepEqual(problems, []);
});

test("a wrong form keeps what was typed and says what is wrong", { timeout: 60_000 }, async () => {
  const context = await reader(stage.browser, "en");
  const page = await context.newPage();
  await be(page, school(2), "head", "/visits/new");
  await page.fill("#c-purpose", "kept text");
  await page.locator("main button.primary").click();
  await page.waitForSelector(".errors");
  assert.equal(await page.inputValue("#c-purpose"), "kept text");
  assert.ok((await page.locator("#e-host").count()) === 1);
  const problems = await look(page, "en-form-wrong");
  await context.close();
  assert.deepEqual(problems, []);
});

test("axe would see a page that is wrong", { timeout: 60_000 }, async () => {
  const context = await reader(stage.browser, "en");
  const page = await context.newPage();
  await page.goto(`${hub}/figures`);
  await page.evaluate(() => {
    const input = document.createElement("input");
    input.id = "nameless";
    document.querySelector("main").append(input);
    document.body.append(Object.assign(document.createElement("canvas"), { width: 3000, height: 4 }));
  });
  const problems = await look(page, "en-wrong-on-purpose");
  await context.close();
  assert.ok(problems.some((p) => p.includes("label") && p.includes("#nameless")), problems.join("\n"));
  assert.ok(problems.some((p) => p.includes("over the edge")), problems.join("\n"));
});
