// A class that is led from a school: whoever leads it sees which of the rooms behind the hub is cut off.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, enter, hub, look, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a teacher at a school sees that the room of another school is cut off", { timeout: 240_000 }, async () => {
  const [teacher, room, office] = await Promise.all(["zh", "bo", "en"].map(async (lang) => (await reader(stage.browser, lang)).newPage()));
  // The class of the day is to be led from the first school, by one of its teachers.
  await be(teacher, school(1), "posted", "/today");
  const name = await teacher.locator(".account summary").innerText();
  await be(office, hub, "officer", "/classes");
  await press(office, ofToday);
  const path = new URL(office.url()).pathname;
  await office.goto(`${hub}${path}/edit`);
  const first = await office.locator("#c-origin option").evaluateAll((all) => all.find((o) => o.textContent.includes("Chenguang"))?.value);
  await office.selectOption("#c-origin", first);
  await office.fill("#c-teacher", name.trim());
  await press(office, "main button.primary");
  await until(async () => {
    await teacher.goto(`${school(1)}${path}/live`);
    return until(async () => (await teacher.locator("[data-class]").getAttribute("data-role")) === "teacher", "", 2000).catch(() => false);
  }, "the school to know who leads");
  await enter(room, school(2), "local", path);
  const light = teacher.locator("[data-room='2'] [data-room-light]");
  const is = (kind) => until(async () => (await light.getAttribute("class")) === `tag ${kind}`, `the light to be ${kind}`, 30_000);
  await is("ok");
  assert.ok(await teacher.locator("[data-class-sheet]").isVisible(), "whoever was taken for a guest before sees the class");
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await room.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");
  await cut(office, true, 2);
  await is("bad");
  assert.equal(await teacher.locator("[data-class]").getAttribute("data-cut"), "false", "the teacher is not");
  const problems = await look(teacher, "zh-class-light");
  await cut(office, false, 2);
  await is("ok");
  assert.deepEqual(problems, []);
});
