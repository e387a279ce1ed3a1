// A secure origin on a school's LAN: a device that was told to trust the node gets the microphone, one that was not is led
// to the page that says how, and what the node's authority says of anything else is not believed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { be, hub, look, ofToday, press, reader as ours, school, start, until } from "./stage.mjs";

const { port } = new URL(hub);
const [plain, secure] = [`http://box.local:${port}`, `https://box.local:${port}`];
const home = mkdtempSync(join(tmpdir(), "zampa-home-"));
let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => {
  await stage?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** A browser of a device that finds the node as `box.local`; it trusts what stands in its home. */
const device = (place) => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  env: { ...process.env, HOME: place },
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--allow-loopback-in-peer-connection",
    "--host-resolver-rules=MAP box.local 127.0.0.1, MAP zampa.example 127.0.0.1",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
  ],
});
const reader = async (browser, lang) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addCookies([plain, secure].map((url) => ({ name: "zampa_lang", value: lang, url })));
  await context.addInitScript(() => {
    window.peers = [];
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
      constructor(...args) {
        super(...args);
        window.peers.push(this);
      }
    };
  });
  return context;
};

test("a device that trusts the node speaks in class over https", { timeout: 240_000 }, async (t) => {
  const problems = [];
  const stranger = await device(mkdtempSync(join(home, "stranger-")));
  t.after(() => stranger.close());
  const strange = await reader(stranger, "zh");
  await assert.rejects((await strange.newPage()).goto(`${secure}/`), /ERR_CERT_AUTHORITY_INVALID/);
  const page = await strange.newPage();

  // Without https one follows a class, and is told how to get the microphone.
  await be(page, plain, "coordinator", "/classes");
  await press(page, ofToday);
  const path = new URL(page.url()).pathname;
  await page.goto(`${plain}${path}/live`);
  await until(async () => (await page.locator("[data-class]").getAttribute("data-role")) === "teacher", "the teacher to be in");
  assert.equal(await page.evaluate(() => window.isSecureContext), false);
  await page.locator("[data-class-begin]").click();
  await until(async () => (await page.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");
  await page.locator("[data-class-mic]").click();
  await page.locator("[data-class-insecure] a").waitFor({ state: "visible" });
  problems.push(...await look(page, "class-insecure"));
  await press(page, "[data-class-insecure] a");
  assert.equal(await page.locator("main a[href^='https:']").getAttribute("href"), `${secure}/`);
  // So does who would record a micro-lesson.
  await page.goto(`${plain}/courses/upload`);
  await page.fill("#c-title", "雪莲微课");
  await page.selectOption("#c-subject", "heritage");
  await page.selectOption("#c-licence", "cc_by");
  await page.setInputFiles("input[type=file]", [{ name: "雪莲.txt", mimeType: "text/plain", buffer: Buffer.from("雪莲") }]);
  await Promise.all([page.waitForURL(/\/courses\/[a-z0-9]{10,}$/), page.locator("main button.primary").click()]);
  const course = page.url();
  for (const lang of ["zh", "bo", "en"]) {
    await page.context().addCookies([{ name: "zampa_lang", value: lang, url: plain }]);
    await page.goto(`${course}/record?of=blank`);
    await page.locator("[data-micro-trust] a").waitFor({ state: "visible" });
    assert.equal(await page.locator("[data-micro-tools]").isVisible(), false, "nothing to press that would do nothing");
    problems.push(...await look(page, `${lang}-micro-insecure`));
  }
  await press(page, "[data-micro-trust] a");
  assert.equal(new URL(page.url()).pathname, "/trust");
  for (const lang of ["zh", "bo", "en"]) {
    await page.context().addCookies([{ name: "zampa_lang", value: lang, url: plain }]);
    await page.goto(`${plain}/trust`);
    problems.push(...await look(page, `${lang}-trust`));
  }
  await page.locator("main details summary").first().click();
  problems.push(...await look(page, "en-trust-android"));

  // The certificate as it is downloaded, put where this device keeps what it trusts.
  const given = await fetch(`http://127.0.0.1:${port}/trust/zampa.crt`);
  assert.equal(given.headers.get("content-type"), "application/x-x509-ca-cert");
  const [store, file] = [join(home, ".pki", "nssdb"), join(home, "zampa.crt")];
  mkdirSync(store, { recursive: true });
  writeFileSync(file, Buffer.from(await given.arrayBuffer()));
  execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"]);
  execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-t", "C,,", "-n", "zampa", "-i", file]);
  const listed = execFileSync("certutil", ["-d", `sql:${store}`, "-L", "-n", "zampa"]).toString();
  const fingerprint = (await page.locator("code.fingerprint").innerText()).trim();
  assert.ok(listed.includes(fingerprint), "the device shows the fingerprint that the page says");

  const trusting = await device(home);
  t.after(() => trusting.close());
  const context = await reader(trusting, "zh");
  const own = await context.newPage();
  assert.equal((await own.goto(`${secure}/classes`)).status(), 401);
  await be(own, secure, "coordinator", `${path}/live`);
  const cookies = (await context.cookies(secure)).filter((c) => c.httpOnly);
  assert.deepEqual(cookies.map((c) => [c.name.startsWith("__Host-zampa_"), c.secure]), [[true, true]]);
  await until(async () => (await own.locator("[data-class]").getAttribute("data-role")) === "teacher", "the teacher to be in, over https");
  assert.equal(await own.evaluate(() => window.isSecureContext), true);
  await own.locator("[data-class-mic]").click();
  await until(async () => (await own.locator("[data-class-mic]").getAttribute("aria-pressed")) === "true", "the microphone");
  await until(() => own.evaluate(async () => {
    for (const peer of window.peers) for (const stat of (await peer.getStats()).values()) if (stat.type === "outbound-rtp" && stat.packetsSent > 30) return true;
    return false;
  }), "voice to be sent");
  assert.equal(await own.locator("[data-class-insecure]").isVisible(), false);
  problems.push(...await look(own, "class-secure"));

  // A key for an encoder, shown once, with the address as this browser knows it.
  for (const lang of ["zh", "bo", "en"]) {
    await context.addCookies([{ name: "zampa_lang", value: lang, url: secure }]);
    await own.goto(`${secure}${path}/keys`);
    await press(own, "main button[value=whip]");
    assert.equal(await own.locator("code.fingerprint").first().innerText(), `${secure}${path}/whip`);
    problems.push(...await look(own, `${lang}-class-keys`));
  }
  await own.goto(`${secure}/trust`);
  problems.push(...await look(own, "zh-trust-done"));

  // What the authority may not vouch for, this device does not believe either.
  await assert.rejects((await context.newPage()).goto(`https://zampa.example:${port}/`), /ERR_CERT_COMMON_NAME_INVALID/);
  // By its address it is the same node.
  const found = await context.newPage();
  await found.goto(`https://127.0.0.1:${port}/trust`);
  assert.equal(await found.locator("main .notice.ok").count(), 1);

  // Whom a school's node meets without the hub.
  const school1 = await (await ours(stage.browser, "zh")).newPage();
  await be(school1, school(1), "head", "/nodes/neighbours");
  await school1.fill("#address", "nowhere");
  await press(school1, "main button.primary");
  problems.push(...await look(school1, "zh-neighbours-refused"));
  for (const lang of ["zh", "bo", "en"]) {
    await school1.context().addCookies([{ name: "zampa_lang", value: lang, url: school(1) }]);
    await school1.goto(`${school(1)}/nodes/neighbours`);
    if (lang === "zh") {
      await school1.fill("#address", "10.0.0.7:7400");
      await press(school1, "main button.primary");
    }
    problems.push(...await look(school1, `${lang}-neighbours`));
    // One line of navigation where there is room for it.
    const tops = await school1.locator(".nav li").evaluateAll((all) => new Set(all.map((li) => li.offsetTop)).size);
    assert.equal(tops, 1, `the navigation in ${lang}`);
  }
  // Removed, it is not met from now on; let in again, nothing is said of it.
  await press(school1, "form[action$='/remove'] button");
  for (const lang of ["zh", "bo", "en"]) {
    await school1.context().addCookies([{ name: "zampa_lang", value: lang, url: school(1) }]);
    await school1.goto(`${school(1)}/nodes/neighbours`);
    assert.equal(await school1.locator("form[action$='/admit']").count(), 1);
    problems.push(...await look(school1, `${lang}-neighbours-removed`));
  }
  await press(school1, "form[action$='/admit'] button");
  assert.equal(await school1.locator("main .rows li").count(), 0);
  assert.deepEqual(problems, []);
});
