// The link is cut; a visit is recorded at the school, carried to the hub on a stick by the pages, and the figure goes up.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, cut, hub, look, reader, school, start, until } from "./stage.mjs";

let stage;
const stick = mkdtempSync(join(tmpdir(), "stick-"));
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); rmSync(stick, { recursive: true, force: true }); });

const figure = async (page) => Number(await page.locator("#hub-figure").getAttribute("value"));

/** Saves the bundle that a page gives, as onto a stick. */
async function out(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".acts a.primary").click()]);
  assert.match(download.suggestedFilename(), /^zampa-.*\.zcarry$/);
  const path = join(stick, name);
  await download.saveAs(path);
  return path;
}

/** Takes a bundle in, and waits until the page says what came. */
async function bring(page, path, tone) {
  await page.setInputFiles("#bundle", path);
  await page.locator("main form button.primary").click();
  await until(async () => (await page.locator(`#came .notice.${tone}`).count()) === 1, `the page to say what came (${tone})`);
}

test("a visit is carried where the link is cut", { timeout: 240_000 }, async () => {
  const problems = [];
  const page = await (await reader(stage.browser, "en")).newPage();
  await cut(page, true);
  const visits = await figure(page);

  const there = await (await reader(stage.browser, "zh")).newPage();
  await be(there, school(1), "head", "/visits/new");
  await there.fill("#c-purpose", "断网时的送教");
  await there.selectOption("#c-host", { index: 1 });
  await there.locator("main button.primary").click();
  await there.waitForURL(/\/visits\/[0-9a-z]{26}$/);
  await there.goto(`${school(1)}/node`);
  await there.locator('a[href="/nodes/carry"]').click();
  problems.push(...await look(there, "zh-carry-school"));
  const bundle = await out(there, "to-hub.zcarry");
  await page.goto(`${hub}/`);
  assert.equal(await figure(page), visits, "the hub cannot know of it yet");

  await be(page, hub, "officer", "/nodes/carry");
  assert.ok((await page.locator('main .rows a[href*="to="]').count()) >= 2);
  problems.push(...await look(page, "en-carry-hub"));
  await bring(page, bundle, "ok");
  problems.push(...await look(page, "en-carry-came"));
  await page.goto(`${hub}/`);
  assert.equal(await figure(page), visits + 1);

  // The answer is small, and the school takes it; a bundle for another node, and one that is cut off, are told so.
  await page.goto(`${hub}/nodes/carry`);
  await there.goto(`${school(1)}/node`);
  const id = (await there.locator(".head code").textContent()).trim();
  await page.goto(`${hub}/nodes/carry?to=${id}`);
  problems.push(...await look(page, "en-carry-goes"));
  const answer = await out(page, "to-school.zcarry");
  assert.ok(readFileSync(answer).length < 100_000);
  await there.goto(`${school(1)}/nodes/carry`);
  await bring(there, answer, "ok");
  problems.push(...await look(there, "zh-carry-came"));
  await bring(page, answer, "bad");
  problems.push(...await look(page, "en-carry-elsewhere"));
  const part = join(stick, "part.zcarry");
  writeFileSync(part, readFileSync(bundle).subarray(0, -40));
  await bring(page, part, "wait");
  problems.push(...await look(page, "en-carry-cut"));

  const tibetan = await (await reader(stage.browser, "bo")).newPage();
  await be(tibetan, hub, "officer", "/nodes/carry");
  problems.push(...await look(tibetan, "bo-carry-hub"));
  assert.deepEqual(problems, []);
});
