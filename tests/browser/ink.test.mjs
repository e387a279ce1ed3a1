// What a room draws stays on the page on which it drew it: in a cut, when the class is at another page by then; and with the floor.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, enter, hub, look, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** How many points of the page have ink. */
const inked = (page) => page.locator("[data-class-sheet] canvas").first().evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 100) n += 1;
  return n;
});

/** Draws a line with the mouse, in parts of the sheet's sides; no colour is chosen. */
async function line(page, [x, y], [toX, toY]) {
  const sheet = page.locator("[data-class-sheet]");
  await sheet.scrollIntoViewIfNeeded();
  const box = await sheet.boundingBox();
  await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + toX * box.width, box.y + toY * box.height, { steps: 12 });
  await page.mouse.up();
}

/** The number of the page that is shown. */
const at = async (page) => Number.parseInt(await page.locator("[data-class-place]").textContent(), 10);

test("ink stays on the page on which it was drawn", { timeout: 240_000 }, async () => {
  const page = async (lang) => (await reader(stage.browser, lang)).newPage();
  const [teacher, first, second, link] = [await page("zh"), await page("zh"), await page("bo"), await page("en")];
  await be(teacher, hub, "coordinator", "/classes");
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  await enter(teacher, hub, null, path);
  await enter(first, school(1), "local", path);
  await enter(second, school(2), "local", path);
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await first.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");

  // The teacher's mouse draws at once; a white page is added, and the class is at the first again.
  await line(teacher, [0.1, 0.2], [0.4, 0.2]);
  await until(async () => (await inked(second)) > 0, "the teacher's line");
  const before = await at(teacher);
  await teacher.locator("[data-class-blank]").click();
  await until(async () => (await at(first)) !== before, "the white page");
  const white = await at(first);
  await teacher.locator("[data-class-back]").click();
  await until(async () => (await at(first)) === before && (await at(second)) === before, "the page before");
  const line1 = await inked(second);

  // A room that has the floor comes to the board, and turns no page.
  assert.ok(!(await first.locator("[data-class-tools]").isVisible()), "no pen without the floor");
  await teacher.locator("[data-room='1'] [data-room-give]").click();
  await first.locator("[data-class-tools]").waitFor();
  assert.ok(!(await first.locator("[data-class-on]").isVisible()), "pages are turned by who leads");
  await line(first, [0.1, 0.5], [0.4, 0.5]);
  await until(async () => (await inked(second)) > line1 * 1.5, "the room's line");
  // What it wipes away is its own.
  await first.locator("[data-tool=wipe]").click();
  await until(async () => (await inked(second)) <= line1 * 1.1, "the room's line to be gone");
  assert.ok((await inked(second)) > line1 * 0.9 && (await inked(first)) > 0, "the teacher's stays");
  await teacher.locator("[data-class-take]").click();
  await until(async () => !(await first.locator("[data-class-tools]").isVisible()), "the pen to be put down");

  // In a cut the room goes on at the white page; the class stays where it is.
  await cut(link, true);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await first.locator("[data-class-on]").click();
  await until(async () => (await at(first)) === white, "the room to turn");
  await line(first, [0.5, 0.7], [0.9, 0.7]);
  const drew = await inked(first);
  assert.ok(drew > 0, "the room sees what it draws");
  // Who loads the page anew in the cut sees it as well. What is drawn is on its way within a moment.
  await first.waitForTimeout(1000);
  await first.reload();
  await until(async () => (await at(first)) === white && (await inked(first)) > drew * 0.8, "what was drawn, loaded anew");
  const problems = await look(first, "zh-class-cut-drawn");
  await first.setViewportSize({ width: 1280, height: 900 });
  await cut(link, false);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "false", "the link");
  await until(async () => (await at(first)) === before, "the class's page");
  for (const one of [teacher, second]) {
    assert.equal(await at(one), before);
    const now = await inked(one);
    assert.ok(now > 0, "the teacher's line stands");
  }
  const [onFirst, onSecond] = [await inked(first), await inked(second)];
  assert.ok(Math.abs(onSecond - line1) < line1 * 0.1, `nothing was drawn over the class's page: ${onSecond} of ${line1}`);
  assert.ok(onFirst > 0);
  await teacher.locator("[data-class-on]").click();
  await until(async () => (await at(second)) === white && (await inked(second)) > 0, "what the room drew, on its page");
  assert.deepEqual(problems, []);
});
