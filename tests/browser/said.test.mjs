// A teacher puts a text and slides into the library at one school; it is found by words that stand in the files, there and,
// once it is shared, at the hub, in three languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const SAID = "第一课\n雪莲花长在高山上,七月开花。\nསྨན་རྩྭ་རི་ལ་སྐྱེས།\nThe snow lotus grows late, where nothing else does";

test("a file is found by its words at the school and at the hub", { timeout: 180_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses/upload");
  await teacher.fill("#c-title", "植物");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await teacher.setInputFiles("#c-file", [{ name: "herbarium.txt", mimeType: "text/plain", buffer: Buffer.from(SAID) }]);
  await press(teacher, "main form button.primary");
  const course = new URL(teacher.url()).pathname;
  const found = async (page, host, query) => {
    await page.goto(`${host}/search?q=${encodeURIComponent(query)}`);
    return (await page.locator("main").textContent()).includes("herbarium");
  };
  await until(() => found(teacher, school(2), "高山"), "the words at the school");
  assert.match(await teacher.locator("main [lang=zh]").first().textContent(), /雪莲花长在高山上/);
  problems.push(...await look(teacher, "zh-said"));
  const tibetan = await (await reader(stage.browser, "bo")).newPage();
  await be(tibetan, school(2), "local", "/today");
  assert.ok(await found(tibetan, school(2), "སྨན་རྩྭ"));
  problems.push(...await look(tibetan, "bo-said"));

  const officer = await (await reader(stage.browser, "en")).newPage();
  await be(officer, hub, "officer", "/today");
  assert.ok(!await found(officer, hub, "snow lotus"), "a draft is its maker's");
  await teacher.goto(`${school(2)}${course}/move/share`);
  await press(teacher, "main form button.primary");
  await until(() => found(officer, hub, "snow lotus"), "the words at the hub", 90_000);
  assert.match(await officer.locator("main [lang=en]").first().textContent(), /grows late/);
  problems.push(...await look(officer, "en-said"));
  await officer.goto(`${hub}/courses?q=lotus`);
  assert.equal(await officer.locator(`main a[href="${course}"]`).count(), 1);
  assert.deepEqual(problems, []);
});
