// A unit nominates and approves, the office chooses beside the needs, a notice goes out, a posting arrives, a local teacher
// carries the need at last; and what was promised is seen to have come.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, school, start } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const open = async (lang) => (await reader(stage.browser, lang)).newPage();
const id = (path) => path.split("?")[0].split("/").pop();

/** Saves what a link gives, as a PDF with a name, and tells what it says. */
async function paper(page, selector, name) {
  const [sent] = await Promise.all([page.waitForEvent("download"), page.locator(selector).first().click()]);
  const file = await sent.path();
  assert.equal(readFileSync(file).subarray(0, 5).toString(), "%PDF-");
  copyFileSync(file, new URL(`../../artifacts/${name}.pdf`, import.meta.url));
  return execFileSync("pdftotext", ["-raw", file, "-"]).toString();
}

test("from a nomination to a need that a local teacher carries", { timeout: 400_000 }, async () => {
  const problems = [];
  const unit = await open("zh");
  await be(unit, hub, "coordinator", "/nominations/cohort");
  problems.push(...await look(unit, "zh-nominees-unit"));
  assert.equal(await unit.locator("#needs").count(), 0);
  const own = await unit.locator(".nominees h2").allTextContents();
  assert.equal(own.length, 1, "a unit sees its own");

  // Somebody more is nominated, from their own page: what is known stands in the form.
  const cohort = await unit.inputValue("#f-cohort");
  await press(unit, "main .head a.primary");
  const unitId = await unit.inputValue("#c-unit");
  const name = "钟雪莲";
  await unit.goto(`${hub}/people/new?unit=${unitId}`);
  await unit.fill("#c-name", name);
  await press(unit, "main button.primary");
  const person = new URL(unit.url()).pathname;
  await unit.goto(`${hub}/nominations/new?cohort=${cohort}&unit=${unitId}&person=${id(person)}`);
  await unit.check("input[name=roles][value=teacher]");
  await unit.check("input[name=subjects][value=mathematics]");
  for (const stages of ["primary", "junior", "senior"]) await unit.check(`input[name=stages][value=${stages}]`);
  await unit.check("input[name=teaching_languages][value=zh]");
  await unit.check("#c-available");
  problems.push(...await look(unit, "zh-nominate"));
  await press(unit, "main button.primary");
  const nomination = new URL(unit.url()).pathname;
  assert.match(nomination, /^\/nominations\/[0-9a-z]{26}$/i);
  await press(unit, "main a[href$='/move/approve']");
  await press(unit, "main button.primary");

  // The office sees who could fill which need, and why others could not; a choice can be undone.
  const office = await open("en");
  await be(office, hub, "officer", `/nominations/cohort?cohort=${cohort}`);
  problems.push(...await look(office, "en-nominees"));
  await office.goto(`${hub}/nominations/cohort?cohort=${cohort}&subject=mathematics`);
  const button = `#needs form[action='${nomination}/choose'] button >> nth=0`;
  const need = await office.locator(`#needs li:has(form[action='${nomination}/choose']) p > a[href^='/needs/']`).first().getAttribute("href");
  await press(office, button);
  assert.match(await office.locator(".toast").innerText(), /Selected/);
  await press(office, ".toast form button");
  assert.equal(await office.locator(`li:has(a[href='${nomination}']) .tag`).innerText(), "approved");
  await office.goto(`${hub}/nominations/cohort?cohort=${cohort}&subject=mathematics`);
  await press(office, button);
  assert.ok(await office.locator(`li:has(a[href='${nomination}']) a[href='${need}']`).count(), "chosen for the need");
  problems.push(...await look(office, "en-nominees-chosen"));

  // The notice of the unit has the names; handed over, it is recorded.
  const said = await paper(office, `a[href*='/nominations/notice?'][href*='${unitId}']`, "en-notice-unit");
  assert.ok(said.replace(/\s/g, "").includes(name.replace(/\s/g, "")), said);
  await press(unit, `a[href^='/nominations/cohort']`);
  problems.push(...await look(unit, "zh-nominees-told"));
  await press(unit, "form[action='/nominations/notified'] button");
  const tibetan = await open("bo");
  await be(tibetan, hub, "coordinator", nomination);
  problems.push(...await look(tibetan, "bo-nomination"));
  await paper(tibetan, "a[href$='/notice']", "bo-notice");

  // The posting is proposed with all that is known, arrives, and the need is met when a local teacher carries it.
  await office.goto(hub + nomination);
  await press(office, "main a[href^='/postings/new']");
  assert.equal(await office.inputValue("#c-role"), "teacher");
  assert.equal(await office.inputValue("#c-subject"), "mathematics");
  assert.ok((await office.inputValue("#c-need")).includes(id(need)), "the need it fills");
  const at = (await office.inputValue("#c-school")).match(/[0-9a-z]{26}$/i)[0];
  await office.fill("#c-starts_on", "2026-09-01");
  await press(office, "main button.primary");
  assert.equal(await office.locator(".errors").count(), 0, await office.locator("main").innerText());
  await press(office, "main a[href$='/move/arrive']");
  await office.fill("#c-arrived_on", "2026-09-01");
  await press(office, "main button.primary");
  const row = `${hub}/needs/years?school=${at}&subject=mathematics`;
  const now = async () => { await office.goto(row); return office.locator("#table tbody tr td").last().innerText(); };
  assert.match(await now(), /posted|together/);
  await office.goto(`${hub}/people?school=${at}`);
  const local = await office.locator("main tbody th a").first().evaluate((a) => [a.pathname, a.textContent]);
  await office.goto(`${hub + need}/move/meet`);
  await office.fill("#c-carried_by", `${local[1]} · ${id(local[0])}`);
  await office.fill("#c-met_on", "2026-11-01");
  await press(office, "main button.primary");
  problems.push(...await look(office, "en-need-met"));
  assert.match(await now(), /together/);
  assert.equal(await office.locator(".years svg[role=img] .y-local").count() > 0, true);
  problems.push(...await look(office, "en-years-line"));
  await press(office, "#table tbody tr td:last-child a");
  assert.ok(await office.locator(`a[href='${need}']`).count(), "the cell opens into its rows");
  problems.push(...await look(office, "en-years-rows"));
  for (const [lang, path] of [["zh", "/needs/years"], ["bo", `/needs/years?school=${at}`], ["en", "/needs/years?subject=english"]]) {
    const page = await open(lang);
    await be(page, hub, "officer", path);
    problems.push(...await look(page, `${lang}-years${path.includes("?") ? "-narrowed" : ""}`));
  }
  assert.deepEqual(problems, []);
});

test("a delivery that the school confirms shows on the public page", { timeout: 300_000 }, async () => {
  const problems = [];
  const anybody = await open("zh");
  await anybody.goto(`${hub}/promises`);
  problems.push(...await look(anybody, "zh-promises"));
  const head = await open("en");
  await be(head, hub, "head", "/needs/new");
  const at = await head.inputValue("#c-school");
  await head.goto(`${hub}/promises?school=${at}`);
  const deals = await head.locator("main tbody th a").evaluateAll((links) => links.map((a) => a.pathname));
  let add;
  for (const deal of deals) {
    await head.goto(hub + deal);
    const found = head.locator("section:has(.sec a[href^='/deliveries/new'])");
    if (await found.count()) { add = [deal, await found.first().getAttribute("id")]; break; }
  }
  assert.ok(add, "a commitment that is brought");
  const [deal, place] = add;
  const counts = async (page) => { await page.goto(hub + deal); return page.locator(`#${place} > .count`).innerText(); };
  const before = await counts(anybody);
  problems.push(...await look(anybody, "zh-promise"));
  await press(head, `#${place} .sec a`);
  const money = /\.\d\d/.test(before);
  await head.fill(money ? "#c-amount" : "#c-number", money ? "1234.50" : "3");
  problems.push(...await look(head, "en-delivery-new"));
  await press(head, "main button.primary");
  const delivery = new URL(head.url()).pathname;
  const told = await counts(anybody);
  assert.notEqual(told, before);
  await head.goto(hub + delivery);
  await press(head, "main a[href$='/move/confirm']");
  await press(head, "main button.primary");
  problems.push(...await look(head, "en-delivery"));
  const confirmed = await counts(anybody);
  assert.notEqual(confirmed, told);
  assert.equal(await anybody.locator(`#${place} a[href^='/deliveries/']`).count(), 0, "publicly a row has a code");
  const tibetan = await open("bo");
  await tibetan.goto(hub + deal);
  problems.push(...await look(tibetan, "bo-promise"));
  assert.deepEqual(problems, []);
});

test("somebody of a school goes to learn, and a medic’s session is a number", { timeout: 300_000 }, async () => {
  const problems = [];
  const head = await open("zh");
  await be(head, school(1), "head", "/reverse-postings?state=arrived");
  problems.push(...await look(head, "zh-reverse"));
  await press(head, "main tbody th a");
  problems.push(...await look(head, "zh-reverse-one"));
  await paper(head, "a[href$='/notice']", "zh-notice-reverse");
  const person = id(await head.locator(".fields a[href^='/people/']").first().getAttribute("href"));
  const path = new URL(head.url()).pathname;
  const local = await open("bo");
  await local.goto(`${school(1)}/view-as?back=/today`);
  await local.evaluate((p) => { document.querySelector("form[data-role] [name=person]").value = p; }, person);
  await local.locator("form[data-role] button").first().click();
  await local.waitForURL((url) => !url.pathname.startsWith("/view-as"));
  assert.ok(await local.locator(`a[href='${path}']`).count(), "the first page shows it");
  problems.push(...await look(local, "bo-reverse-today"));
  await local.goto(school(1) + path);
  await local.fill("#report-said", "他们每周一起备课。སློབ་ཚན།");
  problems.push(...await look(local, "bo-reverse-report"));
  await press(local, "#reverse details form button");
  await head.goto(school(1) + path);
  assert.doesNotMatch(await head.locator("body").innerText(), /每周一起备课/);
  await head.goto(`${school(1)}/health-sessions/new`);
  await head.fill("#c-topic", "洗手与饮水");
  await head.fill("#c-medic_name", "县医院医生");
  await head.fill("#c-number", "36");
  await head.selectOption("#c-basis", "counted");
  problems.push(...await look(head, "zh-health-new"));
  await press(head, "main button.primary");
  await head.goto(`${school(1)}/health-sessions`);
  assert.match(await head.locator("main table").innerText(), /36/);
  problems.push(...await look(head, "zh-health"));
  assert.deepEqual(problems, []);
});
