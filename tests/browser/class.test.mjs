// A live class from the hub to both schools: slides, pen, floor and writing reach every room; one room is cut off, goes on
// by itself, and has all of it when the link returns.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, classOfToday, cut, hub, look, press, reader, school, slide, start, thin, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const chat = (page) => page.locator("[data-class-chat] li").allInnerTexts();
const write = async (page, text) => {
  await page.fill("#class-chat-text", text);
  await page.locator("[data-class-chat-form] button").click();
};
const shows = (page, text, what = text) => until(async () => (await chat(page)).some((line) => line.includes(text)), what);
/** Packets of voice that a page has heard: its connections are noted as it makes them. */
const note = (context) => context.addInitScript(() => {
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
});
const heard = (page) => page.evaluate(async () => {
  let packets = 0;
  for (const peer of window.peers) for (const stat of (await peer.getStats()).values()) if (stat.type === "inbound-rtp" && stat.kind === "audio") packets += stat.packetsReceived;
  return packets;
});
const place = async (page) => (await page.locator("[data-class-place]").textContent()).split(" ")[0];

test("a class reaches both schools, and a room that is cut off goes on", { timeout: 420_000 }, async () => {
  const problems = [];
  const link = await (await reader(stage.browser, "en")).newPage();
  const page = async (lang) => {
    const context = await reader(stage.browser, lang);
    await note(context);
    return context.newPage();
  };
  const [teacher, first, second] = [await page("zh"), await page("bo"), await page("en")];

  // What is shown: slides, shared with every school.
  const path = await classOfToday(teacher);
  await teacher.goto(`${hub}/classes`);
  problems.push(...await look(teacher, "zh-classes"));
  await teacher.goto(hub + path);
  problems.push(...await look(teacher, "zh-class"));

  await teacher.goto(`${hub}${path}/live`);
  await until(async () => (await teacher.locator("[data-class]").getAttribute("data-role")) === "teacher", "the teacher to be in");
  problems.push(...await look(teacher, "zh-class-before"));
  for (const [page, n] of [[first, 1], [second, 2]]) {
    await be(page, school(n), "local", `${path}/live`);
    await until(async () => (await page.locator("[data-class]").getAttribute("data-role")) === "adult", `room ${n} to be in`);
  }
  await until(async () => (await teacher.locator("[data-room] .tag.ok").count()) === 2, "both rooms to be seen");

  await teacher.locator("[data-class-begin]").click();
  for (const page of [teacher, first, second]) {
    await until(async () => (await page.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");
  }
  await teacher.locator("[data-class-on]").click();
  for (const page of [teacher, first, second]) await until(async () => (await slide(page)) === 2, "the second slide");

  // A page that has not come to a room yet says so there, keeps its number, and is seen as soon as it is there.
  const coming = second.locator("[data-class-sheet] .class-coming");
  await second.route("**/shown/*", (route) => route.fulfill({ status: 404 }));
  await second.reload();
  await until(async () => (await coming.isVisible()) && (await place(second)) === "2", "the page to be on its way, with its number");
  problems.push(...await look(second, "en-class-coming"));
  await second.unroute("**/shown/*");
  await until(async () => (await slide(second)) === 2 && !(await coming.isVisible()), "the page to have come", 20_000);

  // Ink: drawn by the teacher, seen in both rooms.
  const drawn = (page) => page.locator("[data-class-sheet] canvas").first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((v, n) => n % 4 === 3 && v > 0);
  });
  await teacher.locator("[data-colour='1']").click();
  await teacher.locator("[data-class-sheet]").evaluate((sheet) => sheet.scrollIntoView({ block: "start" }));
  const box = await teacher.locator("[data-class-sheet]").boundingBox();
  await teacher.mouse.move(box.x + 60, box.y + 60);
  await teacher.mouse.down();
  for (let n = 0; n < 20; n += 1) await teacher.mouse.move(box.x + 60 + n * 8, box.y + 60 + (n % 5) * 6);
  await teacher.mouse.up();
  for (const page of [teacher, first, second]) await until(() => drawn(page), "ink");

  await second.locator("[data-class-hand]").click();
  await until(async () => (await teacher.locator("[data-room='2'] [data-room-hand]").isVisible()), "the hand");
  await first.fill("#class-heads", "31");
  await first.locator("[data-class-heads] button").click();
  await until(async () => (await teacher.locator("[data-room='1'] [data-room-heads]").textContent()).includes("31"), "the heads");
  await teacher.locator("[data-room='2'] [data-room-give]").click();
  await until(async () => (await second.locator("[data-room='2'] [data-room-floor]").isVisible()), "the floor");
  await write(first, "སྨན་རྩྭ་གསུམ།");
  for (const page of [teacher, second]) await shows(page, "སྨན་རྩྭ་གསུམ།");
  await teacher.locator("details:has([data-class-ask]) summary").click();
  await teacher.fill("#class-ask-text", "哪一种长在雪线上?");
  await teacher.fill("#class-ask-options", "雪莲\n红景天");
  await teacher.locator("[data-class-ask] button").click();
  await until(async () => (await first.locator(".class-count input").count()) === 2, "the question");
  await first.locator(".class-count input").first().fill("19");
  await first.locator(".class-count button").click();
  await until(async () => (await teacher.locator(".class-tally").innerText()).includes("19"), "the answers");
  for (const [page, name] of [[teacher, "zh-class-live"], [first, "bo-class-room"], [second, "en-class-room"]]) problems.push(...await look(page, name));

  // Voice: recorded once the room that speaks has consented; the teacher is heard in both rooms.
  assert.ok(await teacher.locator("[data-class-record]").isDisabled(), "no recording without consent");
  await second.locator("[data-class-consent]").check();
  await until(async () => !(await teacher.locator("[data-class-record]").isDisabled()), "the consent");
  await teacher.locator("[data-class-record]").click();
  await until(async () => first.locator("[data-class-rec]").isVisible(), "the sign of the recording");
  await teacher.locator("[data-class-mic]").click();
  for (const room of [first, second]) await until(async () => (await heard(room)) > 30, "the teacher's voice");
  // The teacher's picture, as large as the camera gives it at no node but its own: over the trunk goes the small layer.
  const sees = (page) => page.evaluate(() => { const video = document.querySelector("[data-class-picture]"); return video.hidden ? 0 : video.videoWidth; });
  await teacher.locator("[data-class-camera]").click();
  for (const room of [first, second]) await until(async () => (await sees(room)) > 0, "the teacher's picture", 40_000);
  assert.ok((await sees(first)) < 320, "the small layer");
  problems.push(...await look(first, "bo-class-picture"));
  await teacher.locator("[data-class-camera]").click();
  await until(async () => (await sees(first)) === 0, "the picture to go when the camera does", 20_000);
  for (const room of [first, second]) { const before = await heard(room); await until(async () => (await heard(room)) > before + 20, "the voice to go on"); }
  // From here on both links are bad ones, as they are in winter.
  for (const n of [1, 2]) await thin(link, n);
  await second.locator("[data-class-mic]").click();
  const before = await heard(teacher);
  await until(async () => (await heard(teacher)) > before + 20, "the voice of the room that has the floor");

  // The first school is cut off: its room goes on, and the others do.
  await cut(link, true);
  await until(async () => (await first.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await write(first, "我们继续");
  await shows(first, "我们继续", "what is written in the room that is cut off");
  await first.locator("[data-class-on]").click();
  await until(async () => (await slide(first)) === 3, "a slide that the room turns to by itself");
  problems.push(...await look(first, "bo-class-cut"));
  await write(teacher, "其他教室请看第一页");
  await teacher.locator("[data-class-back]").click();
  await shows(second, "其他教室请看第一页");
  assert.ok(!(await chat(first)).some((line) => line.includes("其他教室")), "it cannot know yet");
  await cut(link, false);
  await shows(first, "其他教室请看第一页", "what the room missed");
  for (const page of [teacher, second]) await shows(page, "我们继续", "what was written while cut off");
  // Everybody is told which of it was said in the cut, and of nothing else.
  const late = (page) => page.locator("[data-class-chat] li:has(small)").evaluateAll((lines) => lines.map((line) => line.querySelector("span").textContent));
  for (const page of [teacher, second, first]) await until(async () => (await late(page)).join() === "我们继续", "what is said to be late");
  await until(async () => (await slide(first)) === 1, "the slide where the class is");
  // Everyone has the same class.
  const all = await Promise.all([teacher, first, second].map(async (page) => (await page.locator("[data-class-chat] li span").allInnerTexts())));
  assert.deepEqual(all[0], all[1]);
  assert.deepEqual(all[0], all[2]);
  assert.equal(await place(teacher), "1");

  teacher.on("dialog", (dialog) => void dialog.accept());
  await teacher.locator("[data-class-end]").click();
  for (const page of [first, second]) await until(async () => (await page.locator("[data-class]").getAttribute("data-over")) === "true", "the end");
  // What is over takes nothing in any more.
  for (const page of [teacher, first]) {
    for (const part of ["mic", "camera", "chat-form", "caption-form"]) assert.ok(!(await page.locator(`[data-class-${part}]`).isVisible()), part);
  }
  assert.ok(!(await teacher.locator("details:has([data-class-minutes])").isVisible()), "the timer");
  problems.push(...await look(teacher, "zh-class-over"));
  await until(async () => { await teacher.goto(hub + path); return (await teacher.textContent("main")).includes("31"); }, "the room's count as a fact", 60_000);
  problems.push(...await look(teacher, "zh-class-held"));

  // The school that was cut off has the whole class when its link is cut again: the same bytes as where it was held.
  await until(async () => { await first.goto(school(1) + path); return (await first.locator("a[href$='/replay']").count()) === 1; }, "the record to be named", 90_000);
  const here = (page, host, what) => page.evaluate(async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer())), `${host}${path}/replay/${what}`);
  await first.goto(`${school(1)}${path}/replay`);
  await until(async () => { await first.reload(); const given = JSON.parse(await first.locator("[data-replay]").getAttribute("data-replay")); return given.voices.length === 2 && (await first.locator(".class > .notice").count()) === 0; }, "the record to be whole", 90_000);
  await cut(link, true);
  await first.goto(`${school(1)}${path}/replay`);
  await first.waitForSelector("[data-replay][data-ready]");
  await teacher.goto(`${hub}${path}/replay`);
  for (const what of ["events", "voice/0", "voice/1"]) {
    const [there, own] = [await here(teacher, hub, what), await here(first, school(1), what)];
    assert.ok(own.length > 1000, `${what} is there`);
    assert.deepEqual(own, there, `${what} is the same`);
  }
  await first.locator("[data-micro-play]").click();
  await until(async () => (await first.locator("[data-replay-time]").textContent()).startsWith("0:03"), "the replay to go on");
  await first.locator("[data-replay-line]").evaluate((line) => { line.value = line.max; line.dispatchEvent(new Event("input")); });
  await until(async () => (await chat(first)).some((said) => said.includes("我们继续")), "what was written, played again");
  for (const [replay, name] of [[teacher, "zh-class-replay"], [first, "bo-class-replay"]]) problems.push(...await look(replay, name));
  await cut(link, false);

  // As a film: asked for on the class's page, made by the node's own worker, seen and saved; as long as the class was.
  await teacher.goto(hub + path);
  await press(teacher, "a[href$='/film']");
  problems.push(...await look(teacher, "zh-class-film-asked"));
  await press(teacher, "form[action$='/film'] button");
  // A short class is a film before one has looked.
  await until(async () => (await teacher.locator("#film progress, #film video").count()) === 1, "the film to be under way", 30_000);
  await until(async () => (await teacher.locator("#film video").count()) === 1, "the film", 120_000);
  const film = await teacher.locator("#film video").evaluate(async (video) => {
    if (video.readyState < 1) await new Promise((resolve, reject) => { video.onloadedmetadata = resolve; video.onerror = () => reject(new Error("no film")); });
    return { seconds: video.duration, width: video.videoWidth, height: video.videoHeight };
  });
  await first.locator("[data-replay-time]").waitFor();
  const clock = (await first.locator("[data-replay-time]").textContent()).split("/ ")[1].split(":").map(Number);
  const lasted = clock.reduce((sum, part) => sum * 60 + part, 0);
  // The replay goes on to the last that came late; the film ends with the class.
  assert.ok(film.seconds > 20 && film.seconds <= lasted + 1 && film.seconds > lasted - 15, `${film.seconds} of ${lasted} seconds`);
  assert.deepEqual([film.width, film.height], [1280, 720]);
  problems.push(...await look(teacher, "zh-class-film"));
  const saved = await teacher.evaluate(async () => Array.from(new Uint8Array(await (await fetch(document.querySelector("#film video").src)).arrayBuffer())).slice(4, 8));
  assert.equal(String.fromCharCode(...saved), "ftyp", "an MP4");

  // A school makes one of its own, of what came to it.
  await until(async () => { await second.goto(`${school(2)}${path}/film`); return (await second.locator("#film form").count()) === 1; }, "the record at the other school", 90_000);
  problems.push(...await look(second, "en-class-film-asked"));
  await press(second, "form[action$='/film'] button");
  await until(async () => (await second.locator("#film video").count()) === 1, "the school's own film", 120_000);
  problems.push(...await look(second, "en-class-film"));
  await first.goto(`${school(1)}${path}/film`);
  problems.push(...await look(first, "bo-class-film-asked"));

  await teacher.goto(`${hub}${path}/replay`);
  // The teacher makes a course of it by one click; shared, it plays at the other school, with the link down too, and what
  // adults wrote is not in it.
  await press(teacher, "form[action$='/keep'] button");
  const made = new URL(teacher.url()).pathname;
  assert.match(made, /^\/courses\//);
  problems.push(...await look(teacher, "zh-class-course"));
  await teacher.goto(`${hub}${path}/replay`);
  await press(teacher, "form[action$='/keep'] button");
  assert.match(new URL(teacher.url()).pathname, /^\/resources\//, "a second click leads to the same");
  const item = new URL(teacher.url()).pathname;
  assert.equal((await first.goto(school(1) + item)).status(), 404, "before it is shared it is the teacher's alone");
  await teacher.goto(`${hub}${made}/move/share`);
  await press(teacher, "main button.primary");
  await until(async () => (await first.goto(school(1) + item)).status() === 200 && (await first.locator(`a[href='${item}/class']`).count()) === 1, "the item at the school", 90_000);
  await cut(link, true);
  await first.goto(`${school(1)}${item}/class`);
  await first.waitForSelector("[data-replay][data-ready]");
  const given = JSON.parse(await first.locator("[data-replay]").getAttribute("data-replay"));
  assert.equal(given.voices.length, 2, "the teacher's voice and that of the room");
  const part = (what) => first.evaluate(async (url) => new TextDecoder().decode(await (await fetch(url)).arrayBuffer()), what);
  const events = await part(given.events);
  assert.ok(events.includes("雪莲") && !events.includes("我们继续") && !events.includes('"name"'), "what was asked, and not what was written");
  await first.locator("[data-micro-play]").click();
  await until(async () => (await first.locator("[data-replay-time]").textContent()).startsWith("0:02"), "the item to play");
  problems.push(...await look(first, "bo-class-item"));
  await cut(link, false);
  // As a package it is the same in another library.
  const zip = await teacher.evaluate(async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer())), `${hub}${made}/package`);
  await teacher.goto(`${hub}/courses/upload`);
  await teacher.setInputFiles("input[type=file]", [{ name: "class.zip", mimeType: "application/zip", buffer: Buffer.from(zip) }]);
  await teacher.fill("#c-title", "带走的一节课");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await Promise.all([teacher.waitForURL(/\/courses\/[a-z0-9]{10,}$/, { timeout: 60_000 }), teacher.locator("main button.primary").click()]);
  await press(teacher, "main a[href^='/resources/'] >> nth=0");
  assert.equal(await teacher.locator("a[href$='/class']").count(), 1, "a class, out of a package");
  assert.deepEqual(problems, []);
});
