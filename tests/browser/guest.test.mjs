// Who looks on at a class: asks at another node, sees nothing before the teacher lets them in, is named on every screen, hears
// the class, and is really out once sent out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, called, cut, hub, look, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

const chat = (page) => page.locator("[data-class-chat] li").allInnerTexts();
const write = async (page, text) => {
  await page.fill("#class-chat-text", text);
  await page.locator("[data-class-chat-form] button").click();
};
const shows = (page, text) => until(async () => (await chat(page)).some((line) => line.includes(text)), text);
/** Packets of voice that a page has heard. */
const heard = (page) => page.evaluate(async () => {
  let packets = 0;
  for (const peer of window.peers) for (const stat of (await peer.getStats()).values()) if (stat.type === "inbound-rtp") packets += stat.packetsReceived;
  return packets;
});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("a guest asks, is let in, is named, hears, and is sent out", { timeout: 240_000 }, async () => {
  const problems = [];
  const page = async (lang) => {
    const context = await reader(stage.browser, lang);
    await context.addInitScript(() => {
      window.peers = [];
      const Peer = window.RTCPeerConnection;
      window.RTCPeerConnection = class extends Peer {
        constructor(...args) {
          super(...args);
          window.peers.push(this);
        }
      };
      // What the node says may come late.
      window.late = 0;
      const Socket = window.WebSocket;
      window.WebSocket = class extends Socket {
        addEventListener(kind, heard) {
          super.addEventListener(kind, kind === "message" ? (event) => (window.late > 0 ? setTimeout(() => heard(event), window.late) : heard(event)) : heard);
        }
      };
    });
    return context.newPage();
  };
  const [teacher, room, guest, link] = [await page("zh"), await page("bo"), await page("en"), await page("en")];
  await be(teacher, hub, "coordinator", "/classes");
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  await teacher.goto(`${hub}${path}/live`);
  await be(room, school(1), "local", `${path}/live`);
  await until(async () => (await room.locator("[data-class]").getAttribute("data-role")) === "adult", "the room to be in");
  await teacher.locator("[data-class-begin]").click();
  await write(teacher, "早上好");
  await shows(room, "早上好");

  // The head of the other school asks to look on: nothing of the class is there yet.
  await be(guest, school(2), "head", `${path}/live`);
  await until(async () => (await guest.locator("[data-class]").getAttribute("data-guest")) === "asks", "the guest to ask");
  const asks = teacher.locator("[data-class-guest-list] button[data-admit=true]");
  await until(async () => (await asks.count()) === 1, "the teacher to be asked");
  await teacher.locator("[data-class-mic]").click();
  await pause(1500);
  assert.equal(await guest.locator(".class-grid").isVisible(), false, "nothing is shown");
  assert.deepEqual([await chat(guest), await heard(guest)], [[], 0], "nothing is told and nothing is heard");
  assert.equal(await room.locator("[data-class-guests]").isVisible(), false, "who only asks is the teacher's business");
  problems.push(...await look(guest, "en-guest-asks"), ...await look(teacher, "zh-guest-asked"));

  await asks.click();
  await until(async () => (await guest.locator("[data-class]").getAttribute("data-guest")) === "in", "the guest to be in");
  await shows(guest, "早上好");
  const name = await called(guest, "zh");
  for (const screen of [teacher, room, guest]) {
    await until(async () => (await screen.locator("[data-class-guest-list]").innerText()).includes(name), "the guest's name on every screen");
  }
  await until(async () => (await heard(guest)) > 30, "the guest to hear the teacher");
  assert.equal(await guest.locator("[data-class-mic]").isVisible(), false, "a guest has no voice");
  problems.push(...await look(guest, "en-guest-in"), ...await look(room, "bo-guest-named"));

  // The guest interprets: beside what is spoken, for who chooses it, and in the record.
  await teacher.locator("[data-class-record]").click();
  await until(async () => guest.locator("[data-class-rec]").isVisible(), "the sign of the recording");
  await teacher.locator("[data-class-guest-list] select").selectOption("bo");
  await until(async () => guest.locator("[data-class-mic]").isVisible(), "the interpreter's microphone");
  // What is recorded is so with the consent of who is heard: that of a guest is their own.
  const agrees = guest.locator("[data-class-agrees] input");
  await guest.locator("[data-class-mic]").click();
  await until(async () => (await guest.locator("[data-class-said]").innerText()).includes(name), "what lacks to be said");
  await until(async () => (await teacher.locator("[data-class-guest-list]").innerText()).includes("尚未确认同意"), "the teacher to see it");
  problems.push(...await look(guest, "en-class-agrees"));
  await agrees.check();
  await until(async () => !(await teacher.locator("[data-class-guest-list]").innerText()).includes("尚未确认同意"), "the consent to be known");
  await guest.locator("[data-class-mic]").click();
  for (const screen of [teacher, room]) await until(async () => /口译|ངག་སྒྱུར|interprets/.test(await screen.locator("[data-class-guest-list]").innerText()), "who interprets to be named");
  const ways = (page) => page.evaluate(async () => {
    const all = [];
    for (const peer of window.peers.filter((p) => p.connectionState === "connected")) {
      for (const stat of (await peer.getStats()).values()) if (stat.type === "inbound-rtp") all.push(stat.packetsReceived);
    }
    return all;
  });
  assert.equal((await ways(room)).length, 1, "who has not chosen hears what is spoken");
  await room.locator("[data-class-hears] select").selectOption("bo");
  await until(async () => (await ways(room)).filter((n) => n > 30).length === 2, "what is spoken, and the interpreter");
  assert.ok((await room.locator("[data-class-audio]").evaluate((sound) => sound.volume)) < 0.5, "what is spoken is behind");
  problems.push(...await look(room, "bo-class-interpreted"), ...await look(teacher, "zh-class-interpreter"), ...await look(guest, "en-class-interprets"));
  // Who chooses again before the node has answered hears it within seconds: the first answer is not taken for the second.
  await room.evaluate(async () => {
    const select = document.querySelector("[data-class-hears] select");
    const choose = (lang) => { select.value = lang; select.dispatchEvent(new Event("change")); };
    choose("");
    window.peers = [];
    window.late = 600;
    choose("bo");
    await new Promise((resolve) => setTimeout(resolve, 300));
    choose("");
    choose("bo");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    window.late = 0;
  });
  await until(async () => (await ways(room)).filter((n) => n > 10).length === 1, "the interpreter, chosen again", 5000);
  await room.reload();
  await until(async () => (await room.locator("[data-class-hears] select").inputValue()) === "bo", "the device to remember");
  await until(async () => (await ways(room)).filter((n) => n > 30).length === 2, "the interpreter again");

  // Whose page is loaded again is still let in; whose page is closed is named no more.
  await guest.reload();
  await shows(guest, "早上好");
  await guest.goto(`${school(2)}/today`);
  await until(async () => !(await room.locator("[data-class-guests]").isVisible()), "the name to go");
  await guest.goto(`${school(2)}${path}/live`);
  await until(async () => (await heard(guest)) > 30, "the guest to hear the teacher again");

  await teacher.locator("[data-class-guest-list] button[data-admit=false]").click();
  await until(async () => (await guest.locator("[data-class]").getAttribute("data-guest")) === "out", "the guest to be out");
  await until(async () => !(await room.locator("[data-class-guests]").isVisible()), "the name to go");
  await write(teacher, "现在没有观摩者");
  await shows(room, "现在没有观摩者");
  const before = await heard(guest).catch(() => 0);
  await pause(2000);
  assert.equal(await heard(guest).catch(() => 0), before, "not a packet more");
  assert.equal((await chat(guest)).some((line) => line.includes("现在没有")), false, "not a word more");
  problems.push(...await look(guest, "en-guest-out"));
  // Asking again is asking the teacher.
  await Promise.all([guest.waitForNavigation(), guest.locator("[data-class-ask-in]").click()]);
  await until(async () => (await asks.count()) === 1, "the teacher to be asked again");
  assert.deepEqual(await chat(guest), []);

  // The sign in the head of the page says what the class says, within seconds.
  await cut(link, true);
  await until(async () => (await room.locator("[data-class]").getAttribute("data-cut")) === "true", "the room to notice");
  await until(async () => (await room.locator("#sign.broken").count()) === 1, "the sign to be broken", 5000);
  problems.push(...await look(room, "bo-class-sign"));
  await cut(link, false);
  await until(async () => (await room.locator("#sign.broken").count()) === 0, "the sign to be whole again", 30_000);

  // Played again, each chooses too.
  teacher.on("dialog", (dialog) => void dialog.accept());
  await teacher.locator("[data-class-end]").click();
  await until(async () => { await teacher.goto(hub + path); return (await teacher.locator("a[href$='/replay']").count()) === 1; }, "the record to be named", 90_000);
  await until(async () => {
    await teacher.goto(`${hub}${path}/replay`);
    return JSON.parse(await teacher.locator("[data-replay]").getAttribute("data-replay")).voices.some((voice) => voice.channel === 2);
  }, "the interpreter in the record", 90_000);
  await teacher.waitForSelector("[data-replay][data-ready]");
  await teacher.locator("[data-class-hears] select").selectOption("bo");
  problems.push(...await look(teacher, "zh-replay-interpreted"));
  assert.deepEqual(problems, []);
});
