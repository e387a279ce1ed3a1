// What a room wrote in a cut comes into the record of its class, also where nobody is at the page any more and the class is over.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, enter, hub, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("what was written in a cut is played again, though its page was closed before the link came back", { timeout: 240_000 }, async () => {
  const page = async (lang) => (await reader(stage.browser, lang)).newPage();
  const [teacher, first, link] = [await page("zh"), await page("bo"), await page("en")];
  await be(teacher, hub, "coordinator", "/classes");
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  await enter(teacher, hub, null, path);
  await enter(first, school(1), "local", path);
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await first.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");
  await teacher.locator("[data-class-record]").click();
  await until(async () => first.locator("[data-class-rec]").isVisible(), "the sign of the recording");

  await cut(link, true);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await first.locator("[data-class-chat-form] input").fill("断网时写的话");
  await first.locator("[data-class-chat-form] button").click();
  await until(async () => (await first.locator("[data-class-chat]").textContent()).includes("断网时写的话"), "what the room says itself");
  await first.goto(`${school(1)}/today`);
  teacher.on("dialog", (dialog) => void dialog.accept());
  await teacher.locator("[data-class-end]").click();
  // Over is over: no red sign, and the way to what was held.
  await until(async () => teacher.locator("[data-class-leave]").isVisible(), "the way out of the class");
  assert.ok(!(await teacher.locator("[data-class-rec]").isVisible()), "nothing is recorded any more");
  await until(async () => { await teacher.goto(hub + path); return (await teacher.locator("a[href$='/replay']").count()) === 1; }, "the record to be named", 90_000);
  const played = (one, at) => one.evaluate(async (url) => new TextDecoder().decode(await (await fetch(url)).arrayBuffer()), `${at}${path}/replay/events`);
  assert.ok(!(await played(teacher, hub)).includes("断网时写的话"), "it is not there yet");

  await cut(link, false);
  for (const [one, at] of [[teacher, hub], [first, school(1)]]) {
    await until(async () => (await played(one, at)).includes("断网时写的话"), `what was written, played again at ${at}`, 90_000);
  }
  assert.equal(await played(first, school(1)), await played(teacher, hub), "both records are the same");
});
