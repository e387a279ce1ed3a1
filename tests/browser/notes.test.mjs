// What stands beside the slides of a class: notes that all write, captions, and pictures of a camera.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { be, cut, enter, hub, look, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** A photograph as a phone takes it: large, and with where it was taken. */
const photograph = (size) => {
  const plain = execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `mandelbrot=size=${size}`, "-frames:v", "1", "-q:v", "2", "-f", "mjpeg", "-"], { maxBuffer: 64 << 20 });
  const place = Buffer.from("Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0GPS 29.65N 91.10E");
  const head = Buffer.from([0xff, 0xe1, 0, place.length + 2]);
  return Buffer.concat([plain.subarray(0, 2), head, place, plain.subarray(2)]);
};
const notes = (page) => page.locator("[data-class-notes]").inputValue();

test("notes, captions and pictures stand beside a class", { timeout: 300_000 }, async () => {
  const problems = [];
  const page = async (lang) => (await reader(stage.browser, lang)).newPage();
  const [teacher, first, second, link] = [await page("zh"), await page("bo"), await page("en"), await page("en")];
  await be(teacher, hub, "coordinator", "/classes");
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  await enter(teacher, hub, null, path);
  await enter(first, school(1), "local", path);
  await enter(second, school(2), "local", path);
  await teacher.locator("[data-class-begin]").click();
  for (const one of [first, second]) await until(async () => (await one.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");

  await teacher.locator("[data-class-record]").click();
  await until(async () => first.locator("[data-class-rec]").isVisible(), "the sign of the recording");
  // Two write at once, in two places; one of them is cut off and writes on.
  await teacher.locator("[data-class-notes]").pressSequentially("一、认识草药\n");
  for (const one of [first, second]) await until(async () => (await notes(one)).includes("认识草药"), "the notes");
  await Promise.all([
    teacher.locator("[data-class-notes]").pressSequentially("老师写的。"),
    second.locator("[data-class-notes]").evaluate((area) => { area.focus(); area.setSelectionRange(0, 0); }).then(() => second.keyboard.type("Herbs: ", { delay: 40 })),
  ]);
  for (const one of [teacher, first, second]) await until(async () => /^Herbs: .*认识草药/.test(await notes(one)) && (await notes(one)).includes("老师写的。"), "both in one");
  await cut(link, true);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await first.locator("[data-class-notes]").evaluate((area) => { area.focus(); area.setSelectionRange(area.value.length, area.value.length); });
  await first.keyboard.type("断网时写的。");
  await second.locator("[data-class-notes]").evaluate((area) => { area.focus(); area.setSelectionRange(area.value.length, area.value.length); });
  await second.keyboard.type(" Meanwhile.");
  await until(async () => (await notes(teacher)).includes("Meanwhile."), "what the others write");
  await cut(link, false);
  await until(async () => (await notes(first)).includes("Meanwhile.") && (await notes(teacher)).includes("断网时写的。"), "both together again");
  const all = await Promise.all([teacher, first, second].map(notes));
  assert.deepEqual([all[1], all[2]], [all[0], all[0]]);

  await first.fill("#class-caption-text", "སྨན་རྩྭ་གངས་ལྷ་མེ་ཏོག");
  await first.locator("[data-class-caption-form] button").click();
  for (const one of [teacher, second]) await until(async () => one.locator("[data-class-caption]").isVisible() && (await one.locator("[data-class-caption]").textContent()).includes("གངས་ལྷ"), "the caption");

  // A picture of a room, with its consent; what goes is small and says no place.
  const file = (buffer) => ({ name: "IMG_1.jpg", mimeType: "image/jpeg", buffer });
  const camera = (one) => one.locator("[data-class-take-still] input[type=file]");
  assert.ok(await camera(first).isDisabled(), "no picture without consent");
  await first.locator("[data-class-consent]").check();
  await until(async () => camera(first).isEnabled(), "the consent");
  await camera(first).setInputFiles([file(photograph("2400x1800"))]);
  for (const one of [first, teacher, second]) await until(async () => one.locator("[data-still-shown]").isVisible(), "the picture");
  const still = await second.locator("[data-still-shown]").getAttribute("src");
  const bytes = Buffer.from(await second.evaluate(async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer())), still));
  assert.ok(bytes.length > 3000 && bytes.length <= 40 * 1024, `${bytes.length} bytes`);
  assert.ok(!bytes.includes("GPS"), "no place");
  assert.ok((await second.locator("[data-still-shown]").evaluate((img) => img.naturalWidth)) >= 480);
  for (const [one, name] of [[teacher, "zh-class-still"], [first, "bo-class-still"], [second, "en-class-notes"]]) problems.push(...await look(one, name));
  // The node makes sure itself: too large is refused, and what a page left in is taken out.
  const send = (one, buffer) => one.evaluate(async (bytes) => {
    const form = document.querySelector("[data-class-take-still]");
    const body = new FormData();
    body.append("_csrf", form.querySelector("[name=_csrf]").value);
    body.append("file", new Blob([new Uint8Array(bytes)], { type: "image/jpeg" }), "still.jpg");
    return (await fetch(form.action, { method: "POST", body })).status;
  }, Array.from(buffer));
  assert.equal(await send(teacher, photograph("1600x1200")), 409);
  const small = photograph("160x120");
  assert.ok(small.length < 40 * 1024 && small.includes("GPS"));
  assert.equal(await send(teacher, small), 200);
  await until(async () => (await second.locator("[data-still-shown]").getAttribute("src")) !== still, "the next picture");
  await until(async () => second.locator("[data-still-shown]").isVisible(), "the next picture to come");
  const second_ = await second.locator("[data-still-shown]").getAttribute("src");
  assert.ok(!Buffer.from(await second.evaluate(async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer())), second_)).includes("GPS"));
  await first.locator("[data-class-consent]").uncheck();
  await until(async () => camera(first).isDisabled(), "the consent to be taken back");
  assert.equal(await send(first, small), 409, "and asked of the node");
  await teacher.locator("[data-still-away]").click();
  await until(async () => !(await second.locator("[data-class-still]").isVisible()), "the picture to go");

  // A picture that a room takes back is gone for ever: from every page, and from where it lay.
  first.on("dialog", (dialog) => void dialog.accept());
  await first.locator("[data-class-consent]").check();
  await until(async () => camera(first).isEnabled(), "the consent again");
  await camera(first).setInputFiles([file(photograph("1200x900"))]);
  for (const one of [first, second]) await until(async () => one.locator("[data-still-shown]").isVisible(), "another picture");
  const third = (await second.locator("[data-still-shown]").getAttribute("src")).split("?")[0];
  assert.ok(!(await second.locator("[data-still-withdraw]").isVisible()), "what another room shows is not this room's");
  assert.ok(await teacher.locator("[data-still-withdraw]").isVisible(), "who leads may");
  problems.push(...await look(first, "bo-class-still-own"));
  await first.locator("[data-still-withdraw]").click();
  for (const one of [first, teacher, second]) await until(async () => !(await one.locator("[data-class-still]").isVisible()), "the picture to be withdrawn");
  await until(async () => (await second.evaluate(async (url) => (await fetch(url)).status, third)) === 404, "the picture to be nowhere", 60_000);

  // Afterwards the notes stand with the class, at every school.
  teacher.on("dialog", (dialog) => void dialog.accept());
  await teacher.locator("[data-class-end]").click();
  await until(async () => { await second.goto(school(2) + path); return (await second.textContent("main")).includes("断网时写的。"); }, "the notes with the class", 60_000);
  problems.push(...await look(second, "en-class-held-notes"));
  await until(async () => { await teacher.goto(hub + path); return (await teacher.textContent("main")).includes("状态: 已上课"); }, "the class to be held");
  assert.equal((await teacher.textContent("main")).split("状态: 已上课").length - 1, 1, "it became held once");
  // Played again, they come as they came.
  await until(async () => { await second.goto(school(2) + path); return (await second.locator("a[href$='/replay']").count()) === 1; }, "the record to be named", 90_000);
  await until(async () => { await second.goto(`${school(2)}${path}/replay`); return (await second.locator(".class > .notice").count()) === 0; }, "the record to be whole", 90_000);
  await second.waitForSelector("[data-replay][data-ready]");
  const line = second.locator("[data-replay-line]");
  await line.evaluate((line) => { line.value = line.max; line.dispatchEvent(new Event("input")); });
  assert.equal(await second.locator("[data-class-notes-text]").textContent(), all[0]);
  await line.evaluate((line) => { line.value = 0; line.dispatchEvent(new Event("input")); });
  assert.equal(await second.locator("[data-class-notes-text]").textContent(), "");
  for (let at = 0.5; at < 1 && !(await second.locator("[data-class-still]").isVisible()); at += 0.02) {
    await line.evaluate((line, at) => { line.value = Math.round(line.max * at); line.dispatchEvent(new Event("input")); }, at);
  }
  await until(async () => second.locator("[data-still-shown]").isVisible(), "the picture, played again");
  problems.push(...await look(second, "en-replay-notes"));
  // The teacher withdraws what was shown: the replay of the school shows nothing where it was.
  await teacher.goto(`${hub}${path}/pictures`);
  assert.equal(await teacher.locator("figure.class-still").count(), 2, "but for the one that was withdrawn");
  await teacher.locator("figure.class-still summary").first().click();
  problems.push(...await look(teacher, "zh-class-pictures"));
  await teacher.locator("figure.class-still summary").first().click();
  while (await teacher.locator("figure.class-still details").count() > 0) {
    await teacher.locator("figure.class-still summary").first().click();
    await press(teacher, "figure.class-still button >> nth=0");
  }
  problems.push(...await look(teacher, "zh-class-pictures-none"));
  await until(async () => { await second.goto(`${school(2)}${path}/pictures`); return (await second.locator("figure.class-still").count()) === 0; }, "the withdrawal at the school", 60_000);
  problems.push(...await look(second, "en-class-pictures"));
  await second.goto(`${school(2)}${path}/replay`);
  await second.waitForSelector("[data-replay][data-ready]");
  for (let at = 0.02; at <= 1; at += 0.02) {
    await second.locator("[data-replay-line]").evaluate((line, at) => { line.value = Math.round(line.max * at); line.dispatchEvent(new Event("input")); }, at);
    assert.ok(!(await second.locator("[data-class-still]").isVisible()), `no picture at ${at}`);
  }
  assert.deepEqual(problems, []);
});
