// Two people are proposed to each other, sign, write what is theirs alone, and end with a certificate; who leaves decides first.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** Signs in as one person, by the form that only the demonstration has. */
async function as(page, host, person, back) {
  await page.goto(`${host}/view-as?back=${encodeURIComponent(back)}`);
  await page.evaluate((id) => { document.querySelector("form[data-role] [name=person]").value = id; }, person);
  await page.locator("form[data-role] button").first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/view-as"));
}

const open = async (lang) => (await reader(stage.browser, lang)).newPage();

test("two are proposed to each other, sign, write for each other alone, and end with a certificate", { timeout: 300_000 }, async () => {
  const problems = [];
  const head = await open("zh");
  await be(head, school(1), "head", "/pairings/choice");
  problems.push(...await look(head, "zh-pair-choice"));
  await press(head, "form[action$='/propose'] button >> nth=0");
  const path = new URL(head.url()).pathname;
  assert.match(path, /^\/pairings\/[0-9a-z]{26}$/i);
  const [master, apprentice] = await head.locator(".fields a[href^='/people/']").evaluateAll((links) => links.map((a) => a.pathname.split("/").pop()));
  assert.equal(await head.locator("form[action$='/sign']").count(), 0, "the head signs for nobody");

  // Each is asked on the first page, and signs.
  const guest = await open("en");
  await as(guest, school(1), master, "/today");
  await guest.goto(school(1) + path);
  problems.push(...await look(guest, "en-pair-sign"));
  await press(guest, "form[action$='/sign'] button");
  const local = await open("bo");
  await as(local, school(1), apprentice, "/today");
  assert.ok(await local.locator(`a[href='${path}']`).count(), "the first page asks");
  problems.push(...await look(local, "bo-pair-today"));
  await local.goto(school(1) + path);
  problems.push(...await look(local, "bo-pair-sign"));
  await press(local, "form[action$='/sign'] button");
  await press(local, "main a[href$='/move/begin']");
  await press(local, "main button.primary");

  // A session with one next step, a lesson, and whether it fits.
  await local.fill("#pair-said", "一起备了观察课。སློབ་ཚན་འདི་ཡག་པོ་བྱུང་།");
  await local.fill("#pair-step", "下周听一节课");
  await press(local, "#pair-write > form button");
  await local.locator("#pair-lesson > summary").click();
  await local.check("#pair-lesson [value=attended]");
  await press(local, "#pair-lesson form button");
  assert.match(await local.locator("#pair-timeline").innerText(), /一起备了观察课/);
  problems.push(...await look(local, "bo-pair-timeline"));
  await press(local, "#pair-fit button[value=another]");
  await guest.goto(school(1) + path);
  assert.match(await guest.locator("#pair-timeline").innerText(), /下周听一节课/);
  problems.push(...await look(guest, "en-pair-timeline"));
  await head.goto(school(1) + path);
  assert.doesNotMatch(await head.locator("body").innerText(), /一起备了观察课|下周听一节课/);
  problems.push(...await look(head, "zh-pair-head"));

  // The officer at the hub reads no note, and learns that a re-pairing is wished.
  const officer = await open("en");
  await be(officer, hub, "officer", "/today");
  await until(async () => {
    await officer.goto(`${hub}/pairings/due`);
    return officer.locator(`a[href='${path}']`).count();
  }, "the wish at the hub");
  problems.push(...await look(officer, "en-pair-due"));
  await officer.goto(hub + path);
  assert.doesNotMatch(await officer.locator("body").innerText(), /一起备了观察课|下周听一节课/);
  problems.push(...await look(officer, "en-pair-officer"));

  // It ends: both review it, and take a certificate.
  await guest.goto(school(1) + path);
  await press(guest, "main a[href$='/move/close']");
  await press(guest, "main button.primary");
  for (const [page, said] of [[guest, "I learned to ask instead of telling."], [local, "学会了先让学生看。"]]) {
    await page.goto(school(1) + path);
    await page.locator("#pair-review summary").click();
    await page.fill("#pair-review-said", said);
    await press(page, "#pair-review details button");
  }
  assert.match(await local.locator("#pair-review").innerText(), /ask instead of telling[\s\S]*先让学生看|先让学生看[\s\S]*ask instead of telling/);
  problems.push(...await look(local, "bo-pair-review"));
  const [paper] = await Promise.all([local.waitForEvent("download"), local.locator("a[href$='/certificate']").click()]);
  const bytes = readFileSync(await paper.path());
  assert.equal(bytes.subarray(0, 5).toString(), "%PDF-");
  writeFileSync(new URL("../../artifacts/bo-pair-certificate.pdf", import.meta.url), bytes);
  assert.deepEqual(problems, []);
});

test("somebody offers and wishes, and a posting does not end before its pairings are decided", { timeout: 300_000 }, async () => {
  const problems = [];
  const local = await open("bo");
  await be(local, school(1), "local", "/pairings/choice");
  await local.locator("#pair-offer > summary").click();
  await local.fill("#offer-about", "སྨན་རྩྭ་ 校园草药课");
  problems.push(...await look(local, "bo-pair-choice"));
  await press(local, "#pair-offer form button");
  assert.match(await local.locator("#pair-offers").innerText(), /校园草药课/);
  await local.locator("#pair-wish > summary").click();
  await local.fill("#wish-about", "复式教学");
  await press(local, "#pair-wish form button");
  assert.match(await local.locator("#pair-wishes").innerText(), /复式教学/);

  const officer = await open("zh");
  await be(officer, hub, "officer", "/postings?state=arrived");
  await officer.goto(`${hub}/pairings/choice`);
  problems.push(...await look(officer, "zh-pair-choice-hub"));
  await press(officer, "#pair-begin a >> nth=0");
  assert.equal(await officer.inputValue("#c-observes"), "8", "the template stands in the form");
  await officer.goto(`${hub}/postings?state=arrived`);
  // A posting that holds a pairing: its page names it, and ending it is refused until the two have decided.
  const postings = await officer.locator("main td a[href^='/postings/'], main th a[href^='/postings/']").evaluateAll((links) => [...new Set(links.map((a) => a.pathname))]);
  let posting;
  for (const one of postings) {
    await officer.goto(hub + one);
    if (await officer.locator("#pair-posting").count()) { posting = one; break; }
  }
  assert.ok(posting, "a posting with a pairing");
  problems.push(...await look(officer, "zh-pair-posting"));
  await officer.goto(`${hub}${posting}/move/complete`);
  await press(officer, "main button.primary");
  assert.match(await officer.locator(".errors").innerText(), /线上继续/);
  problems.push(...await look(officer, "zh-pair-refused"));
  assert.deepEqual(problems, []);
});
