// What the open pages of a class do when their node is killed and started again, when nothing is heard of it any more, when
// pupils write faster than the link carries, and when the browser shows a page that was left.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { classOfToday, enter, hub, reader, school, slide, start, until } from "./stage.mjs";

let stage;
before(async () => {
  stage = await start(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
}, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const chat = (page) => page.locator("[data-class-chat] li span").allInnerTexts();
const write = async (page, text) => {
  await page.fill("#class-chat-text", text);
  await page.locator("[data-class-chat-form] button").click();
};
const shows = (page, text) => until(async () => (await chat(page)).includes(text), text);
const said = (page) => page.locator("[data-class-said]").innerText();
const lines = (page) => page.locator(".group-lines li").count();

test("open pages of a class go on when their node was away", { timeout: 420_000 }, async () => {
  const problems = [];
  const page = async (lang, width) => {
    const page = await (await reader(stage.browser, lang, width)).newPage();
    page.on("pageerror", (e) => problems.push(String(e)));
    // A page that was loaded anew would prove nothing.
    page.loads = 0;
    page.on("load", () => { page.loads += 1; });
    return page;
  };
  const [teacher, room, pupil, other] = [await page("zh"), await page("bo"), await page("zh", 360), await page("zh", 360)];
  const path = await classOfToday(teacher);
  await enter(teacher, hub, null, path);
  await enter(room, school(1), "local", path);
  await teacher.locator("[data-class-begin]").click();
  for (const text of ["一", "二", "三"]) await write(teacher, text);
  await write(room, "教室里");
  await shows(teacher, "教室里");
  await shows(room, "三");
  await room.locator("[data-pupils-open]").click();
  const code = async () => (await room.locator("[data-pupils-code]").textContent()).replace(/\s/g, "");
  await until(async () => (await code()) !== "", "the digits");
  const found = await code();
  for (const one of [pupil, other]) {
    await one.goto(`${school(1)}/c/${found}`);
    await until(async () => (await one.locator("[data-pupil]").getAttribute("data-began")) === "true", "a pupil to be in");
  }
  // A hand is up, and a question is half answered.
  await other.locator("[data-class-hand]").click();
  await teacher.locator("details:has([data-class-ask]) summary").click();
  await teacher.fill("#class-ask-text", "哪一种长在雪线上?");
  await teacher.fill("#class-ask-options", "雪莲\n红景天");
  await teacher.locator("[data-class-ask] button").click();
  await other.locator(".pupil-options button").first().click();
  const counted = async () => (await room.locator("[data-pupils-here]").innerText()).match(/\d+/g).join();
  await until(async () => (await counted()) === "2,1,1", "two devices, a hand and an answer");
  const loads = [teacher, room, pupil].map((p) => p.loads);

  // The power goes, and comes back: hub and school begin anew, with what they had written.
  await stage.again();
  await teacher.locator("[data-class-on]").click();
  await write(teacher, "停电以后");
  await shows(room, "停电以后");
  for (const one of [room, pupil]) await until(async () => (await slide(one)) === 2, "the slide that the teacher turned to");
  await write(room, "我们也在");
  await shows(teacher, "我们也在");
  assert.deepEqual((await chat(teacher)), ["一", "二", "三", "教室里", "停电以后", "我们也在"], "each once");
  // The pupils' devices find their page where it was.
  await until(async () => (await pupil.locator("[data-class-said]").isHidden()), "the pupil's page to be there again");
  assert.equal(await code(), found);
  await until(async () => (await counted()) === "2,1,1", "the hand and the answer to be known again");
  assert.equal(await other.locator("[data-class-hand]").getAttribute("aria-pressed"), "true");
  await other.locator("[data-class-hand]").click();
  await pupil.locator("[data-class-hand]").click();
  await until(async () => (await teacher.locator("[data-room='1'] [data-room-hands]").textContent()).includes("1"), "the hand of a device", 30_000);

  // Fourteen lines at once are more than a device may write: what is refused is said again, and no storm breaks the page's wire.
  await teacher.locator("[data-class-group-work] summary").click();
  await teacher.selectOption("[data-groups-n]", "2");
  await teacher.fill("[data-groups-task]", "写一写");
  await teacher.locator("[data-class-group-work] form button").click();
  for (const one of [pupil, other]) {
    await until(async () => (await one.locator(".group-choice button").count()) === 2, "the numbers");
    await one.locator(".group-choice button").first().click();
    await until(async () => (await one.locator(".group-sheet form").count()) === 1, "the sheet");
  }
  await pupil.evaluate(() => {
    window.sent = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (what) { window.sent += 1; return send.call(this, what); };
    const [form, input] = [document.querySelector(".group-sheet form"), document.querySelector(".group-sheet form input")];
    for (let n = 1; n <= 14; n += 1) { input.value = `第 ${n} 行`; form.requestSubmit(); }
  });
  await until(async () => (await lines(other)) === 14, "all the lines", 30_000);
  const sent = await pupil.evaluate(() => window.sent);
  assert.ok(sent >= 18 && sent <= 30, `${sent} messages`);

  // The node stands still: the sockets know nothing of it, and the pages say so all the same.
  stage.signal("SIGSTOP");
  for (const one of [teacher, room, pupil]) await until(async () => (await said(one).catch(() => "")) !== "", "a page to say that its node is away", 40_000);
  await write(teacher, "听得见吗");
  stage.signal("SIGCONT");
  await shows(room, "听得见吗");
  for (const one of [teacher, room, pupil]) await until(() => one.locator("[data-class-said]").isHidden(), "a page to be there again");
  assert.deepEqual([teacher, room, pupil].map((p) => p.loads), loads, "no page was loaded anew");

  // A page that was left, and that a browser shows again as it was, is loaded anew: its wire was closed. This browser keeps none.
  for (const one of [room, pupil]) {
    await Promise.all([one.waitForEvent("load"), one.evaluate(() => {
      dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    })]);
  }
  await until(async () => (await room.locator("[data-class]").getAttribute("data-role").catch(() => "")) === "adult", "the room to be in again");
  await write(room, "又回来了");
  await shows(teacher, "又回来了");

  teacher.on("dialog", (dialog) => void dialog.accept());
  await teacher.locator("[data-class-end]").click();
  await until(async () => (await room.locator("[data-class]").getAttribute("data-over")) === "true", "the end");
  assert.deepEqual(problems, []);
});
