// Small groups: who leads divides the class, a pupil's device chooses its group and writes on its sheet, the sheet is shown to
// all; a room that is cut off keeps its groups and hands over what they wrote; it all stays in the record.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { classOfToday, cut, enter, hub, look, reader, school, slide, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const groups = (page) => page.locator("[data-class-groups]");
const tile = (page, g) => page.locator(`.group-tile[data-group='${g}']`);
const inked = (canvas) => canvas.evaluate((c) => c.width > 0 && c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, n) => n % 4 === 3 && v > 0));
const draw = async (page, at = 0) => {
  const sheet = page.locator(".group-sheet .micro-sheet");
  await sheet.scrollIntoViewIfNeeded();
  const box = await sheet.boundingBox();
  await page.mouse.move(box.x + 30, box.y + 30 + at);
  await page.mouse.down();
  for (let n = 0; n < 24; n += 1) await page.mouse.move(box.x + 30 + n * 9, box.y + 50 + at + Math.sin(n / 3) * 30);
  await page.mouse.up();
};
const line = async (page, text) => {
  await page.fill(".group-sheet .class-say input", text);
  await page.locator(".group-sheet .class-say button").click();
};
const begin = async (page, n, task, shared = false) => {
  await page.locator("[data-class-group-work] summary").click();
  await page.selectOption("[data-groups-n]", String(n));
  await page.fill("[data-groups-task]", task);
  await page.selectOption("[data-groups-page]", { index: shared ? 0 : 1 });
  if (shared) await page.locator("[data-groups-shared]").check();
  await page.locator("[data-class-group-work] form button").click();
};

test("small groups work on sheets of their own", { timeout: 420_000 }, async () => {
  const problems = [];
  const page = async (lang, width) => (await reader(stage.browser, lang, width)).newPage();
  const [teacher, first, second, link] = [await page("zh"), await page("bo"), await page("en"), await page("en")];
  const path = await classOfToday(teacher);
  await enter(teacher, hub, null, path);
  await enter(first, school(1), "local", path);
  await enter(second, school(2), "local", path);
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await first.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");
  assert.ok(!(await first.locator("[data-class-group-work]").isVisible()), "who does not lead divides nothing");
  await teacher.locator("[data-class-record]").click();
  await first.locator("[data-pupils-open]").click();
  await until(async () => (await first.locator("[data-pupils-code]").textContent()) !== "", "the digits");
  const code = (await first.locator("[data-pupils-code]").textContent()).replace(/\s/g, "");
  const [dolma, tashi] = [await page("bo", 360), await page("zh", 360)];
  for (const pupil of [dolma, tashi]) {
    await pupil.goto(`${school(1)}/c/${code}`);
    await until(async () => (await pupil.locator("[data-pupil]").getAttribute("data-began")) === "true", "a pupil to be in");
  }
  await teacher.locator("[data-class-on]").click();
  for (const one of [first, second]) await until(async () => (await slide(one)) === 2, "the second slide");

  // Four groups in each room, on a slide: the task stands where the slide stood.
  await teacher.locator("[data-class-group-work] summary").click();
  problems.push(...await look(teacher, "zh-groups-form"));
  await teacher.locator("[data-class-group-work] summary").click();
  await begin(teacher, 4, "圈出长在雪线上的草药,写一写它有什么用。");
  await until(async () => (await tile(teacher, 8).count()) === 1, "eight groups at the teacher's");
  await until(async () => (await tile(first, 4).count()) === 1 && (await tile(first, 5).count()) === 0, "the first room's own four");
  await until(async () => (await tile(second, 5).count()) === 1 && (await tile(second, 1).count()) === 0, "the second room's own four");
  assert.ok(!(await first.locator("[data-class-sheet]").isVisible()));
  assert.match(await first.locator("[data-group-time]").innerText(), /^(10:00|9:\d\d)$/);

  // Two devices choose their group by its number.
  for (const pupil of [dolma, tashi]) await until(async () => (await pupil.locator(".group-choice button").count()) === 4, "the numbers");
  problems.push(...await look(dolma, "bo-groups-choose"));
  await dolma.locator(".group-choice button").nth(1).click();
  await tashi.locator(".group-choice button").nth(2).click();
  await until(async () => /\d/.test(await tile(first, 2).locator("[data-group-devices]").innerText()), "the device of group 2 to be counted");
  await draw(dolma);
  await line(dolma, "雪莲可以做药");
  await until(async () => (await tile(teacher, 2).innerText()).includes("雪莲可以做药"), "the line at the teacher's");
  await until(() => inked(tile(teacher, 2).locator("canvas").first()), "the drawing at the teacher's");
  assert.ok(!(await tashi.locator(".group-lines").innerText()).includes("雪莲可以做药"), "another group has a sheet of its own");
  await line(tashi, "第三组也写");
  // Who loads the page again has the group and its sheet again.
  await dolma.reload();
  await until(async () => (await dolma.locator(".group-lines").innerText().catch(() => "")).includes("雪莲可以做药"), "the sheet after a reload");
  await until(() => inked(dolma.locator(".group-sheet canvas").first()), "the drawing after a reload");
  problems.push(...await look(dolma, "bo-groups-sheet"), ...await look(tashi, "zh-groups-sheet"), ...await look(teacher, "zh-groups"), ...await look(first, "bo-groups-room"), ...await look(second, "en-groups-room"));

  // The adult of a room writes for a group on the room's screen.
  await tile(second, 6).click();
  await line(second, "Saussurea keeps one warm");
  await draw(second);
  await until(async () => (await tile(teacher, 6).innerText()).includes("keeps one warm"), "what the adult wrote");
  problems.push(...await look(second, "en-groups-write"));
  await second.locator("[data-class-groups] .class-acts button").last().click();

  // Who leads shows a sheet to all; a device of another group sees it, and nothing more of the others.
  await tile(teacher, 2).click();
  await teacher.locator("[data-class-groups] .class-acts .primary").click();
  for (const one of [first, second, tashi]) {
    await until(async () => (await groups(one).innerText()).includes("雪莲可以做药"), "the sheet of group 2");
    await until(() => inked(groups(one).locator("canvas").first()), "its drawing");
  }
  problems.push(...await look(teacher, "zh-groups-shown"), ...await look(second, "en-groups-shown"), ...await look(tashi, "zh-groups-shown-pupil"));
  await teacher.locator("[data-class-groups] .class-acts .primary").click();
  await until(async () => (await tile(second, 5).count()) === 1, "the groups again");

  // The first school is cut off: its groups go on, and what they write comes afterwards.
  await cut(link, true);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await line(dolma, "断网时写的");
  await until(async () => (await tile(first, 2).innerText()).includes("断网时写的"), "what is written in the room that is cut off");
  assert.ok(!(await tile(teacher, 2).innerText()).includes("断网时写的"), "it cannot be known yet");
  // Meanwhile who leads ends the groups: all are back where they were; the room that is cut off ends its own.
  await teacher.locator("[data-groups-end]").click();
  await until(async () => (await slide(second)) === 2 && (await second.locator("[data-class-sheet]").isVisible()), "the slide again");
  assert.ok(await first.locator("[data-groups-end]").isVisible(), "the adult may end them alone");
  await first.locator("[data-groups-end]").click();
  await until(async () => first.locator("[data-class-sheet]").isVisible(), "the slide in the room that is cut off");
  // It begins a round of its own.
  await begin(first, 2, "སྨན་རྩྭ་གསུམ་བྲིས།");
  await until(async () => (await dolma.locator(".group-sheet").count()) === 1, "the device in the round of the room");
  await line(dolma, "只有我们的一轮");
  await until(async () => (await tile(first, 2).innerText()).includes("只有我们的一轮"), "the round of the room alone");
  problems.push(...await look(first, "bo-groups-cut"));
  await cut(link, false);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "false", "the link to be whole");
  for (const one of [first, dolma]) await until(async () => one.locator("[data-class-sheet]").isVisible(), "all to be where the class is");
  // Both are with who leads, late: what was written in the round of all, and the room's own.
  await until(async () => (await teacher.locator("[data-class-made] li").count()) === 2, "what the groups made");
  const opens = (page, li, n) => page.locator("[data-class-made] li").nth(li).locator("button").nth(n).click();
  await opens(teacher, 1, 0);
  await until(async () => (await groups(teacher).innerText()).includes("断网时写的"), "what came late");
  await opens(teacher, 0, 0);
  await until(async () => (await groups(teacher).innerText()).includes("只有我们的一轮"), "the room's own round");
  await teacher.locator("[data-class-groups] .class-acts .primary").click();
  for (const one of [second, tashi]) await until(async () => (await groups(one).innerText()).includes("只有我们的一轮"), "it to be shown");
  await teacher.locator("[data-class-groups] .class-acts .primary").click();
  problems.push(...await look(teacher, "zh-groups-made"));

  // Two schools write on one sheet where rooms share the numbers.
  await begin(teacher, 2, "和对面教室的同号小组一起写。", true);
  await until(async () => (await tile(teacher, 2).count()) === 1 && (await tile(teacher, 3).count()) === 0, "two groups in all");
  await until(async () => (await dolma.locator(".group-sheet").count()) === 1, "the device in its group again");
  await line(dolma, "一班写的");
  await tile(second, 2).click();
  await until(async () => (await groups(second).innerText()).includes("一班写的"), "what the other school wrote");
  await line(second, "and so do we");
  await until(async () => (await dolma.locator(".group-lines").innerText()).includes("and so do we"), "what the other school answers");
  problems.push(...await look(second, "en-groups-shared"));
  // An adult takes a line away.
  await second.locator(".group-lines li button").first().click();
  await until(async () => !(await dolma.locator(".group-lines").innerText()).includes("一班写的"), "the line to be gone");

  teacher.on("dialog", (dialog) => void dialog.accept());
  await teacher.locator("[data-class-end]").click();
  await until(async () => (await second.locator("[data-class]").getAttribute("data-over")) === "true", "the end");
  assert.ok(await second.locator("[data-class-sheet]").isVisible(), "the end ends the groups too");

  // Played again, the groups are at work and their sheets are shown as they were; what they made is to be opened.
  await until(async () => { await teacher.goto(hub + path); return (await teacher.locator("a[href$='/replay']").count()) === 1; }, "the record", 60_000);
  await teacher.goto(`${hub}${path}/replay`);
  await teacher.waitForSelector("[data-replay][data-ready]");
  const seen = new Set();
  const end = Number(await teacher.locator("[data-replay-line]").getAttribute("max"));
  for (let at = 0; at <= end; at += 1000) {
    await teacher.locator("[data-replay-line]").evaluate((bar, to) => { bar.value = to; bar.dispatchEvent(new Event("input")); }, at);
    const said = await groups(teacher).innerText();
    if ((await tile(teacher, 8).count()) === 1) seen.add("groups");
    if (said.includes("雪莲可以做药") && (await teacher.locator(".group-tile").count()) === 0) seen.add("shown");
  }
  assert.deepEqual([...seen].sort(), ["groups", "shown"]);
  await teacher.locator("[data-class-made] li").last().locator("button").first().click();
  await until(async () => (await groups(teacher).innerText()).includes("雪莲可以做药"), "what group 2 made");
  assert.equal(await teacher.locator(".group-sheet input").count(), 0, "nothing is written into a record");
  problems.push(...await look(teacher, "zh-groups-replay"));
  assert.deepEqual(problems, []);
});
