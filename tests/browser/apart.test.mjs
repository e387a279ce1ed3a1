// Two people, two nodes, one field, no link between: both versions are shown until a person keeps one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, hub, look, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("two versions are shown, one is kept, and a change is undone", { timeout: 180_000 }, async () => {
  const one = await (await reader(stage.browser, "en")).newPage();
  const two = await (await reader(stage.browser, "en")).newPage();
  await be(two, school(1), "head", "/visits");
  await two.locator(".list tbody th a").first().click();
  const path = new URL(two.url()).pathname;
  await be(one, hub, "officer");
  await one.goto(hub + path);
  const before = (await one.locator("h1").textContent()).trim();

  await cut(one, true);
  for (const [page, host, said] of [[one, hub, "written at the hub"], [two, school(1), "written at the school"]]) {
    await page.goto(`${host}${path}/edit`);
    await page.fill("#c-purpose", said);
    await page.locator("main button.primary").click();
    await page.waitForURL(host + path);
    assert.equal((await page.locator("h1").textContent()).trim(), said);
  }
  await cut(one, false);

  const problems = [];
  for (const [page, host, name] of [[one, hub, "hub"], [two, school(1), "school"]]) {
    await until(async () => { await page.goto(host + path); return (await page.locator(".conflict .version").count()) === 2; }, `both versions at the ${name}`);
    problems.push(...await look(page, `en-conflict-${name}`));
    await page.goto(`${host}/conflicts`);
    assert.equal(await page.locator("main .rows a").count(), 1);
  }
  await two.goto(school(1) + path);
  await two.locator(".version", { hasText: "written at the school" }).locator("button").click();
  await two.waitForURL(school(1) + path);
  assert.equal(await two.locator(".conflict").count(), 0);
  await until(async () => { await one.goto(hub + path); return (await one.locator(".conflict").count()) === 0; }, "the hub to hear of it");
  assert.equal((await one.locator("h1").textContent()).trim(), "written at the school");

  // The change that kept it is undone: the version before it is back, and the history says who did what.
  await two.goto(`${school(1)}${path}/history`);
  problems.push(...await look(two, "en-history"));
  const undo = two.locator(".time form button");
  await undo.last().click();
  await two.waitForURL(school(1) + path);
  assert.equal((await two.locator("h1").textContent()).trim(), before);
  assert.deepEqual(problems, []);
});
