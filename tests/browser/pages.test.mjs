// A library of pages in one file, as Kiwix has them: read on the stage with the link down, and found by its titles.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { be, cut, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a library of pages is read at another school with the link down", { timeout: 300_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses/upload");
  await teacher.fill("#c-title", "草药百科");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc0");
  const herbs = readFileSync(new URL("../../crates/zim/tests/herbs.zim", import.meta.url));
  const file = (buffer) => ({ name: "herbs.zim", mimeType: "application/octet-stream", buffer });
  await teacher.setInputFiles("#c-file", file(herbs.subarray(0, 20_000)));
  await press(teacher, "main form button.primary");
  assert.match(await teacher.locator(".errors").innerText(), /herbs\.zim/);
  problems.push(...await look(teacher, "zh-pages-refused"));
  await teacher.locator("input[name=held]").uncheck();
  await teacher.setInputFiles("#c-file", file(herbs));
  await press(teacher, "main form button.primary");
  const course = new URL(teacher.url()).pathname;
  const part = await teacher.locator(".course .rows a[href^='/resources/']").first().evaluate((a) => new URL(a.href).pathname);
  await teacher.goto(`${school(2)}${course}/move/share`);
  await press(teacher, "main form button.primary");

  const other = await (await reader(stage.browser, "bo")).newPage();
  await be(other, school(1), "local", "/courses");
  await until(async () => { await other.goto(school(1) + part); return (await other.locator("a[href$='/play']").count()) === 1; }, "the file at the other school", 120_000);
  await cut(other, true);
  for (const lang of ["bo", "zh", "en"]) {
    await other.context().addCookies([{ name: "zampa_lang", value: lang, url: school(1) }]);
    await other.goto(`${school(1)}${part}/play`);
    const inner = other.frameLocator(".stage iframe");
    await inner.locator("text=脚本已运行").waitFor();
    problems.push(...await look(other, `${lang}-pages`));
    // Its links lead on inside of it, also where they stand for another page.
    await inner.locator("a >> text=大黄").click();
    await inner.locator("text=根入药").waitFor();
    await inner.locator("a >> text=回到目录").click();
    await inner.locator("a >> text=雪莲").click();
    await inner.locator("text=第399段").waitFor();
    assert.equal(await inner.locator("body").evaluate((b) => getComputedStyle(b).color), "rgb(10, 80, 90)");
    assert.ok(await inner.locator("img").evaluate((i) => i.naturalWidth > 0));
    await other.fill("#pages-q", "红");
    await press(other, ".pages-find button");
    problems.push(...await look(other, `${lang}-pages-found`));
    await press(other, ".pages-found a");
    await inner.locator("text=高原植物").waitFor();
    await other.fill("#pages-q", "没有");
    await press(other, ".pages-find button");
    assert.equal(await other.locator(".pages-found").count(), 0);
  }
  await cut(other, false);
  assert.deepEqual(problems, []);
});
