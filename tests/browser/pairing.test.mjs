// Two people are proposed to each other, sign, write what is theirs alone, and end with a certificate; who leaves decides first.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

const PASS = { master: "雪莲 铅笔 渡口 七月", apprentice: "four words that differ" };

/** Makes one's key where the page asks for it: two fields, one button. */
async function makeKey(page, pass) {
  await page.fill("#pass-new", pass);
  await page.fill("#pass-again", pass);
  await page.locator("#make-key button").click();
  await page.locator("#make-key").waitFor({ state: "detached" });
  await until(async () => (await page.locator(".observe-signs").count()) === 1, "the key to be there");
}

async function unlock(page, pass) {
  await page.fill("#pass", pass);
  await page.locator("#unlock button").click();
  await page.locator("#close-sealed").waitFor();
}

/** The files of a directory, all the way down. */
function* files(dir) {
  for (const one of readdirSync(dir)) {
    const path = join(dir, one);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

/** In which files of the three nodes some bytes stand. */
const found = (word) => [...files(stage.data)].filter((path) => readFileSync(path).includes(Buffer.from(word)));

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

  // The apprentice has no key yet: nothing can be written before there is one. The master has none either, which is told.
  await local.locator("#make-key").waitFor();
  assert.ok(await local.locator("#pair-write form[data-seal] button").first().isDisabled());
  problems.push(...await look(local, "bo-pair-no-key"));
  await makeKey(local, PASS.apprentice);
  await local.locator("#other-none").waitFor();

  // A session with one next step, sealed to its writer alone so far; a lesson, and whether it fits.
  await local.fill("#pair-said", "zxqsaid一起备了观察课。སློབ་ཚན་འདི་ཡག་པོ་བྱུང་།");
  await local.fill("#pair-step", "zxqstep下周听一节课");
  problems.push(...await look(local, "bo-pair-write"));
  await local.locator("#pair-write > form button").click();
  await local.locator("#pair-timeline [data-sealed]").waitFor();
  await local.locator("#unlock").waitFor();
  assert.doesNotMatch(await local.locator("body").innerText(), /zxq/);
  problems.push(...await look(local, "bo-pair-sealed"));
  await local.fill("#pass", "not the passphrase");
  await local.locator("#unlock button").click();
  await local.locator("#unlock .notice.bad").waitFor();
  await unlock(local, PASS.apprentice);
  assert.match(await local.locator("#pair-timeline").innerText(), /zxqsaid一起备了观察课[\s\S]*zxqstep/);
  await local.locator("#pair-lesson > summary").click();
  await local.check("#pair-lesson [value=attended]");
  await press(local, "#pair-lesson form button");
  // The tab holds the key: it asks once.
  await local.locator("#close-sealed").waitFor();
  assert.match(await local.locator("#pair-timeline").innerText(), /zxqsaid/);
  assert.match(await local.locator("[data-step-of]").innerText(), /zxqstep/);
  problems.push(...await look(local, "bo-pair-timeline"));
  await press(local, "#pair-fit button[value=another]");

  // The master makes a key, and reads nothing before the apprentice's page has sealed it to that key too.
  await guest.goto(school(1) + path);
  await guest.locator("#make-key").waitFor();
  await makeKey(guest, PASS.master);
  await unlock(guest, PASS.master);
  assert.doesNotMatch(await guest.locator("body").innerText(), /zxq/);
  problems.push(...await look(guest, "en-pair-not-yours"));
  await local.reload();
  await local.locator("[data-pair] .notice.ok").waitFor();
  problems.push(...await look(local, "bo-pair-given"));
  await guest.reload();
  await guest.locator("#close-sealed").waitFor();
  assert.match(await guest.locator("#pair-timeline").innerText(), /zxqstep下周听一节课/);
  problems.push(...await look(guest, "en-pair-timeline"));

  // What the master writes is read by the apprentice, in another browser; what is closed is closed.
  await guest.fill("#pair-said", "zxqmaster She waited, and they asked.");
  await guest.fill("#pair-step", "zxqmore Write down their questions");
  await guest.locator("#pair-write > form button").click();
  await until(async () => (await guest.locator("#pair-timeline [data-sealed]").count()) === 2, "the master's note");
  await local.reload();
  await local.locator("#close-sealed").waitFor();
  assert.match(await local.locator("#pair-timeline").innerText(), /zxqmaster She waited/);
  await local.locator("#close-sealed").click();
  await local.locator("#unlock").waitFor();
  assert.doesNotMatch(await local.locator("body").innerText(), /zxq/);
  await local.reload();
  await unlock(local, PASS.apprentice);

  // Should a node say that another is the master now, with a key of their own, no note of these two is sealed to it.
  const sent = [];
  local.on("request", (request) => { if (request.url().endsWith("/keys")) sent.push(request.url()); });
  const given = await local.evaluate(async (url) => (await fetch(url)).json(), `${path}/sealed`);
  given.other = { id: "0".repeat(26), name: "Somebody else", key: { id: "1".repeat(26), public: given.key.public } };
  await local.route("**/sealed", (route) => route.fulfill({ json: given }));
  await local.reload();
  await local.locator("#close-sealed").waitFor();
  assert.match(await local.locator("#pair-timeline").innerText(), /zxqmaster She waited[\s\S]*zxqsaid|zxqsaid[\s\S]*zxqmaster She waited/);
  await local.waitForTimeout(1500);
  assert.deepEqual(sent, [], "nothing is sealed to a third");
  assert.equal(await local.locator("#pair-asks").count(), 0, "and nobody is asked to");
  await local.unroute("**/sealed");
  await local.reload();
  await local.locator("#close-sealed").waitFor();

  // A goal in one's own words, what shows it, and that the two have looked at it.
  await local.locator("#pair-goal-new > summary").click();
  await local.fill("#pair-goal-said", "zxqgoal让学生先说再写");
  problems.push(...await look(local, "bo-pair-goal-new"));
  await local.locator("#pair-goal-new button").click();
  await local.locator("#pair-growth .goal .said").waitFor();
  assert.match(await local.locator("#pair-growth .goal").innerText(), /zxqgoal让学生先说再写/);
  assert.equal(await local.locator("form[action$='/goals/review']").count(), 0, "not before something shows it");
  await local.locator(".goal details summary").click();
  const lesson = await local.locator(".goal select option").evaluateAll((all) => all.map((o) => o.value).find((v) => v.startsWith("lesson:")));
  await local.selectOption(".goal select", lesson);
  await press(local, ".goal form[action$='/goals/show'] button");
  await guest.goto(school(1) + path);
  await guest.locator("#close-sealed").waitFor();
  await guest.locator(".goal details summary").click();
  await guest.fill(".goal textarea", "zxqproof Three of them asked first.");
  problems.push(...await look(guest, "en-pair-evidence"));
  await guest.locator(".goal form[data-seal] button").click();
  await until(async () => (await guest.locator(".goal li .said").count()) === 1, "the sentence");
  problems.push(...await look(guest, "en-pair-goal"));
  await press(guest, "form[action$='/goals/review'] button");
  assert.equal(await guest.locator("form[action$='/goals/review']").count(), 0, "it waits for the other");
  await local.reload();
  await local.locator("#close-sealed").waitFor();
  problems.push(...await look(local, "bo-pair-goal-asked"));
  await press(local, "form[action$='/goals/review'] button");
  await local.locator("#close-sealed").waitFor();
  const goal = await local.locator(".goal").innerText();
  assert.match(goal, /zxqgoal/);
  assert.match(goal, /zxqproof Three of them asked first/);
  assert.equal(await local.locator(".goal form[data-seal], .goal form[action$='/goals/show']").count(), 0, "reviewed, it takes nothing more");
  problems.push(...await look(local, "bo-pair-goal-reviewed"));

  // Without scripts the page says what it needs, and sends nothing.
  const bare = await (await stage.browser.newContext({ javaScriptEnabled: false, storageState: await guest.context().storageState() })).newPage();
  await bare.goto(school(1) + path);
  assert.match(await bare.locator("main").innerText(), /JavaScript/);
  assert.equal(await bare.locator("form[data-seal] button:enabled").count(), 0);
  assert.equal(await bare.locator("form[data-seal] [name]").count(), 0, "what is typed has no name to be sent under");
  await bare.context().close();

  const notes = (page, host) => page.evaluate(async (url) => (await fetch(url)).status, `${host}${path}/sealed`);
  await head.goto(school(1) + path);
  assert.doesNotMatch(await head.locator("body").innerText(), /zxq/);
  assert.equal(await head.locator("[data-sealed], [data-pair]").count(), 0);
  assert.equal(await notes(head, school(1)), 403);
  problems.push(...await look(head, "zh-pair-head"));

  // The officer at the hub reads no note, and learns that a re-pairing is wished.
  const officer = await open("en");
  await be(officer, hub, "officer", "/today");
  await until(async () => {
    await officer.goto(`${hub}/pairings/due`);
    return officer.locator(`a[href='${path}']`).count();
  }, "the wish at the hub");
  problems.push(...await look(officer, "en-pair-due"));
  // They look for another, and ask the head, who is told no more than that.
  await press(officer, `form[action='${path}/another'] button`);
  assert.equal(await officer.locator(`form[action='${path}/another']`).count(), 0, "once is enough");
  problems.push(...await look(officer, "en-pair-due-asked"));
  await press(officer, `a[href$='?for=${path.split("/").pop()}']`);
  assert.equal(await officer.locator("#pair-anew, #pair-offers").count(), 2);
  problems.push(...await look(officer, "en-pair-anew"));
  await until(async () => {
    await head.goto(`${school(1)}/pairings/due`);
    return head.locator(`#asked a[href='${path}']`).count();
  }, "the head to be asked");
  assert.equal(await head.locator("#wished").count(), 0);
  problems.push(...await look(head, "zh-pair-asked"));
  for (const role of ["administrator", "officer"]) {
    await be(officer, hub, role, path);
    await officer.goto(hub + path);
    assert.doesNotMatch(await officer.locator("body").innerText(), /zxq/, role);
    assert.equal(await officer.locator("[data-sealed], [data-pair]").count(), 0, role);
    assert.equal(await notes(officer, hub), 403, role);
  }
  problems.push(...await look(officer, "en-pair-officer"));

  // It ends: both review it, and take a certificate.
  await guest.goto(school(1) + path);
  await press(guest, "main a[href$='/move/close']");
  await press(guest, "main button.primary");
  for (const [page, said] of [[guest, "I learned to ask instead of telling."], [local, "学会了先让学生看。"]]) {
    await page.goto(school(1) + path);
    await page.locator("#pair-review summary").click();
    await page.fill("#pair-review-said", said);
    await page.locator("#pair-review details button").click();
    await page.locator("#pair-review > [data-sealed]", { hasText: said }).waitFor();
  }
  assert.match(await local.locator("#pair-review").innerText(), /ask instead of telling[\s\S]*先让学生看|先让学生看[\s\S]*ask instead of telling/);
  problems.push(...await look(local, "bo-pair-review"));
  const [paper] = await Promise.all([local.waitForEvent("download"), local.locator("a[href$='/certificate']").click()]);
  const bytes = readFileSync(await paper.path());
  assert.equal(bytes.subarray(0, 5).toString(), "%PDF-");
  writeFileSync(new URL("../../artifacts/bo-pair-certificate.pdf", import.meta.url), bytes);

  // The master reads it at the hub too, and no disk of the three nodes holds a word of it; goals, in the clear, it does.
  const elsewhere = await open("zh");
  await until(async () => {
    await as(elsewhere, hub, master, "/today");
    await elsewhere.goto(hub + path);
    return (await elsewhere.locator("#pair-review > [data-sealed]").count()) === 2;
  }, "the envelopes at the hub");
  await unlock(elsewhere, PASS.master);
  assert.match(await elsewhere.locator("#pair-timeline").innerText(), /zxqsaid一起备了观察课/);
  assert.match(await elsewhere.locator("#pair-review").innerText(), /先让学生看/);
  problems.push(...await look(elsewhere, "zh-pair-hub"));
  assert.ok(found((await elsewhere.locator(".pair .person b").first().innerText()).trim()).length > 0, "the search finds what is in the clear");
  for (const word of ["zxqsaid", "zxqstep", "zxqmaster", "zxqmore", "zxqgoal", "zxqproof", "ask instead of telling", "学会了先让学生看", PASS.master, PASS.apprentice]) assert.deepEqual(found(word), [], word);
  assert.deepEqual(problems, []);
});

test("what was written before notes were sealed is marked, and its writer seals it", { timeout: 300_000 }, async () => {
  const problems = [];
  const page = await open("zh");
  let path = "";
  for (let at = 0; !path && at < 8; at += 1) {
    await page.goto(`${school(1)}/view-as?back=/today`);
    const someone = page.locator('form[data-role="posted"] button').nth(at);
    if (!await someone.count()) break;
    await someone.click();
    await page.waitForURL((url) => !url.pathname.startsWith("/view-as"));
    await page.goto(`${school(1)}/today`);
    const me = (await page.locator(".account summary").textContent()).trim();
    await page.goto(`${school(1)}/pairings?state=active`);
    const paths = await page.locator("main tr", { hasText: me }).locator("a[href^='/pairings/']").evaluateAll((links) => [...new Set(links.map((a) => a.pathname))]);
    for (const one of paths) {
      await page.goto(school(1) + one);
      if (await page.locator("[data-clear][data-own=true]").count()) { path = one; break; }
    }
  }
  assert.ok(path, "a pairing with notes of before");
  await page.locator("#make-key, .observe-signs").first().waitFor();
  const word = (await page.locator("[data-clear][data-own=true] [data-said]").first().innerText()).slice(0, 12);
  const others = await page.locator("[data-clear][data-own=false]").count();
  assert.ok(found(word).length > 0, "it stands on a disk");
  if (await page.locator("#make-key").count()) await makeKey(page, PASS.apprentice);
  assert.equal(await page.locator("#pair-old").count(), 0, "not before the other can read it");
  problems.push(...await look(page, "zh-pair-clear"));
  const other = await open("en");
  const [, apprentice] = await page.locator(".fields a[href^='/people/']").evaluateAll((links) => links.map((a) => a.pathname.split("/").pop()));
  await as(other, school(1), apprentice, path);
  await other.locator("#make-key, .observe-signs").first().waitFor();
  if (await other.locator("#make-key").count()) await makeKey(other, PASS.master);
  await other.context().close();
  await page.reload();
  await page.locator("#pair-old > summary").click();
  problems.push(...await look(page, "zh-pair-old"));
  await page.locator("#do-seal-old").click();
  await until(async () => (await page.locator("[data-clear][data-own=true]").count()) === 0 && (await page.locator("#unlock").count()) === 1, "the notes to be sealed");
  await unlock(page, PASS.apprentice);
  assert.ok((await page.locator("#pair-timeline").innerText()).includes(word));
  assert.equal(await page.locator("[data-clear]").count(), others, "those of the other are theirs to seal");
  problems.push(...await look(page, "zh-pair-old-sealed"));
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
