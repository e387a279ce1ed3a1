// A week drafts itself, is amended, sent to the head, and seen by the two alone; a service record and a handover pack; what
// forms ask.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { be, look, press, reader, school, start } from "./stage.mjs";

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

/** Saves what a link gives, as a PDF with a name, and tells what it says. */
async function paper(page, selector, name) {
  const [sent] = await Promise.all([page.waitForEvent("download"), page.locator(selector).first().click()]);
  const file = await sent.path();
  assert.equal(readFileSync(file).subarray(0, 5).toString(), "%PDF-");
  copyFileSync(file, new URL(`../../artifacts/${name}.pdf`, import.meta.url));
  return execFileSync("pdftotext", ["-raw", file, "-"]).toString();
}

test("a week drafts itself, is sent to the head, and is nobody else's", { timeout: 400_000 }, async () => {
  const problems = [];
  const at = school(1);
  const own = await open("zh");
  await be(own, at, "posted", "/me");
  problems.push(...await look(own, "zh-week-me"));
  await press(own, "main a[href='/week']");
  problems.push(...await look(own, "zh-week-now"));
  // Back to a week in which something was.
  if (!(await own.locator(".week .rows li").count())) await press(own, ".week .empty a");
  const lines = await own.locator(".week .rows li").count();
  assert.ok(lines > 0, "facts of the demonstration draft a week");
  problems.push(...await look(own, "zh-week-draft"));
  const first = await own.locator(".week .rows li a").first().innerText();

  // A line is struck, and comes back; words are added.
  await own.locator(".week input[name=keep]").first().uncheck();
  await own.fill("#said", "这一周备课花了不少心思。");
  await press(own, ".week button.primary");
  assert.equal(await own.locator(".week del").count(), 1);
  assert.equal(await own.inputValue("#said"), "这一周备课花了不少心思。");
  problems.push(...await look(own, "zh-week-struck"));
  await own.locator(".week input[name=keep]").first().check();

  // Sent to the head: what was changed on the page goes along.
  const head = await own.locator("#to option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean)[0]);
  await own.selectOption("#to", head);
  await press(own, "button[formaction='/week/send']");
  const log = await own.locator("#sent a").first().getAttribute("href");
  problems.push(...await look(own, "zh-week-sent"));
  const said = await paper(own, "main a[href^='/week/paper']", "zh-week");
  assert.ok(said.includes("这一周备课"), said);

  const office = await open("en");
  await as(office, at, head, "/today");
  assert.ok(await office.locator(`a[href='${log}']`).count(), "the first page of the head leads there");
  problems.push(...await look(office, "en-week-today"));
  await press(office, `a[href='${log}'] >> nth=0`);
  const given = await office.locator(".given").innerText();
  assert.ok(given.includes("这一周备课花了不少心思。") && given.includes(first.split(" · ")[0]), given);
  problems.push(...await look(office, "en-week-log"));
  await office.goto(`${at}/week`);
  assert.deepEqual(await office.locator("#received a").evaluateAll((all) => all.map((a) => a.getAttribute("href"))), [log]);
  problems.push(...await look(office, "en-week-received"));

  // A colleague, whoever it is, is not told that there is one.
  const colleague = await open("bo");
  await be(colleague, at, "local", "/week");
  problems.push(...await look(colleague, "bo-week"));
  assert.equal((await colleague.goto(at + log)).status(), 404);

  // Taken back, it is gone for the head.
  await press(own, "#sent form button");
  assert.equal((await office.goto(at + log)).status(), 404);

  // The service record, and its paper.
  await own.goto(`${at}/service`);
  problems.push(...await look(own, "zh-service"));
  const record = await paper(own, "main a[href='/service/paper']", "zh-service");
  assert.match(record, /任职记录/);
  const tibetan = await open("bo");
  await be(tibetan, at, "posted", "/service");
  problems.push(...await look(tibetan, "bo-service"));
  await paper(tibetan, "main a[href='/service/paper']", "bo-service");

  // The handover pack, given to somebody of the school.
  await own.goto(`${at}/handover`);
  problems.push(...await look(own, "zh-handover"));
  await paper(own, "main a[href='/handover/paper']", "zh-handover");
  const next = await own.locator("#to option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean)[0]);
  await own.selectOption("#to", next);
  await own.fill("#said", "钥匙在教务处。");
  await press(own, "main .form button.primary");
  const pack = await own.locator("#given a").first().getAttribute("href");
  await as(office, at, next, "/today");
  await press(office, `a[href='${pack}'] >> nth=0`);
  assert.match(await office.locator(".given").innerText(), /钥匙在教务处/);
  problems.push(...await look(office, "en-handover-pack"));
  await office.goto(`${at}/handover`);
  problems.push(...await look(office, "en-handover"));

  // What forms ask, for every role, without a word of anybody.
  await own.goto(`${at}/typing`);
  assert.ok(await own.locator("#t-visit").count());
  problems.push(...await look(own, "zh-typing"));
  await office.goto(`${at}/typing?role=officer`);
  problems.push(...await look(office, "en-typing"));
  await colleague.goto(`${at}/typing?role=head`);
  problems.push(...await look(colleague, "bo-typing"));
  await office.goto(`${at}/more`);
  assert.ok(await office.locator("main a[href='/week']").count());

  assert.deepEqual(problems, []);
});
