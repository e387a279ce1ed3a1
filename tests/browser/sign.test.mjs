// A training day: the screen shows a code, a teacher's own phone reads it, a list takes the rest; the figure counts each once,
// and the teacher takes the record along.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a training day, by code and by list", { timeout: 240_000 }, async () => {
  const problems = [];
  const head = await (await reader(stage.browser, "zh")).newPage();
  const teacher = await (await reader(stage.browser, "en", 360)).newPage();
  const desk = await (await reader(stage.browser, "zh")).newPage();
  for (const page of [head, teacher, desk]) page.setDefaultTimeout(15_000);
  await be(desk, hub, "officer");
  const times = async () => {
    await desk.goto(`${hub}/figures/person-times`);
    return Number((await desk.locator(".fig .n data").textContent()).replace(/[^0-9]/g, ""));
  };
  const were = await times();

  await be(head, school(1), "head", "/activities/new");
  await head.fill("#c-title", "双语词汇培训");
  await head.selectOption("#c-kind", "training");
  await press(head, "main button.primary");
  const path = new URL(head.url()).pathname;
  problems.push(...await look(head, "zh-activity"));
  await head.goto(`${school(1)}${path}/screen`);
  problems.push(...await look(head, "zh-sign-screen"));
  const address = (await head.locator("code.fingerprint").textContent()).trim();

  // Who is not signed in is asked to; an address that was made up is none.
  await teacher.goto(address);
  assert.equal(await teacher.locator("main a[href^='/sign-in']").count(), 1);
  await be(teacher, school(1), "local");
  await teacher.goto(address.slice(0, -1) + (address.endsWith("0") ? "1" : "0"));
  assert.match(await teacher.locator("main").innerText(), /not for today/);
  await teacher.goto(address);
  problems.push(...await look(teacher, "en-sign-ask"));
  await press(teacher, "main form button.primary");
  assert.equal(new URL(teacher.url()).pathname, "/learning");
  problems.push(...await look(teacher, "en-learning"));
  assert.match(await teacher.locator("main").innerText(), /双语词汇培训/);
  await teacher.goto(address);
  assert.match(await teacher.locator("main").innerText(), /You are on the list/);
  await until(async () => /1/.test(await head.locator("#signed").innerText()), "the screen to count");

  await head.goto(`${school(1)}${path}/list`);
  assert.equal(await head.locator("input[name=person]:disabled").count(), 1, "who signed in stands there");
  for (let n = 0; n < 3; n += 1) await head.locator("input[name=person]:not(:disabled):not(:checked)").nth(0).check();
  problems.push(...await look(head, "zh-sign-list"));
  // A list on paper: what works instead of a picture.
  assert.match(await head.locator("#paper").innerText(), /不从照片里认名字/);
  for (const lang of ["bo", "en"]) {
    const other = await (await reader(stage.browser, lang, 360)).newPage();
    await be(other, school(1), "head", `${path}/list`);
    problems.push(...await look(other, `${lang}-sign-list`));
  }
  await press(head, "main form button.primary");
  await head.goto(`${school(1)}${path}/list`);
  assert.equal(await head.locator("input[name=person]:disabled").count(), 4);
  await until(async () => (await times()) > were, "the hub's figure");
  const more = (await times()) - were;
  // Of the four only those of the school count: whoever is posted there does not.
  assert.ok(more >= 1 && more <= 4, String(more));

  const [file] = await Promise.all([teacher.waitForEvent("download"), teacher.goto(`${school(1)}/learning`).then(() => teacher.locator("a[download]").click())]);
  assert.match(readFileSync(await file.path(), "utf8"), /双语词汇培训/);
  const bo = await (await reader(stage.browser, "bo", 360)).newPage();
  await be(bo, school(1), "local", "/learning");
  problems.push(...await look(bo, "bo-learning"));
  assert.deepEqual(problems, []);
});
