// Teaching research over the link: teachers of several schools, each with the pen, and nothing on their pages that is for pupils.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, classOfToday, enter, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("teachers of several schools meet", { timeout: 420_000 }, async () => {
  const problems = [];
  const page = async (lang) => (await reader(stage.browser, lang)).newPage();
  const [teacher, first] = [await page("zh"), await page("en")];
  const path = await classOfToday(teacher);
  await teacher.goto(`${hub}${path}/edit`);
  await teacher.selectOption("#c-kind", "research");
  problems.push(...await look(teacher, "zh-class-form"));
  await press(teacher, "main button.primary");
  await teacher.goto(hub + path);
  problems.push(...await look(teacher, "zh-class-meeting"));
  // The school's node knows of it within seconds.
  await be(first, school(1), "local", path);
  await until(async () => { await first.goto(school(1) + path); return (await first.locator("main").innerText()).includes("meeting of teachers"); }, "the school to know", 30_000);
  await enter(teacher, hub, null, path);
  await enter(first, school(1), null, path);
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await first.locator("[data-class]").getAttribute("data-began")) === "true", "the meeting to begin");
  assert.ok(await first.locator("[data-class-tools]").isVisible(), "who has not the floor has the pen");
  for (const part of ["[data-class-heads]", "[data-pupils-open]", "[data-class-exit]"]) assert.equal(await first.locator(part).filter({ visible: true }).count(), 0, part);
  assert.ok(!(await teacher.locator("[data-class-exit]").isVisible()), "nobody is asked how it was");
  const box = await first.locator("[data-class-sheet]").boundingBox();
  await first.mouse.move(box.x + 60, box.y + 60);
  await first.mouse.down();
  for (let n = 0; n < 20; n += 1) await first.mouse.move(box.x + 60 + n * 8, box.y + 60 + (n % 5) * 6);
  await first.mouse.up();
  const drawn = (canvas) => canvas.evaluate((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, n) => n % 4 === 3 && v > 0));
  await until(() => drawn(teacher.locator("[data-class-sheet] canvas").first()), "what was drawn at the school");
  problems.push(...await look(first, "en-class-meeting-room"));

  assert.deepEqual(problems, []);
});
