// A visit to three schools, recorded in a browser with no network, met by a school's node, carried to the hub: the figures
// move by what the rules say. A lost phone forgets everything.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, hub, look, photograph, reader, school, start, until } from "./stage.mjs";

const PIN = "27182818";
let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const figure = async (page, code) => {
  await page.goto(`${hub}/figures/${code}`);
  return Number((await page.locator(".fig .n data").textContent()).replace(/[^0-9]/g, ""));
};

async function unlock(page) {
  await page.fill("#c-pin", PIN);
  await page.locator("form button.primary").click();
  await page.locator(".head, h1").first().waitFor();
}

/** Prepares the browser as a phone of who is signed in. */
async function prepare(page, host) {
  await page.goto(`${host}/pocket`);
  await page.fill("#c-device", "Phone of the test");
  await page.fill("#c-pin", PIN);
  await page.fill("#c-again", PIN);
  await page.locator("form button.primary").click();
  await page.locator("#unplanned").waitFor();
  await until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration("/pocket"))?.active?.state === "activated"), "the worker");
  await until(() => page.evaluate(async () => Boolean(await caches.match("/static/tibetan-400.woff2"))), "the letters of Tibetan");
}

/** Names that have signed in somewhere. */
const used = new Set();

/** Records an unplanned visit with so many who sign in by name, nobody twice but those given; gives the taps and keys that
 * it took. */
async function record(page, n, names, purpose, again = []) {
  let steps = 0;
  const tap = async (what) => { await what.click(); steps += 1; };
  await tap(page.locator("#unplanned"));
  await page.fill("#c-purpose", purpose);
  steps += purpose.length;
  await page.selectOption("#c-host", { index: n });
  steps += 2;
  const people = page.locator("#people .pocket-name");
  await until(async () => (await people.count()) >= names, `${names} names`, 5000);
  const free = (await people.allTextContents()).filter((name) => !used.has(name)).slice(0, names);
  assert.equal(free.length, names);
  for (const name of [...free, ...again]) {
    await tap(page.locator("#people .pocket-name", { hasText: new RegExp(`^${name}$`) }).first());
    used.add(name);
  }
  await tap(page.getByRole("button", { name: "+" }).first());
  return steps;
}

test("three schools in a village with no network", { timeout: 300_000 }, async () => {
  const office = await reader(stage.browser, "zh");
  const desk = await office.newPage();
  await be(desk, hub, "officer");
  const before = { visits: await figure(desk, "visits"), times: await figure(desk, "person-times") };

  const phone = await reader(stage.browser, "zh", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(10_000);
  const problems = [];
  await be(page, school(1), "posted");
  await page.goto(`${school(1)}/pocket`);
  problems.push(...await look(page, "zh-pocket-prepare"));
  await page.setViewportSize({ width: 360, height: 800 });
  await prepare(page, school(1));
  problems.push(...await look(page, "zh-pocket-home"));
  await page.setViewportSize({ width: 360, height: 800 });

  const photo = await photograph(page);
  await phone.setOffline(true);
  await page.reload();
  await page.fill("#c-pin", "000000");
  await page.locator("form button.primary").click();
  await until(async () => (await page.locator(".notice.bad").count()) > 0, "the wrong PIN to be refused");
  await page.fill("#c-pin", PIN);
  await page.locator("form button.primary").click();
  await page.locator("#unplanned").waitFor();
  for (const [n, names, purpose] of [[1, 20, "一"], [2, 3, "二"], [3, 4, "三"]]) {
    // With the last host, one signs in who was with the first that day.
    const steps = await record(page, n, names, purpose, n === 3 ? [[...used][19]] : []);
    if (n === 1) {
      problems.push(...await look(page, "zh-pocket-visit"));
      await page.setViewportSize({ width: 360, height: 800 });
      await page.fill("#c-ends", "2020-01-01");
      await page.locator("#record").click();
      assert.ok(await page.locator("#wrong").isVisible(), "it ends before it begins");
      await page.fill("#c-ends", await page.inputValue("#c-starts"));
      await page.fill("#c-advice", "先猜后看");
      await page.setInputFiles("#c-pictures", { name: "IMG_1.jpg", mimeType: "image/jpeg", buffer: photo });
      await until(async () => (await page.locator(".pocket-pictures img").count()) === 1, "the picture");
    }
    await page.locator("#record").click();
    await page.locator("#recorded").waitFor();
    if (names === 20) assert.ok(steps + 1 <= 45, `${steps + 1} taps and keys`);
  }
  await page.reload();
  await page.fill("#c-pin", PIN);
  await page.locator("form button.primary").click();
  await until(async () => (await page.locator("#recorded .tag.wait").count()) === 3, "what was recorded to outlive a restart");
  for (const lang of ["བོད་ཡིག", "English"]) {
    await page.getByRole("button", { name: lang }).click();
    assert.ok((await page.evaluate(() => document.fonts.load('16px "Zampa Tibetan"', "བོད"))).length > 0, "letters with no network");
    problems.push(...await look(page, `${lang === "English" ? "en" : "bo"}-pocket-recorded`));
  }
  await page.setViewportSize({ width: 360, height: 800 });

  // By itself, as soon as there is a network; of the first delivery the answer is lost, so all of it comes twice.
  await page.route("**/pocket/hand", async (route) => {
    const asked = route.request();
    const there = new URL(asked.url());
    const answer = await fetch(`http://127.0.0.1:${there.port}${there.pathname}`, { method: "POST", headers: { authorization: await asked.headerValue("authorization"), "content-type": "application/json" }, body: asked.postData() });
    assert.equal(answer.status, 200);
    await route.abort();
  }, { times: 1 });
  await phone.setOffline(false);
  await until(async () => (await page.locator("#recorded .tag").allTextContents()).every((said) => said.includes("no answer")), "the lost answer");
  await page.locator("#hand").click();
  await until(async () => (await page.locator("#recorded .tag.ok").count()) === 2 && (await page.locator("#recorded .tag.bad").count()) === 1, "all to be handed over");
  await until(async () => (await figure(desk, "visits")) === before.visits + 3, "the hub's figure");
  assert.equal(await figure(desk, "person-times"), before.times + 20 + 3 + 4, "person-times: the named, but who was elsewhere");
  problems.push(...await look(page, "en-pocket-handed"));
  await page.setViewportSize({ width: 360, height: 800 });
  await page.locator("#recorded .tag.bad").locator("xpath=ancestor::li").locator("a").click();
  await until(async () => (await page.locator(".notice.bad li").count()) === 1, "who was elsewhere to be told");
  problems.push(...await look(page, "en-pocket-left"));

  // Another node that knows its person can be met too.
  await page.goto(`${school(1)}/pocket#phone`);
  await page.fill("#c-node", hub);
  await page.locator("form button.primary").click();
  problems.push(...await look(page, "en-pocket-phone"));
  await page.setViewportSize({ width: 360, height: 800 });
  assert.equal(await figure(desk, "visits"), before.visits + 3);

  // The picture came with the first visit, without what a camera writes into it.
  await be(desk, hub, "officer", "/visits?q=");
  await until(async () => {
    await desk.goto(`${hub}/search?q=${encodeURIComponent("先猜后看")}`);
    return (await desk.locator("main a[href^='/visits/']").count()) > 0;
  }, "the advice at the hub");
  await desk.locator("main a[href^='/visits/']").first().click();
  await until(async () => { await desk.reload(); return (await desk.locator("img[src^='/files/']").count()) === 1; }, "the picture at the hub");

  // Lost: said at the hub, heard by the locked phone at the school's node.
  await be(page, school(1), "posted", "/pockets");
  problems.push(...await look(page, "zh-pocket-phones"));
  await page.locator(".pocket-lose summary").click();
  await page.locator(".pocket-lose button").click();
  await page.goto(`${school(1)}/pocket`);
  await until(async () => (await page.evaluate(() => indexedDB.databases())).every((d) => d.name !== "zampa-pocket"), "the phone to forget");
  assert.equal(await page.evaluate(async () => (await caches.keys()).length), 0);
  assert.deepEqual(problems, []);
  await phone.close();
  await office.close();
});

test("a phone that meets nobody for thirty days goes on, and keeps what was recorded after that too", { timeout: 120_000 }, async () => {
  const phone = await reader(stage.browser, "en", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(10_000);
  await be(page, school(1), "posted");
  await prepare(page, school(1));
  const planned = await page.locator("#planned li").count();
  assert.ok(planned > 0);
  await phone.setOffline(true);
  for (const [days, lists] of [[29, planned], [31, 0]]) {
    await page.clock.setFixedTime(Date.now() + days * 24 * 3600 * 1000);
    await page.reload();
    await unlock(page);
    await page.locator("#unplanned").waitFor();
    assert.equal(await page.locator("#planned li").count(), lists, `after ${days} days`);
    if (days === 29) {
      await page.locator("#planned button").first().click();
      await page.locator("#record").click();
      await page.locator("#recorded").waitFor();
    }
  }
  assert.equal(await page.locator("#recorded .tag.wait").count(), 1, "what was recorded is there");
  await phone.close();
});

test("a phone whose storage is full says so, and keeps on its screen what was typed", { timeout: 120_000 }, async () => {
  const phone = await reader(stage.browser, "en", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(10_000);
  await be(page, school(1), "posted");
  await prepare(page, school(1));
  const full = (is) => page.evaluate((is) => {
    window.puts ??= IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = is ? () => { throw new DOMException("full", "QuotaExceededError"); } : window.puts;
  }, is);
  // A record cannot even be begun.
  await full(true);
  await page.locator("#unplanned").click();
  await page.getByText("could not be kept on the phone").waitFor();
  assert.equal(await page.locator("#record").count(), 0);
  await full(false);
  await page.locator("#unplanned").click();
  await page.fill("#c-purpose", "A lesson in the village");
  await page.selectOption("#c-host", { index: 1 });
  await page.fill("#c-advice", "Guess first");
  await full(true);
  for (const button of ["#record", "#later"]) {
    await page.locator(button).click();
    await page.locator("#wrong", { hasText: "could not be kept on the phone" }).waitFor();
    assert.equal(await page.inputValue("#c-advice"), "Guess first", `still there after ${button}`);
  }
  const problems = await look(page, "en-pocket-full");
  await page.setViewportSize({ width: 360, height: 800 });
  await full(false);
  await page.locator("#record").click();
  await page.locator("#recorded .tag").first().waitFor();
  assert.deepEqual(problems, []);
  await phone.close();
});

test("who goes on visits no more has no lists on the phone, and still has what they recorded", { timeout: 120_000 }, async () => {
  const phone = await reader(stage.browser, "zh", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(10_000);
  await be(page, school(1), "posted");
  await prepare(page, school(1));
  assert.ok((await page.locator("#planned li").count()) > 0);
  await page.locator("#planned button").first().click();
  await page.locator("#later").click();
  await page.locator("#recorded li").waitFor();
  await page.route("**/pocket/state/**", (route) => route.fulfill({ json: { state: "ended" } }));
  await page.locator("#hand").click();
  await page.locator(".notice.bad", { hasText: "没有下乡的角色" }).waitFor();
  assert.equal(await page.locator("#planned li").count(), 0);
  assert.equal(await page.locator("#recorded li").count(), 1);
  const problems = await look(page, "zh-pocket-ended");
  const names = await page.evaluate(async () => {
    const db = await new Promise((resolve) => { const asked = indexedDB.open("zampa-pocket"); asked.onsuccess = () => resolve(asked.result); });
    return new Promise((resolve) => { const asked = db.transaction("sealed").objectStore("sealed").getAllKeys(); asked.onsuccess = () => resolve(asked.result); });
  });
  assert.ok(!names.includes("pack") && names.some((name) => name.startsWith("item:")), String(names));
  // What was held while there was a role is handed over all the same; the node decides which days those are.
  await page.setViewportSize({ width: 360, height: 800 });
  await page.locator("#recorded a").first().click();
  await page.locator("#record").click();
  await page.locator("#recorded .tag.ok").waitFor();
  assert.equal(await page.locator("#planned li").count(), 0, "and no list comes back with it");
  // The role comes back, and so do the lists.
  await page.unroute("**/pocket/state/**");
  await page.setViewportSize({ width: 360, height: 800 });
  await page.locator("#hand").click();
  await page.locator("#unplanned").waitFor();
  await until(async () => (await page.locator(".hint", { hasText: ":" }).count()) > 0, "the lists");
  assert.deepEqual(problems, []);
  await phone.close();
});

test("names in the reader's language, a visit read before it is recorded, and a host that no list has", { timeout: 180_000 }, async () => {
  const phone = await reader(stage.browser, "en", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(10_000);
  const problems = [];
  await be(page, school(1), "posted");
  await prepare(page, school(1));
  const small = () => page.setViewportSize({ width: 360, height: 800 });
  await phone.setOffline(true);
  const han = /[\u4e00-\u9fff]/;
  const person = await page.locator(".head p").first().textContent();
  assert.ok(!han.test(person), person);

  // To read what is to come begins nothing.
  const coming = await page.locator("#planned li").count();
  const link = page.locator("#planned a").first();
  const name = await link.textContent();
  assert.ok(!han.test(name), name);
  await link.click();
  await page.locator("#begin").waitFor();
  assert.ok(!han.test(await page.locator("h1").textContent()));
  problems.push(...await look(page, "en-pocket-plan"));
  await small();
  await page.locator("main a[href='#']").click();
  await page.locator("#planned").waitFor();
  assert.equal(await page.locator("#planned li").count(), coming);
  assert.equal(await page.locator("#recorded li").count(), 0, "nothing was begun");

  // Any school of the programme, by its name.
  await page.locator("#unplanned").click();
  const groups = page.locator("#c-host optgroup");
  await groups.first().waitFor({ state: "attached" });
  assert.equal(await groups.count(), 2);
  assert.ok((await groups.nth(1).locator("option").count()) > 50);
  const options = await page.locator("#c-host option").allTextContents();
  assert.deepEqual(options.filter((one) => han.test(one)), []);
  const far = await groups.nth(1).locator("option").first().getAttribute("value");
  await page.fill("#c-purpose", "Far away");
  await page.selectOption("#c-host", far);
  await page.locator("#no-names").waitFor();
  // A wrong code is told, and not lost.
  await page.fill("#c-code", "ABC-1");
  await page.press("#c-code", "Enter");
  await page.locator("#code-wrong", { hasText: "eight letters and digits" }).waitFor();
  await page.locator("#record").click();
  await page.locator("#wrong", { hasText: "eight letters and digits" }).waitFor();
  problems.push(...await look(page, "en-pocket-code"));
  await small();
  await page.fill("#c-code", "");
  await page.fill("#c-n-local_teachers", "20");
  await page.locator("#record").click();
  await page.locator("#recorded li").waitFor();

  // One that no list has is written, looked for, and asked about where it is not found.
  for (const said of ["Nowhere School", options.at(-2)]) {
    await page.locator("#unplanned").click();
    await page.fill("#c-purpose", said);
    await page.selectOption("#c-host", "other");
    await page.locator("#record").click();
    await page.locator("#wrong").waitFor();
    await page.fill("#c-host-said", said);
    if (said === "Nowhere School") problems.push(...await look(page, "en-pocket-host"));
    await small();
    await page.locator("#record").click();
    await page.locator("#recorded").waitFor();
  }
  await phone.setOffline(false);
  await page.locator("#hand").click();
  await until(async () => (await page.locator("#recorded .tag.ok").count()) === 2 && (await page.locator("#recorded .tag.bad").count()) === 1, "two to be taken");
  const host = await page.locator("#recorded li", { hasText: "Far away" }).locator("p").nth(1).textContent();
  assert.ok(host.split(" · ").length === 2 && !han.test(host), `the host is still named: ${host}`);
  await page.locator("#recorded .tag.bad").locator("xpath=ancestor::li").locator("a").click();
  await page.locator(".notice.bad", { hasText: "Nowhere School" }).waitFor();
  await page.locator("main a[href='#']").click();
  await page.locator("#recorded a", { hasText: "Far away" }).click();
  await page.locator("#heads", { hasText: "20" }).waitFor();
  assert.ok((await page.locator("#heads").textContent()).includes("verified"), "a count waits, and that is said");
  problems.push(...await look(page, "en-pocket-heads"));

  // In Chinese, days as pages write them.
  await small();
  await page.locator("main a[href='#']").click();
  await page.getByRole("button", { name: "中文" }).click();
  await until(async () => /\d{4}年\d+月\d+日 星期./.test(await page.locator("#planned li").first().textContent()), "a Chinese day");
  assert.ok(han.test(await page.locator(".head p").first().textContent()));
  await page.locator("#planned a").first().click();
  await page.locator("#begin").waitFor();
  problems.push(...await look(page, "zh-pocket-plan"));
  assert.deepEqual(problems, []);
  await phone.close();
});

/** What lies in the clear on a phone, and the names of what is sealed. */
const inTheClear = (page) => page.evaluate(async () => {
  const ask = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const db = await ask(indexedDB.open("zampa-pocket"));
  const is = await ask(db.transaction("clear").objectStore("clear").get("clear"));
  db.close();
  return { rounds: is.rounds, proof: Boolean(is.proof), long: is.long, own: is.own?.extractable, keys: Object.keys(is).sort() };
});

test("a PIN opens with the browser's own key alone; one of before is locked anew, and six digits ask for more", { timeout: 180_000 }, async () => {
  const phone = await reader(stage.browser, "en", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(10_000);
  await be(page, school(1), "posted");
  await page.goto(`${school(1)}/pocket`);
  await page.fill("#c-pin", "271828");
  await page.fill("#c-again", "271828");
  await page.locator("form button.primary").click();
  await page.locator(".notice.bad", { hasText: "fewer than eight" }).waitFor();
  await prepare(page, school(1));
  const fresh = await inTheClear(page);
  assert.deepEqual([fresh.own, fresh.proof, fresh.long], [false, false, true]);
  assert.ok(fresh.rounds >= 600_000, String(fresh.rounds));
  await page.locator("#planned button").first().click();
  await page.fill("#c-advice", "Kept through all of it");
  await page.locator("#later").click();
  await page.locator("#recorded li").waitFor();

  // As a version of before sealed it: the key is the PIN's own, and six digits were enough.
  await phone.setOffline(true);
  await page.evaluate(async () => {
    const ask = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const db = await ask(indexedDB.open("zampa-pocket"));
    const is = await ask(db.transaction("clear").objectStore("clear").get("clear"));
    const derive = async (pin, salt, rounds) => crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]), 256);
    const aes = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
    const both = await aes(await crypto.subtle.sign("HMAC", is.own, await derive("27182818", is.salt, is.rounds)));
    const inner = await aes(await crypto.subtle.decrypt({ name: "AES-GCM", iv: is.locked.iv }, both, is.locked.data));
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const old = await aes(await derive("271828", salt, 310_000));
    const seal = async (plain) => { const iv = crypto.getRandomValues(new Uint8Array(12)); return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, old, plain) }; };
    const names = await ask(db.transaction("sealed").objectStore("sealed").getAllKeys());
    for (const name of names) {
      const sealed = await ask(db.transaction("sealed").objectStore("sealed").get(name));
      const again = await seal(await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, inner, sealed.data));
      await ask(db.transaction("sealed", "readwrite").objectStore("sealed").put(again, name));
    }
    const proof = await seal(new TextEncoder().encode("zampa"));
    await ask(db.transaction("clear", "readwrite").objectStore("clear").put({ id: is.id, salt, proof, nodes: is.nodes, lang: is.lang }, "clear"));
    db.close();
  });
  await page.reload();
  await page.fill("#c-pin", "271829");
  await page.locator("form button.primary").click();
  await page.locator(".notice.bad").waitFor();
  assert.equal((await inTheClear(page)).proof, true, "a wrong PIN changes nothing");
  await page.fill("#c-pin", "271828");
  await page.locator("form button.primary").click();
  await page.locator("#recorded li").waitFor();
  const anew = await inTheClear(page);
  assert.deepEqual([anew.own, anew.proof, anew.long], [false, false, false], "locked anew, and its PIN known to be short");
  await page.locator("#recorded a").first().click();
  assert.equal(await page.inputValue("#c-advice"), "Kept through all of it");

  // Another PIN, by who knows the one there is.
  await page.goto(`${school(1)}/pocket#phone`);
  const change = async (now, next) => {
    await page.fill("#c-now", now);
    await page.fill("#new-pin #c-pin", next);
    await page.fill("#c-again", next);
    await page.locator("#new-pin button").click();
  };
  await page.locator("#new-pin[open]").waitFor();
  await change("000000", "wisdom11");
  await page.locator(".notice.bad").waitFor();
  await page.setViewportSize({ width: 360, height: 800 });
  const problems = await look(page, "en-pocket-pin");
  await page.setViewportSize({ width: 360, height: 800 });
  // Whom to call for a pupil comes along once the PIN is long enough, and not before.
  const contacts = () => page.evaluate(async () => {
    const ask = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
    const db = await ask(indexedDB.open("zampa-pocket"));
    const names = await ask(db.transaction("sealed").objectStore("sealed").getAllKeys());
    db.close();
    return names.filter((name) => name.startsWith("contacts:"));
  });
  await page.route("**/pocket/pack", async (route) => {
    const asked = route.request();
    const there = new URL(asked.url());
    const answer = await fetch(`http://127.0.0.1:${there.port}${there.pathname}`, { headers: { authorization: await asked.headerValue("authorization") } });
    const pupils = [{ id: "p1", code: "a1", name: "Dolma", class: "3", withdrawn: false, contact: "0000" }];
    await route.fulfill({ json: { ...(await answer.json()), tours: [{ id: "t1", title: "A tour", starts: "2026-10-01", ends: "2126-10-01", until: "2126-10-02", legs: [], pupils }] } });
  });
  await phone.setOffline(false);
  await page.goto(`${school(1)}/pocket#`);
  await page.locator("#hand").click();
  await page.locator("#longer").waitFor();
  assert.deepEqual(await contacts(), []);
  problems.push(...await look(page, "en-pocket-longer"));
  await page.setViewportSize({ width: 360, height: 800 });
  await page.locator("#longer a").click();
  await change("271828", "wisdom11");
  await page.locator("#recorded li").waitFor();
  await until(async () => (await contacts()).length === 1, "the contacts to come along");
  assert.equal(await page.locator("#longer").count(), 0);
  await page.reload();
  await page.fill("#c-pin", "271828");
  await page.locator("form button.primary").click();
  await page.locator(".notice.bad").waitFor();
  await page.fill("#c-pin", "wisdom11");
  await page.locator("form button.primary").click();
  await page.locator("#recorded a").first().click();
  assert.equal(await page.inputValue("#c-advice"), "Kept through all of it");

  // What is forgotten in one page is gone from another that has it open, at once.
  const other = await phone.newPage();
  await phone.setOffline(false);
  await other.goto(`${school(1)}/pocket#phone`);
  await other.fill("#c-pin", "wisdom11");
  await other.locator("form button.primary").click();
  await other.locator("summary", { hasText: "Remove everything" }).click();
  await other.getByRole("button", { name: "Remove everything" }).click();
  await page.locator("h1", { hasText: "taken back" }).waitFor({ timeout: 5000 });
  await until(async () => (await page.evaluate(() => indexedDB.databases())).every((d) => d.name !== "zampa-pocket"), "the database to go", 5000);
  assert.deepEqual(problems, []);
  await phone.close();
});
