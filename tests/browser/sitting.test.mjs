// A class answers on two devices without accounts, with the link down; its teacher sees what is hard, as it comes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const typed = `雪莲长在哪里? · གངས་ལྷ་མེ་ཏོག་གང་དུ་སྐྱེ་སམ།
* 高山 · རི་མཐོན་པོ།
- 河边 · གཙང་འགྲམ།
- 田里 · ཞིང་ཁ།

一年有 ____ 个月。
= 12

说说你见过的草药。`;

test("a class answers and its teacher sees what is hard", { timeout: 300_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(1), "local", "/courses/upload");
  await teacher.goto(`${school(1)}/courses/new`);
  await teacher.fill("[name=title]", "草药课");
  await teacher.selectOption("[name=subject]", "science");
  await teacher.selectOption("[name=licence]", "cc_by");
  await press(teacher, "main form button.primary");
  await press(teacher, "main a[href$='/questions']");
  await teacher.fill("#q-title", "认识草药");
  await teacher.fill("#q-text", typed);
  await press(teacher, "main form button.primary");
  await press(teacher, ".course .rows a >> text=认识草药");
  problems.push(...await look(teacher, "zh-sitting-from"));
  const watch = await (await reader(stage.browser, "zh")).newPage();
  await cut(watch, true);

  await press(teacher, "form[action$='/sitting'] button");
  const screen = teacher.url();
  problems.push(...await look(teacher, "zh-sitting"));
  const code = (await teacher.locator(".sitting-code").innerText()).trim();
  assert.match(code, /^\d{4} \d{4}$/);

  // A pupil types the code, as it is read out.
  const one = await (await reader(stage.browser, "bo", 360)).newPage();
  await one.goto(`${school(1)}/q`);
  problems.push(...await look(one, "bo-sitting-door"));
  await one.fill("#code", "1111 1111");
  await press(one, "main form button");
  assert.equal(await one.locator(".errors").count(), 1);
  await one.fill("#code", code);
  await press(one, "main form button");
  problems.push(...await look(one, "bo-sitting-answer"));
  // Another's device reads the picture: the address with the code.
  const two = await (await reader(stage.browser, "en", 360)).newPage();
  await two.goto(`${school(1)}/q/${code.replace(" ", "")}`);
  problems.push(...await look(two, "en-sitting-answer"));

  const overview = await teacher.context().newPage();
  await overview.goto(`${screen}/hard`);
  problems.push(...await look(overview, "zh-sitting-nobody"));
  for (const [pupil, choice, word] of [[one, "c0", "10"], [two, "c1", " 10 "]]) {
    await pupil.check(`input[value=${choice}]`);
    await pupil.fill("input.gap", word);
    await press(pupil, "main form button.primary");
    assert.match(await pupil.locator(".quiz-sum").innerText(), choice === "c0" ? /1.*2|2.*1/ : /0.*2|2.*0/);
  }
  problems.push(...await look(one, "bo-sitting-marked"));
  problems.push(...await look(two, "en-sitting-marked"));

  // What is hard comes by itself, the hardest first, and names nobody.
  await until(async () => (await overview.locator(".hard li").count()) > 0 && /2/.test(await overview.locator("#hard .quiz-sum").innerText()), "the counts");
  assert.match(await overview.locator("ol.hard > li").first().innerText(), /____/);
  assert.match(await overview.locator("ol.hard > li ul").first().innerText(), /2.*10/s);
  await until(async () => /2/.test(await teacher.locator("#handed").innerText()), "the room's screen to count");
  for (const lang of ["zh", "bo", "en"]) {
    await overview.context().addCookies([{ name: "zampa_lang", value: lang, url: school(1) }]);
    await overview.goto(`${screen}/hard`);
    problems.push(...await look(overview, `${lang}-sitting-hard`));
    await overview.goto(screen);
    problems.push(...await look(overview, `${lang}-sitting-screen`));
  }
  // Trying again is for oneself.
  await two.check("input[value=c0]");
  await press(two, "main form button.primary");
  await overview.goto(`${screen}/hard`);
  assert.match(await overview.locator("#hard .quiz-sum").innerText(), /2/);

  await press(overview, "form[action$='/end'] button");
  await two.goto(`${school(1)}/q/${code.replace(" ", "")}`);
  assert.equal(await two.locator("#code").count(), 1, "it is over");
  await cut(watch, false);
  assert.deepEqual(problems, []);
});
