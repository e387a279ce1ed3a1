// What a visit leaves behind: its advice opens first at the next visit, on the page and on the phone, each host of a trip says what it
// asks for, and a day to follow up stands on Today. One picture that gets nowhere on a thin link keeps nothing else back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, look, photograph, press, reader, school, start, until } from "./stage.mjs";

const PIN = "27182818";
let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** Prepares the browser as a phone of who is signed in. */
async function prepare(page) {
  await page.goto(`${school(1)}/pocket`);
  await page.fill("#c-pin", PIN);
  await page.fill("#c-again", PIN);
  await page.locator("form button.primary").click();
  await page.locator("#unplanned").waitFor();
}

/** Whether one thing stands before another on a page. */
const stands = (page, first, then) => page.evaluate(([a, b]) =>
  Boolean(document.querySelector(a).compareDocumentPosition(document.querySelector(b)) & Node.DOCUMENT_POSITION_FOLLOWING), [first, then]);

test("last advice first, what each host asks for, and a day to follow up", { timeout: 240_000 }, async () => {
  const problems = [];
  const desk = await (await reader(stage.browser, "zh")).newPage();
  desk.setDefaultTimeout(15_000);
  await be(desk, school(1), "head", "/visits?state=planned");
  await desk.locator("main th a[href^='/visits/']").first().click();
  await desk.locator("dl.fields").waitFor();
  const planned = new URL(desk.url()).pathname;
  const host = await desk.locator("dl.fields a[href^='/organisations/']").first().getAttribute("href");
  const called = await desk.locator(`dl.fields a[href='${host}']`).first().textContent();
  const today = await desk.evaluate(() => new Date().toLocaleDateString("sv"));

  // A visit there leaves advice.
  const eve = await desk.evaluate(() => new Date(Date.now() - 86_400_000).toLocaleDateString("sv"));
  const at = `host=${host.split("/").pop()}&starts_on=${eve}&ends_on=${eve}`;
  await desk.goto(`${school(1)}/visits/new?${at}&held_on=${eve}`);
  await desk.fill("#c-purpose", "先来一次");
  await desk.fill("#c-advice", "先猜后看,再讲");
  await desk.fill("#c-follow_up", "带一套量筒");
  problems.push(...await look(desk, "zh-visit-new"));
  await press(desk, "main form.form button.primary");
  const first = new URL(desk.url()).pathname;
  await desk.goto(school(1) + planned);
  assert.match(await desk.locator("#last-advice").innerText(), /先猜后看,再讲[\s\S]*带一套量筒/);
  assert.ok(await stands(desk, "#last-advice", "dl.fields"), "before all else");
  problems.push(...await look(desk, "zh-visit-last-advice"));

  // A local teacher's own code, with which they sign in on the visitors' phone.
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(1), "local", "/pockets");
  const code = (await teacher.locator(".pocket-code").textContent()).trim();
  const name = (await teacher.locator(".account summary").textContent()).trim();

  const page = await (await reader(stage.browser, "zh", 360)).newPage();
  page.setDefaultTimeout(10_000);
  await be(page, school(1), "posted");
  await prepare(page);
  const row = page.locator("#planned li", { hasText: called.trim() }).first();
  await row.locator("button").click();
  assert.match(await page.locator("#last").innerText(), /先猜后看,再讲/);
  assert.ok(await stands(page, "#last", "#c-starts"), "before all else on the phone");
  await page.locator("details summary", { hasText: "编码" }).first().click();
  await page.fill("#c-code", code);
  await page.locator("ul.chips li").waitFor();
  await page.fill("#c-n-local_teachers", "30");
  await page.locator("#c-n-local_teachers + select").selectOption("estimated");
  await page.fill("#c-advice", "分组实验");
  await page.fill("#c-follow_up_on", today);
  problems.push(...await look(page, "zh-pocket-follow-up"));
  await page.setViewportSize({ width: 360, height: 800 });
  await page.fill("#c-lessons", "1.5");
  await page.locator("#record").click();
  assert.match(await page.locator("#wrong").innerText(), /整数/);
  await page.fill("#c-lessons", "2");
  await page.locator("#record").click();
  await page.locator("#recorded .tag.ok").waitFor();
  assert.equal(await page.locator("#recorded .tag.bad").count(), 0, "the code was somebody's");

  await desk.goto(school(1) + planned);
  const activity = await desk.locator("main a[href^='/activities/']").first().getAttribute("href");
  const id = activity.split("/").pop();
  await desk.goto(`${school(1)}/participations?activity=${id}`);
  assert.match(await desk.locator("main").innerText(), new RegExp(name));
  await desk.goto(`${school(1)}/headcounts?activity=${id}`);
  assert.match(await desk.locator("main").innerText(), /30[\s\S]*估计|估计[\s\S]*30/);

  // The day has come, until somebody has followed up.
  await desk.goto(`${school(1)}/today`);
  assert.equal(await desk.locator(`main a[href='${planned}']`, { hasText: "该跟进了" }).count(), 1);
  problems.push(...await look(desk, "zh-today-follow-up"));
  await desk.goto(`${school(1)}${planned}/move/follow_up`);
  await desk.fill("#c-follow_up", "量筒带到了");
  await press(desk, "main form.form button.primary");
  await desk.goto(`${school(1)}/today`);
  assert.equal(await desk.locator(`main a[href='${planned}']`, { hasText: "该跟进了" }).count(), 0);

  // A trip: each host with what it asks for, and what was left there.
  await desk.goto(`${school(1)}/trips/new`);
  await desk.fill("#c-title", "北线");
  await press(desk, "main form.form button.primary");
  const trip = new URL(desk.url()).pathname;
  assert.equal(await desk.locator("#stops .empty").count(), 1);
  const other = (await desk.evaluate(async (here) => {
    const html = await (await fetch("/organisations?kind=outlying_school")).text();
    const links = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("main a[href^='/organisations/']")];
    return links.map((link) => link.getAttribute("href")).find((href) => href !== here && /^\/organisations\/[0-9a-z]{26}$/.test(href));
  }, host)).split("/").pop();
  for (const [n, to, asks] of [[1, host.split("/").pop(), "想看分组实验"], [2, other, "想谈识字"]]) {
    await desk.goto(school(1) + trip);
    const add = await desk.locator("#stops .sec a").getAttribute("href");
    const ahead = await desk.evaluate((n) => new Date(Date.now() + (20 + n) * 86_400_000).toLocaleDateString("sv"), n);
    await desk.goto(`${school(1)}${add.replaceAll(/(starts_on|ends_on)=[^&]*/g, `$1=${ahead}`)}&host=${to}`);
    await desk.fill("#c-purpose", `第${n}站`);
    await desk.fill("#c-asked", asks);
    await press(desk, "main form.form button.primary");
  }
  await desk.goto(school(1) + trip);
  const stops = await desk.locator("#stops ol > li").allInnerTexts();
  assert.equal(stops.length, 2);
  assert.match(stops[0], /想看分组实验[\s\S]*分组实验/);
  assert.match(stops[0], /上次送教的建议[\s\S]*分组实验/);
  assert.match(stops[1], /想谈识字/);
  problems.push(...await look(desk, "zh-trip-stops"));

  // The host's people read what was left with them.
  await be(teacher, school(1), "local", host);
  assert.match(await teacher.locator("#left").innerText(), /分组实验[\s\S]*先猜后看,再讲/);
  assert.equal(await teacher.locator(`#left a[href='${first}']`).count(), 1);
  problems.push(...await look(teacher, "zh-advice-left"));
  assert.deepEqual(problems, []);
});

test("one picture that gets nowhere on a thin link keeps nothing else back", { timeout: 240_000 }, async () => {
  const page = await (await reader(stage.browser, "zh", 360)).newPage();
  page.setDefaultTimeout(10_000);
  await be(page, school(1), "posted");
  await prepare(page);
  // What a camera sees on a bright day: hardly any of it shrinks.
  const noise = Buffer.from(await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 600 });
    const pen = canvas.getContext("2d");
    const pixels = pen.createImageData(800, 600);
    for (let n = 0; n < pixels.data.length; n += 1) pixels.data[n] = n % 4 === 3 ? 255 : Math.random() * 256;
    pen.putImageData(pixels, 0, 0);
    return canvas.toDataURL("image/jpeg", 0.8).split(",")[1];
  }), "base64");
  const small = await photograph(page);
  // Nobody is met until both are recorded.
  await page.route("**/pocket/state/**", (route) => route.abort());
  for (const [n, buffer] of [[1, noise], [2, small]]) {
    await page.locator("#unplanned").click();
    await page.fill("#c-purpose", `照片${n}`);
    await page.selectOption("#c-host", { index: 3 + n });
    await page.setInputFiles("#c-pictures", { name: `${n}.jpg`, mimeType: "image/jpeg", buffer });
    await page.locator(".pocket-pictures img").waitFor();
    await page.locator("#record").click();
    await page.locator("#recorded li").nth(n - 1).waitFor();
  }
  const asked = [];
  const took = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").slice(0, 3).join("/")));
  // The first that is tried does not get through at all; the other is as long on its way as on 64 kbit/s, longer than one waits for
  // an answer.
  await page.route("**/pocket/picture/**", async (route) => {
    if (took.push(0) === 1) return route.abort();
    const ms = (route.request().postDataBuffer()?.length ?? 0) / 8;
    await new Promise((resolve) => setTimeout(resolve, ms));
    took[took.length - 1] = ms;
    // Whoever had no patience is not there any more.
    return route.continue().catch(() => undefined);
  });
  await page.unroute("**/pocket/state/**");
  await page.locator("#hand").click();
  await page.locator(".notice.ok", { hasText: "名单已更新" }).waitFor({ timeout: 60_000 });
  await until(async () => (await page.locator("#recorded .tag.ok").count()) === 2, "both visits to be told as taken");
  assert.match(await page.locator("#recorded").innerText(), /还在手机上的照片：1/);
  await look(page, "zh-pocket-pictures-wait");
  await page.setViewportSize({ width: 360, height: 800 });
  await until(async () => (await page.locator("#recorded li", { hasText: "还在手机上的照片" }).count()) === 1, "the other picture", 150_000);
  assert.ok(asked.indexOf("/pocket/pack") < asked.indexOf("/pocket/picture"), String(asked));
  assert.ok(took[1] > 20_000, `${took[1]} ms: a picture that one has to wait for`);
  // Asked for once more, the first comes too.
  await page.locator("#hand").click();
  await until(async () => (await page.locator("#recorded li", { hasText: "还在手机上的照片" }).count()) === 0, "the first picture", 60_000);
  await page.context().close();
});
