// Classes of two schools over weeks: a series with a named adult at each end, whose weeks are planned at once, seen at a school.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** Chooses a record in a form: from a list, or by typing where there are many. */
const choose = async (page, field, words) => {
  const control = page.locator(`#c-${field}`);
  if ((await control.evaluate((c) => c.tagName)) === "SELECT") {
    const label = (await control.locator("option").allInnerTexts()).find((text) => text.includes(words));
    assert.ok(label, `${words} among ${field}`);
    await control.selectOption({ label });
    return;
  }
  await control.pressSequentially(words);
  const found = page.locator(`#l-${field} option`).first();
  await found.waitFor({ state: "attached" });
  await control.fill(await found.getAttribute("value"));
};

test("two schools work on one thing over weeks", { timeout: 180_000 }, async () => {
  const problems = [];
  const keeper = await (await reader(stage.browser, "zh")).newPage();
  await be(keeper, hub, "coordinator", "/classes");
  // Where the teacher is, and who: as the class of today has it.
  await press(keeper, ofToday);
  const of = async (href) => (await keeper.locator(`dl a[href^='/${href}/']`).first().innerText()).trim();
  const [unit, teacher] = [await of("organisations"), await of("people")];
  const rooms = await keeper.locator("#class-rooms .rows li").evaluateAll((all) => all.map((li) => ({ room: li.querySelector("a").href, adult: li.querySelectorAll("p")[1].textContent.split(" · ")[0].trim() })));
  for (const room of rooms) {
    await keeper.goto(room.room);
    room.at = (await keeper.locator("dl a[href^='/organisations/']").first().getAttribute("href")).split("/").pop();
  }
  assert.equal(rooms.length, 2);

  await keeper.goto(`${hub}/classes`);
  await press(keeper, "main a[href='/class-series']");
  problems.push(...await look(keeper, "zh-series-none"));
  await press(keeper, "main a.primary[href='/class-series/new']");
  await keeper.fill("#c-title", "两地的水");
  await keeper.fill("#c-work", "每周在自己的河边量水温和水位,画成一张图;最后一课把两条河放在一起看。");
  await keeper.selectOption("#c-subject", "science");
  await keeper.fill("#c-starts_on", "2026-12-01");
  await keeper.fill("#c-starts_at", "10:00");
  await keeper.fill("#c-minutes", "40");
  await choose(keeper, "origin", unit);
  await choose(keeper, "teacher", teacher);
  problems.push(...await look(keeper, "zh-series-form"));
  await press(keeper, "main button.primary");
  const path = new URL(keeper.url()).pathname;
  assert.match(path, /^\/class-series\/[a-z0-9]+$/);
  assert.equal(await keeper.locator("#series-first").count(), 0, "no weeks before the schools are in it");
  // Each school puts itself in, at its own node, with the adult who answers for its pupils.
  const locals = [];
  for (const [n, { at, adult }] of rooms.entries()) {
    const local = await (await reader(stage.browser, ["bo", "en"][n])).newPage();
    locals.push(local);
    await be(local, school(n + 1), "local", "/today");
    await until(async () => { await local.goto(school(n + 1) + path); return (await local.locator("#series-schools a[href^='/series-schools/new']").count()) === 1; }, "the series at the school", 60_000);
    await press(local, "#series-schools a[href^='/series-schools/new']");
    await local.selectOption("#c-school", at);
    await local.fill("#c-grade", "五年级");
    if ((await local.locator("#c-person").evaluate((c) => c.tagName)) === "SELECT") await local.selectOption("#c-person", { index: 1 });
    else await choose(local, "person", adult);
    if (n === 0) problems.push(...await look(local, "bo-series-school"));
    await press(local, "main button.primary");
  }
  await until(async () => { await keeper.goto(hub + path); return (await keeper.locator("#series-schools li").count()) === 2; }, "both schools at the hub", 60_000);
  await keeper.goto(hub + path);
  assert.equal(await keeper.locator("#series-schools li").count(), 2);
  assert.equal(await keeper.inputValue("#series-first"), "2026-12-01");
  await keeper.fill("#series-weeks", "3");
  problems.push(...await look(keeper, "zh-series-before"));
  await press(keeper, "#series-classes button.primary");
  assert.equal(await keeper.locator("#series-classes ol li").count(), 3);
  assert.equal(await keeper.inputValue("#series-first"), "2026-12-22", "the next weeks begin after them");
  // Asked for again from the first day, only what is not there is planned.
  await keeper.fill("#series-first", "2026-12-01");
  await keeper.fill("#series-weeks", "4");
  await press(keeper, "#series-classes button.primary");
  assert.equal(await keeper.locator("#series-classes ol li").count(), 4);

  // One class is cancelled on its own page, which names the series.
  await press(keeper, "#series-classes ol li:nth-child(2) a");
  assert.equal(await keeper.locator(`dl a[href='${path}']`).count(), 1, "a class names its series");
  assert.equal(await keeper.locator("#class-rooms .rows li").count(), 2, "with a room for each school");
  problems.push(...await look(keeper, "zh-series-class"));
  // It was not recorded, so there is no film of it to ask for, and the page says so.
  const planned = new URL(keeper.url()).pathname;
  await keeper.goto(`${hub}${planned}/film`);
  assert.equal(await keeper.locator("#film .notice").count(), 1);
  assert.equal(await keeper.locator("#film form, #film video").count(), 0);
  problems.push(...await look(keeper, "zh-class-film-none"));
  await keeper.goto(hub + planned);
  await press(keeper, "main a[href$='/move/cancel']");
  await keeper.fill("#c-_why", "学校放假");
  await press(keeper, "main form button.danger, main form button.primary");
  await keeper.goto(hub + path);
  assert.equal(await keeper.locator("#series-classes .tag.bad").count(), 1);
  problems.push(...await look(keeper, "zh-series"));

  // Both schools see the same, each in its own language.
  for (const [n, lang] of ["bo", "en"].entries()) {
    const local = locals[n];
    await until(async () => { await local.goto(school(n + 1) + path); return (await local.locator("#series-classes ol li").count()) === 4 && (await local.locator("#series-classes .tag.bad").count()) === 1; }, "the classes at the school", 60_000);
    assert.equal(await local.locator("#series-schools li").count(), 2);
    problems.push(...await look(local, `${lang}-series`));
  }
  assert.deepEqual(problems, []);
});
