// Questions of a class, answered by rooms and by pupils on their own devices: without an account, without a name, and with
// the link down.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { classOfToday, cut, enter, hub, look, reader, school, slide, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const tally = (page) => page.locator("[data-class-question]").innerText();
const says = (page, text, what = text) => until(async () => (await tally(page)).replace(/\s+/g, " ").includes(text), what);
const ask = async (teacher, kind, text, options = "") => {
  if (!(await teacher.locator("#class-ask-text").isVisible())) await teacher.locator("details:has([data-class-ask]) summary").click();
  await teacher.selectOption("#class-ask-kind", kind);
  await teacher.fill("#class-ask-text", text);
  if (options) await teacher.fill("#class-ask-options", options);
  await teacher.locator("[data-class-ask] button").click();
};
const asked = (page, text) => until(async () => (await page.locator("[data-question-text]").textContent()) === text, text);
const draw = async (page) => {
  const sheet = page.locator(".sketch-sheet");
  await sheet.scrollIntoViewIfNeeded();
  const box = await sheet.boundingBox();
  await page.mouse.move(box.x + 30, box.y + 30);
  await page.mouse.down();
  for (let n = 0; n < 24; n += 1) await page.mouse.move(box.x + 30 + n * 9, box.y + 60 + Math.sin(n / 3) * 40);
  await page.mouse.up();
  await page.locator(".sketch button.primary").click();
};
const inked = (canvas) => canvas.evaluate((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, n) => n % 4 === 3 && v > 0));

test("rooms and pupils' own devices answer what is asked", { timeout: 420_000 }, async () => {
  const problems = [];
  const page = async (lang, width) => (await reader(stage.browser, lang, width)).newPage();
  const [teacher, first, second, link] = [await page("zh"), await page("bo"), await page("en"), await page("en")];
  const path = await classOfToday(teacher);
  await enter(teacher, hub, null, path);
  await enter(first, school(1), "local", path);
  await enter(second, school(2), "local", path);
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await first.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");

  // The adult opens a page; two pupils find it by its digits, signed in as nobody.
  await first.locator("[data-pupils-open]").click();
  await until(async () => (await first.locator("[data-pupils-code]").textContent()) !== "", "the digits");
  const code = (await first.locator("[data-pupils-code]").textContent()).replace(/\s/g, "");
  const [dolma, tashi] = [await page("bo", 360), await page("zh", 360)];
  await dolma.goto(`${school(1)}/c`);
  problems.push(...await look(dolma, "bo-pupil-code"));
  await dolma.fill("#code", "00000000");
  await dolma.locator("main button").click();
  await dolma.waitForSelector(".error");
  await dolma.fill("#code", `${code.slice(0, 4)} ${code.slice(4)}`);
  await Promise.all([dolma.waitForURL(`**/c/${code}-*`), dolma.locator("main button").click()]);
  await tashi.goto(`${school(1)}/c/${code}`);
  for (const pupil of [dolma, tashi]) {
    await until(async () => (await pupil.locator("[data-pupil]").getAttribute("data-began")) === "true", "a pupil to be in");
    assert.ok(await pupil.locator("[data-class-sheet] img").evaluate((img) => img.decode().then(() => img.naturalWidth > 100)), "the slide");
  }
  await teacher.locator("[data-class-on]").click();
  for (const pupil of [dolma, tashi]) await until(async () => (await slide(pupil)) === 2, "the second slide");
  await until(async () => (await first.locator("[data-pupils-here]").innerText()).includes("2"), "both to be counted");

  await dolma.locator("[data-class-hand]").click();
  await until(async () => (await teacher.locator("[data-room='1'] [data-room-hands]").innerText()).includes("1"), "a hand");
  await teacher.locator("[data-room='1'] [data-room-give]").click();
  await until(async () => (await dolma.locator("[data-class-hand]").getAttribute("aria-pressed")) === "false", "the hand to go down");

  // A choice: what the adult counts and what the devices say is one tally.
  await ask(teacher, "choice", "哪一种长在雪线上?", "雪莲\n红景天");
  for (const pupil of [dolma, tashi]) await asked(pupil, "哪一种长在雪线上?");
  await dolma.locator(".pupil-options button").first().click();
  await tashi.locator(".pupil-options button").last().click();
  // More than were counted cannot answer: the adult is told beside what they typed, which stays.
  await first.fill("#class-heads", "21");
  await first.locator("[data-class-heads] button").click();
  await until(async () => (await teacher.locator("[data-room='1'] [data-room-heads]").innerText()).includes("21"), "the heads");
  await says(teacher, "红景天 1", "both answers");
  await first.locator(".class-count input").first().fill("20");
  await first.locator(".class-count button").click();
  await until(async () => (await first.locator(".class-count .error").innerText()).includes("22"), "that they are too many");
  problems.push(...await look(first, "bo-question-too-many"));
  assert.equal(await first.locator(".class-count input").first().inputValue(), "20");
  await first.locator(".class-count input").first().fill("19");
  await first.locator(".class-count button").click();
  await says(teacher, "雪莲 20", "nineteen hands and a device");
  await says(teacher, "红景天 1");
  assert.equal(await first.locator(".class-count .error").count(), 0);
  assert.deepEqual(await teacher.locator(".class-tally meter").evaluateAll((bars) => bars.map((bar) => [bar.value, bar.max])), [[20, 21], [1, 21]], "of all who were asked");
  problems.push(...await look(dolma, "bo-pupil-choice"), ...await look(teacher, "zh-question-choice"), ...await look(first, "bo-pupils"));
  // Who changes their mind is counted once; who loads the page again, too.
  await tashi.locator(".pupil-options button").first().click();
  await says(teacher, "雪莲 21");
  await tashi.reload();
  await asked(tashi, "哪一种长在雪线上?");
  assert.equal(await tashi.locator(".pupil-options button").first().getAttribute("aria-pressed"), "true");

  await ask(teacher, "number", "一株雪莲有几片叶子?");
  for (const pupil of [dolma, tashi]) await asked(pupil, "一株雪莲有几片叶子?");
  await dolma.fill(".pupil-answer input", "12");
  await dolma.locator(".pupil-answer button").click();
  await tashi.fill(".pupil-answer input", "12.0");
  await tashi.locator(".pupil-answer button").click();
  await second.locator(".class-count input").nth(0).fill("9");
  await second.locator(".class-count input").nth(1).fill("30");
  await second.locator(".class-count button").click();
  await says(teacher, "9 30");
  await says(teacher, "12 2", "two who mean the same");
  problems.push(...await look(teacher, "zh-question-number"), ...await look(second, "en-question-number"), ...await look(tashi, "zh-pupil-number"));

  // In words: the adult of the room sees them first.
  await ask(teacher, "short", "雪莲有什么用?");
  await asked(dolma, "雪莲有什么用?");
  await dolma.fill(".pupil-answer input", "སྨན་བཟོ་བ།");
  await dolma.locator(".pupil-answer button").click();
  await until(async () => (await first.locator("[data-pupils-texts]").innerText()).includes("སྨན་བཟོ་བ།"), "the words at the adult");
  await says(teacher, "1", "how many answered");
  assert.ok(!(await tally(teacher)).includes("སྨན་བཟོ་བ།"), "not yet for the class");
  await first.locator("[data-pupils-texts] button").click();
  await says(teacher, "སྨན་བཟོ་བ།");
  await second.fill("#class-texts", "keeps one warm\nfor tea");
  await second.locator(".class-count button").click();
  await says(teacher, "for tea");
  problems.push(...await look(teacher, "zh-question-short"), ...await look(first, "bo-question-short"));

  // A drawing, also with the link down.
  await ask(teacher, "draw", "请画一株雪莲");
  for (const one of [dolma, second]) await asked(one, "请画一株雪莲");
  await cut(link, true);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await draw(dolma);
  await until(async () => (await first.locator("[data-pupils-drawings] .drawing").count()) === 1, "the drawing at the adult");
  await first.locator("[data-pupils-drawings] .drawing > button:last-child").click();
  await draw(second);
  await until(async () => (await teacher.locator("[data-class-question] .drawing").count()) === 1, "the drawing of the other room");
  problems.push(...await look(dolma, "bo-pupil-draw"), ...await look(first, "bo-pupils-drawings"));
  await cut(link, false);
  await until(async () => (await teacher.locator("[data-class-question] .drawing").count()) === 2, "what was drawn while cut off");
  const shown = teacher.locator("[data-class-question] .drawing").last();
  assert.ok(await inked(shown.locator("canvas").first()), "there is ink in it");
  problems.push(...await look(teacher, "zh-question-draw"));
  await shown.locator("button").click();
  assert.ok((await shown.boundingBox()).width > 800, "it opens large");
  problems.push(...await look(teacher, "zh-question-large"));
  await shown.locator("button").click();

  // How it was: five answer on devices in one room, three hands are counted in the other; only the teacher sees, and only
  // what five or more have answered.
  const told = [];
  for (const one of [first, second, dolma]) {
    one.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => told.push(payload.toString())));
    await one.reload();
  }
  await until(async () => (await dolma.locator("[data-pupil]").getAttribute("data-began")) === "true", "a pupil to be in again");
  const others = [await page("zh", 360), await page("zh", 360), await page("zh", 360)];
  for (const one of others) await one.goto(`${school(1)}/c/${code}`);
  await teacher.locator("[data-exit-ask]").click();
  const pupils = [dolma, tashi, ...others];
  for (const [n, one] of pupils.entries()) {
    await one.waitForSelector(".exit-options");
    await one.locator(".exit-options").first().locator("button").nth(n === 4 ? 2 : 0).click();
    // One says nothing of whether it was enjoyed: four are too few.
    if (n < 4) await one.locator(".exit-options").last().locator("button").nth(1).click();
  }
  await second.locator(".class-exit-count input").first().fill("3");
  problems.push(...await look(dolma, "bo-pupil-exit"), ...await look(second, "en-exit-count"), ...await look(teacher, "zh-exit-open"));
  await second.locator(".class-exit-count button").click();
  const how = () => teacher.locator("[data-class-exit]").innerText();
  assert.ok(!/[0-9]/.test((await how()).replace(/五/g, "")), "nothing is shown while it is asked");
  await teacher.locator("[data-exit-ask]").click();
  await until(async () => (await how()).replace(/\s+/g, " ").includes("听懂了 4 部分听懂 0 还没听懂 1"), "the totals of the room with five");
  assert.ok(!(await how()).includes("一般"), "four answers are not shown");
  assert.ok((await how()).includes("满五个回答"), "and why");
  problems.push(...await look(teacher, "zh-exit-totals"));
  for (const one of pupils) await until(async () => !(await one.locator("[data-class-exit]").isVisible()), "the question to go");
  assert.ok(told.length > 3, "the pages were told something");
  assert.ok(!told.some((frame) => frame.includes("exited")), "and nothing of how it was");
  await teacher.goto(hub + path);
  assert.ok((await teacher.locator(".class-how").innerText()).includes("听懂了 4"), "also on the page of the class");
  problems.push(...await look(teacher, "zh-class-how"));
  await second.goto(school(2) + path);
  assert.equal(await second.locator(".class-how").count(), 0, "for the teacher alone");

  // The adult closes the page: nobody gets in any more.
  await first.locator("[data-pupils-open]").click();
  await until(async () => (await dolma.locator("[data-pupil]").getAttribute("data-closed")) === "true", "the page to close");
  problems.push(...await look(dolma, "bo-pupil-closed"));
  assert.equal((await tashi.goto(`${school(1)}/c/${code}`)).status(), 422, "the digits lead nowhere");
  assert.deepEqual(problems, []);
});
