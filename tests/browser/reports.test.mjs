// The office takes every report along, looks at a list from elsewhere before it is taken in, and others see what is public.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { archive, be, hub, look, press, reader, school, start } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const open = async (lang) => (await reader(stage.browser, lang)).newPage();

test("every report is saved, and a list comes in without demographics", { timeout: 300_000 }, async () => {
  const problems = [];
  const office = await open("en");
  await be(office, hub, "officer", "/reports");
  problems.push(...await look(office, "en-reports"));
  const links = office.locator("table.reports a[download]");
  assert.equal(await links.count(), 8);
  for (let i = 0; i < 8; i += 1) {
    const began = Date.now();
    const [sent] = await Promise.all([office.waitForEvent("download"), links.nth(i).click()]);
    const file = readFileSync(await sent.path());
    console.log(`${sent.suggestedFilename()}: ${file.length} bytes in ${Date.now() - began} ms`);
    assert.ok(file.length > 200, sent.suggestedFilename());
  }
  // Narrowed, the files say so.
  await office.selectOption("#f-year", { index: 2 });
  await office.selectOption("#f-term", "autumn");
  await press(office, "form.tools button");
  const href = await links.nth(1).getAttribute("href");
  assert.match(href, /^\/reports\/iati\.xml\?year=20\d\d&term=autumn$/);

  // A list from elsewhere.
  const roster = archive({
    "manifest.csv": "propertyName,value\noneroster.version,1.1\nsource.systemName,District school list\n",
    "orgs.csv": "sourcedId,status,name,type\ns1,,新结对小学,school\n",
    "users.csv": "sourcedId,status,role,orgSourcedIds,givenName,familyName,birthDate,gender\nu1,,teacher,s1,雪莲,钟,1980-01-01,F\nu2,,student,s1,小,李,2015-01-01,M\n",
    "demographics.csv": "sourcedId,birthDate,sex\nu1,1980-01-01,female\n",
  });
  const zh = await open("zh");
  await be(zh, hub, "officer", "/reports");
  problems.push(...await look(zh, "zh-reports"));
  await zh.setInputFiles("#roster-file", { name: "roster.zip", mimeType: "application/zip", buffer: roster });
  await press(zh, "#roster button");
  assert.match(await zh.locator("#refused").innerText(), /birthDate[\s\S]*gender/);
  problems.push(...await look(zh, "zh-roster"));
  await zh.selectOption("#schools", "partner_school");
  await press(zh, "main button.primary");
  assert.match(await zh.locator(".notice[role=status]").innerText(), /机构 1 个，人员 1 人/);
  await zh.setInputFiles("#roster-file", { name: "roster.zip", mimeType: "application/zip", buffer: roster });
  await press(zh, "#roster button");
  assert.equal(await zh.locator("main button.primary").count(), 0, "nothing is new");
  await zh.goto(`${hub}/reports`);
  await zh.setInputFiles("#roster-file", { name: "x.zip", mimeType: "application/zip", buffer: Buffer.from("nothing") });
  await press(zh, "#roster button");
  problems.push(...await look(zh, "zh-reports-broken"));

  // Who is not of the office sees what is public, and the figures of a school's box are its own.
  const bo = await open("bo");
  await be(bo, school(1), "head", "/reports");
  assert.equal(await bo.locator("table.reports a[download]").count(), 5);
  assert.equal(await bo.locator("#roster").count(), 0);
  problems.push(...await look(bo, "bo-reports"));
  assert.deepEqual(problems, []);
});
