// A microphone in a real browser at the hub, an ear in a real browser at the school, and a link of 64 kbit/s with 600 ms
// and 5 % lost in bursts between the two. Needs the example that `cargo build -p live --example booth` makes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import test from "node:test";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const booth = process.env.BOOTH ?? path.join(path.dirname(process.env.ZAMPA ?? "target/debug/zampa"), "examples/booth");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(what, seconds, holds) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) if (await holds()) return;
  assert.fail(`waited for ${what}`);
}

test("voice goes from browser to browser over a link of 64 kbit/s that loses", { timeout: 180_000 }, async (t) => {
  const child = spawn(booth, ["64000", "300", "50", "100"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  const [line] = await once(child.stdout, "data");
  const origin = line.toString().trim();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
      "--allow-loopback-in-peer-connection",
    ],
  });
  t.after(() => browser.close());
  const context = await browser.newContext({ permissions: ["microphone"] });
  const [mouth, ear] = [await context.newPage(), await context.newPage()];
  const state = async () => (await fetch(`${origin}/state`)).json();
  for (const page of [mouth, ear]) {
    page.on("pageerror", (e) => assert.fail(e.message));
    await page.goto(origin);
  }
  await until("the school to join", 60, async () => (await state()).reach === "Open");
  const seat = await mouth.evaluate(() => speak());
  await ear.evaluate(() => listen());
  await until("both to connect", 20, async () => {
    const states = [await mouth.evaluate(() => window.mouth.connectionState), await ear.evaluate(() => window.ear.connectionState)];
    return states.every((s) => s === "connected");
  });
  const inbound = () => ear.evaluate(() => stats(window.ear, "inbound-rtp"));
  await sleep(1000);
  assert.equal((await inbound()).packetsReceived ?? 0, 0, "without the floor nothing is heard");

  await fetch(`${origin}/floor`, { method: "POST", body: seat });
  await until("voice", 20, async () => ((await inbound()).packetsReceived ?? 0) > 30);
  await sleep(15_000);
  const outbound = () => mouth.evaluate(() => stats(window.mouth, "outbound-rtp"));
  const [before, wire, said] = [await inbound(), await state(), await outbound()];
  let loudest = 0;
  for (let n = 0; n < 100; n++) {
    loudest = Math.max(loudest, await ear.evaluate(() => level()));
    await sleep(200);
  }
  const [after, now, saying] = [await inbound(), await state(), await outbound()];
  const seconds = (after.timestamp - before.timestamp) / 1000;
  const samples = after.totalSamplesReceived - before.totalSamplesReceived;
  const concealed = (100 * (after.concealedSamples - before.concealedSamples - (after.silentConcealedSamples - before.silentConcealedSamples))) / samples;
  const kbit = ((now.wire - wire.wire) * 8) / 1000 / seconds;
  const held = (1000 * (after.jitterBufferDelay - before.jitterBufferDelay)) / (after.jitterBufferEmittedCount - before.jitterBufferEmittedCount);
  console.log(
    `${kbit.toFixed(1)} kbit/s on the link, ${((saying.packetsSent - said.packetsSent) / seconds).toFixed(1)} packets a second spoken, ` +
      `${((after.packetsReceived - before.packetsReceived) / seconds).toFixed(1)} a second heard, concealed ${concealed.toFixed(2)} % in the browser, ` +
      `${now.concealed - wire.concealed} of ${now.played - wire.played} packets at the node, held ${now.hold} ms there and ${held.toFixed(0)} ms in the browser, ` +
      `${now.lost} datagrams lost, loudest ${loudest.toFixed(3)}`,
  );
  assert.ok(loudest > 0.01, "the fake microphone's beep is heard");
  const rate = (after.packetsReceived - before.packetsReceived) / seconds;
  assert.ok(rate > 3 && rate < 17.5, `${rate} packets a second: of 60 ms, and few while nobody speaks`);
  assert.ok(kbit <= 40, `${kbit} kbit/s`);
  // The promise of one of a hundred is tried over minutes, in virtual time; here it is 200 packets.
  assert.ok((now.concealed - wire.concealed) / (now.played - wire.played) <= 0.04, `${now.concealed} of ${now.played}`);
});
