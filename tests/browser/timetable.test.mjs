// A school's week: bell times, cells filled by keys, a week pasted wrong and right, and a gap that becomes a live class of every week.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a week is filled, pasted, and a gap is held over the link", { timeout: 240_000 }, async () => {
  const problems = [];
  const head = await (await reader(stage.browser, "zh")).newPage();
  await be(head, school(1), "head", "/timetables");
  problems.push(...await look(head, "zh-timetables"));
  await press(head, "main tbody a >> nth=0");
  const path = new URL(head.url()).pathname;
  assert.ok((await head.locator(".tt-lesson.gap").count()) > 0, "gaps are seen at once");
  problems.push(...await look(head, "zh-timetable"));
  await head.setViewportSize({ width: 1280, height: 900 });

  // A new class: its first cells by keys alone. Each saved cell leads to the next one's form, which has the focus.
  await head.fill("#f-class", "六年级9班");
  await press(head, "form:has(#f-class) button");
  assert.equal(await head.locator(".tt-lesson").count(), 0);
  await head.locator(".tt-add").first().focus();
  await head.keyboard.press("ArrowRight");
  assert.equal(await head.evaluate(() => document.activeElement.dataset.column), "2", "the arrows walk the week");
  await head.keyboard.press("ArrowLeft");
  await Promise.all([head.waitForNavigation(), head.keyboard.press("Enter")]);
  for (const subject of ["music", "art"]) {
    assert.equal(await head.evaluate(() => document.activeElement.id), "e-subject");
    await head.selectOption("#e-subject", subject);
    await press(head, "#edit button.primary");
  }
  assert.deepEqual(await head.locator(".tt-lesson b").allInnerTexts(), ["音乐", "美术"]);
  assert.equal(await head.locator(".tt-cell.current").count(), 1);
  problems.push(...await look(head, "zh-timetable-edit"));
  // What was just done is undone where it is said.
  await press(head, ".toast form button");
  await head.goto(`${school(1)}${path}?class=${encodeURIComponent("六年级9班")}`);
  assert.deepEqual(await head.locator(".tt-lesson b").allInnerTexts(), ["音乐"]);

  // A week is pasted: what is wrong is said by its line, and nothing is lost.
  await press(head, `main a[href^="${path}/paste"]`);
  assert.equal(await head.inputValue("#class"), "六年级9班");
  await head.fill("#text", "节次\t周一\t周二\n第二节\t数学\t跳舞\n第九节\t语文");
  await press(head, "button[value=save]");
  assert.equal(await head.locator(".errors li").count(), 2);
  assert.match(await head.locator(".errors li").first().innerText(), /第 2 行，星期二/);
  assert.match(await head.inputValue("#text"), /第九节\t语文/);
  problems.push(...await look(head, "zh-timetable-paste-wrong"));
  await head.fill("#text", "节次\t周一\t周二\n第二节\t数学\t科学\n第三节\t语文\t");
  await press(head, "button[value=check]");
  assert.match(await head.locator(".notice.ok").innerText(), /新增 3/);
  await press(head, "button[value=save]");
  assert.equal(await head.locator(".tt-lesson").count(), 4);
  await press(head, `main a[href="${path}/periods"]`);
  problems.push(...await look(head, "zh-timetable-bells"));

  // The same week in the other languages.
  for (const lang of ["bo", "en"]) {
    const other = await (await reader(stage.browser, lang)).newPage();
    await be(other, school(1), "head", path);
    problems.push(...await look(other, `${lang}-timetable`));
    await other.goto(`${school(1)}${path}/gaps`);
    problems.push(...await look(other, `${lang}-timetable-gaps`));
    await other.goto(`${school(1)}${path}/paste`);
    problems.push(...await look(other, `${lang}-timetable-paste`));
    await other.close();
  }

  // From an open need to its gaps, and from a gap to a live class of three weeks.
  const officer = await (await reader(stage.browser, "zh")).newPage();
  await be(officer, hub, "officer", `${path}/gaps`);
  assert.ok((await officer.locator(".rows li").count()) > 0);
  await press(officer, ".rows li a.button >> nth=0");
  assert.equal(new URL(officer.url()).pathname, "/classes/new");
  assert.notEqual(await officer.inputValue("#c-starts_at"), "");
  assert.equal(await officer.inputValue("#c-minutes"), "40");
  problems.push(...await look(officer, "zh-timetable-live-form"));
  for (const field of ["origin", "teacher"]) {
    const control = officer.locator(`#c-${field}`);
    if ((await control.evaluate((c) => c.tagName)) === "SELECT") await control.selectOption({ index: 1 });
    else {
      await control.pressSequentially(field === "origin" ? "重庆" : "王");
      const found = officer.locator(`#l-${field} option`).first();
      await found.waitFor({ state: "attached" });
      await control.fill(await found.getAttribute("value"));
    }
  }
  await officer.selectOption("#c-_adult", { index: 1 });
  await officer.fill("#c-_weeks", "3");
  await press(officer, "main form.form button.primary");
  assert.equal(await officer.locator("#class-rooms .rows li").count(), 1, "the class of the timetable is its room");
  assert.equal(await officer.locator("#timetable-at .tag.ok").count(), 1, "it fills the gap");
  await officer.locator("#timetable-slots summary").click();
  problems.push(...await look(officer, "zh-timetable-class"));
  await press(officer, "dl a[href^='/class-series/']");
  assert.equal(await officer.locator("#series-classes ol li").count(), 3);
  assert.deepEqual(problems, []);
});
