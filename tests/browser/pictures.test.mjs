// Pictures in a plan's text: dropped, pasted and chosen; on their way where the link is down, and there when it returns.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, called, cut, hub, look, press, reader, saved, school, start, until, write } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const open = async (page) => { await page.waitForSelector("[data-plan][data-ready]"); };
/** Gives the editor a picture that the page draws, as `how` does it: "drop" or "paste". */
const give = (page, how, name, colour) => page.evaluate(async ([how, name, colour]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 200 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 320, 200);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const data = new DataTransfer();
  data.items.add(new File([blob], name, { type: "image/png" }));
  const p = document.querySelector(".ProseMirror .plan-part p"), box = p.getBoundingClientRect();
  if (how === "drop") {
    const at = { clientX: box.left + 4, clientY: box.top + 4, bubbles: true, cancelable: true, dataTransfer: data };
    p.dispatchEvent(new DragEvent("dragover", at));
    p.dispatchEvent(new DragEvent("drop", at));
  } else {
    p.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }
}, [how, name, colour]);
const shown = (page, n) => until(async () => page.evaluate((n) =>
  [...document.querySelectorAll(".plan-picture img")].filter((i) => i.naturalWidth > 0 && !i.hidden).length === n, n), `${n} pictures`);

test("pictures come into a plan's text and to the other node", { timeout: 300_000 }, async () => {
  const problems = [];
  const link = await (await reader(stage.browser, "en")).newPage();
  const local = await (await reader(stage.browser, "zh")).newPage();
  const posted = await (await reader(stage.browser, "en")).newPage();
  for (const page of [local, posted]) page.on("pageerror", (e) => { console.error(e.stack); problems.push(String(e)); });
  await be(local, school(1), "local", "/plans/new");
  await local.fill("#c-title", "看图认草药");
  await local.selectOption("#c-subject", "heritage");
  await local.selectOption("#c-type", "outing");
  await press(local, "main button.primary");
  await open(local);
  const path = new URL(local.url()).pathname;
  await write(local, "教学目标", "看叶子。");
  await saved(local);
  await be(posted, hub, "posted");
  const who = await called(posted, "zh");
  await local.locator(".plan-authors summary").click();
  await local.locator("#plan-person").pressSequentially(who, { delay: 20 });
  const offered = () => local.locator("#plan-people option").evaluateAll((all, who) => all.map((o) => o.value).filter((v) => v.startsWith(who)), who);
  await local.fill("#plan-person", await until(async () => (await offered())[0], `${who} to be offered`));
  await press(local, ".plan-authors form button");
  await open(local);
  await until(async () => { await posted.goto(hub + path); return (await posted.locator("[data-plan][data-ready]").count()) === 1; }, "the plan at the hub");

  // While the node does not answer, the file stands in the text and waits; then it goes again by itself.
  let stopped = true;
  await local.route("**/pictures", (route) => (stopped ? route.abort() : route.continue()));
  await give(local, "drop", "叶.png", "#176d68");
  await local.locator(".plan-coming").waitFor();
  await until(async () => (await local.locator(".plan-coming").innerText()).includes("叶.png"), "the placeholder");
  await until(async () => /·/.test(await local.locator(".plan-coming").innerText()), "the words that it is sent again");
  problems.push(...await look(local, "zh-plan-picture-coming"));
  stopped = false;
  await shown(local, 1);
  assert.equal(await local.locator(".plan-coming").count(), 0);
  await local.locator(".plan-picture label input").fill("一片绿叶");
  await local.locator(".plan-picture label input").blur();
  await until(async () => (await local.locator(".plan-picture img").getAttribute("alt")) === "一片绿叶", "the words for the picture");
  await saved(local);

  // Cut: pasted and chosen here, and at the other node the text says what is missing.
  await shown(posted, 1);
  await cut(link, true);
  await give(local, "paste", "花.png", "#a33a2c");
  await shown(local, 2);
  const [chosen] = await Promise.all([local.waitForEvent("filechooser"), local.locator(".plan-bar button[aria-label='加入图片或文件']").click()]);
  await chosen.setFiles([{ name: "记录.txt", mimeType: "text/plain", buffer: Buffer.from("三种草药") }]);
  await until(async () => (await local.locator("section.files").innerText()).includes("记录.txt"), "the file beside the plan");
  assert.match(await local.locator(".plan-told").innerText(), /^记录\.txt /);
  assert.equal(await local.locator(".plan-picture").count(), 2);
  problems.push(...await look(local, "zh-plan-pictures"));
  await saved(local);
  // A file that is given up leaves nothing.
  stopped = true;
  await give(local, "drop", "不要.png", "#8a5a10");
  await local.locator(".plan-coming button").click();
  await until(async () => (await local.locator(".plan-coming").count()) === 0, "the placeholder to go");
  assert.equal(await local.locator(".plan-picture").count(), 2);
  stopped = false;
  await cut(link, false);
  await until(async () => (await posted.locator(".plan-picture").count()) === 2, "the second picture's place at the hub", 90_000);
  await until(async () => { await posted.goto(hub + path); await open(posted); return posted.evaluate(() => [...document.querySelectorAll(".plan-picture img")].filter((i) => i.naturalWidth > 0).length === 2); }, "both pictures at the hub", 90_000);
  assert.equal(await posted.locator(".plan-picture img[alt='一片绿叶']").count(), 1);
  problems.push(...await look(posted, "en-plan-pictures"));

  // Without a script, and in what has changed.
  const plain = await stage.browser.newContext({ javaScriptEnabled: false, storageState: await local.context().storageState(), viewport: { width: 1280, height: 900 } });
  const still = await plain.newPage();
  await still.goto(school(1) + path);
  await until(async () => (await still.locator("figure.plan-picture img").count()) === 2, "the pictures in the page that is only read");
  assert.equal(await still.locator("figure.plan-picture img[alt='一片绿叶']").count(), 1);
  await still.screenshot({ path: new URL("../../artifacts/zh-plan-pictures-still-1280.png", import.meta.url).pathname, fullPage: true });
  await local.goto(`${school(1)}${path}/compare?version=1`);
  assert.match(await local.locator("main").innerText(), /\[图片: 一片绿叶\]/);
  problems.push(...await look(local, "zh-plan-pictures-compare"));
  assert.deepEqual(problems, []);
});
