// A lesson is taught, observed, revised and taught again at another school, seen at another school's node; a practice is shown
// and taken up, and the region's picture and the reach of lessons open into their rows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const text = (page) => page.locator("main").innerText();

test("a cycle of research lessons, from its question to what was learned", { timeout: 240_000 }, async () => {
  const problems = [];
  const head = await (await reader(stage.browser, "zh", 360)).newPage();
  const other = await (await reader(stage.browser, "en")).newPage();
  for (const page of [head, other]) page.setDefaultTimeout(15_000);
  await be(head, school(1), "head", "/teams?state=active");
  await press(head, "main table tbody th a >> nth=0");
  const team = head.url();
  problems.push(...await look(head, "zh-team"));
  assert.match(await text(head), /本团队计入统计/);

  // A cycle that begins without a plan says so, and that what comes first is to plan.
  await press(head, "#cycles .sec a");
  await head.fill("#c-title", "测量操场");
  await head.fill("#c-question", "步测和尺测，先做哪一个更好懂？");
  await press(head, "main button.primary");
  const cycle = new URL(head.url()).pathname;
  assert.match(await text(head), /尚未选定教案/);
  await press(head, "#lessons .sec a");
  await head.fill("#c-grade", "四年级");
  await press(head, "main button.primary");
  const steps = [[], [["#c-seen", "三组先步测，两组先用尺。"]], [["#c-revised", "下一次都先步测，再说为什么不准。"]]];
  for (const fields of steps) {
    await head.goto(`${school(1)}${cycle}`);
    await press(head, "#round a.button.primary");
    await press(head, ".next .acts a >> nth=0");
    for (const [field, said] of fields) await head.fill(field, said);
    await press(head, "main button.primary");
  }
  await head.goto(`${school(1)}${cycle}`);
  assert.equal(await head.locator("#round [aria-current]").innerText(), "再上");
  await press(head, "#lessons .sec a");
  const place = await head.locator("#c-school option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
  if (place.length > 0) await head.selectOption("#c-school", place[1] ?? place[0]);
  await press(head, "main button.primary");
  await head.goto(`${school(1)}${cycle}`);
  problems.push(...await look(head, "zh-cycle"));
  assert.equal(await head.locator("#lessons .time > li").count(), 3, "the plan and two lessons");
  await head.goto(team);
  assert.match(await text(head), /测量操场/);

  // Its lessons are taught at several schools, so another school's node has it too.
  await be(other, school(2), "head");
  await until(async () => (await other.goto(`${school(2)}${cycle}`)).status() === 200, "the cycle at the other school");
  await until(async () => {
    await other.reload();
    return /下一次都先步测/.test(await text(other));
  }, "what was revised");
  problems.push(...await look(other, "en-cycle"));

  const bo = await (await reader(stage.browser, "bo", 360)).newPage();
  await be(bo, school(1), "head", new URL(team).pathname);
  problems.push(...await look(bo, "bo-team"));
  assert.deepEqual(problems, []);
});

test("a practice spreads, and what reached each school shows", { timeout: 240_000 }, async () => {
  const problems = [];
  const head = await (await reader(stage.browser, "zh", 360)).newPage();
  const desk = await (await reader(stage.browser, "en")).newPage();
  const public_ = await (await reader(stage.browser, "bo", 360)).newPage();
  for (const page of [head, desk, public_]) page.setDefaultTimeout(15_000);
  await be(head, school(1), "head", "/practices");
  await press(head, "main a[href='/practices/new']");
  await head.fill("#c-name", "课前一问");
  await head.selectOption("#c-kind", "teaching");
  await head.fill("#c-about", "上课前请学生写下一个想问的问题，下课时看还有谁没得到答案。");
  await press(head, "main button.primary");
  const practice = new URL(head.url()).pathname;
  await press(head, ".next .acts a >> nth=0");
  if (await head.locator("main form button.primary").count()) await press(head, "main form button.primary");
  await head.goto(`${school(1)}${practice}`);
  await press(head, "#schools .sec a >> nth=0");
  const places = await head.locator("#c-school option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
  await head.selectOption("#c-school", places[1]);
  await press(head, "main button.primary");
  // Who shows it does not say that it was taken up: that school does, or the office.
  const shown = new URL(head.url()).pathname;
  assert.equal(await head.locator(".next .acts a").count(), 0);
  assert.match(await head.locator(".next").innerText(), /由该校自己登记/);
  problems.push(...await look(head, "zh-practice-shown"));
  await be(desk, hub, "officer", "/today");
  await until(async () => (await desk.goto(hub + shown)).status() === 200, "the row at the hub");
  await press(desk, ".next .acts a >> nth=0");
  await press(desk, "main button.primary");
  await until(async () => {
    await head.goto(`${school(1)}${practice}`);
    return /已在 1 所学校展示，1 所在用/.test(await text(head));
  }, "what the office recorded");
  problems.push(...await look(head, "zh-practice-new"));

  await be(desk, hub, "officer", "/spread");
  await until(async () => {
    await desk.reload();
    return /课前一问/.test(await text(desk));
  }, "the practice at the hub");
  problems.push(...await look(desk, "en-spread"));
  // A number opens into as many rows as it says.
  const number = desk.locator(".spread td.num a").first();
  const n = Number(await number.innerText());
  await Promise.all([desk.waitForNavigation(), number.click()]);
  assert.equal(await desk.locator("main table tbody tr").count(), n);
  await desk.goto(`${hub}/spread`);
  await press(desk, ".spread th a >> nth=0");
  problems.push(...await look(desk, "en-practice"));
  assert.equal(await desk.locator(".chart .ln").count(), 2);

  // The public sees numbers of schools and codes of rows, the least reached first.
  await public_.goto(`${hub}/reach`);
  problems.push(...await look(public_, "bo-reach"));
  const numbers = (await public_.locator(".reach td.num").allInnerTexts()).map(Number);
  assert.ok(numbers.length > 20 && numbers.at(-1) > 0);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  await Promise.all([public_.waitForNavigation(), public_.locator(".reach td.num a").last().click()]);
  assert.equal(await public_.locator("table.evidence tbody tr").count(), numbers.at(-1));
  problems.push(...await look(public_, "bo-reach-rows"));
  const zh = await (await reader(stage.browser, "zh")).newPage();
  await be(zh, hub, "officer", "/reach?by=courses_reached");
  problems.push(...await look(zh, "zh-reach"));
  await zh.goto(`${hub}/spread`);
  problems.push(...await look(zh, "zh-spread"));
  assert.deepEqual(problems, []);
});
