// What a person sees and hears of a live class, in real browsers at both ends of a link of 64 kbit/s and 600 ms: when a slide and a
// piece of the pen are on the school's screen, and how long a sound takes from the teacher's page to the one that listens.
// Usage: node bench/on_screen.mjs, from the repository, with ZAMPA set and the browser tests installed.
import { be, classOfToday, hub, press, reader, school, start, until } from "../tests/browser/stage.mjs";
import { percentile, tell } from "./tell.mjs";

const [TURNS, STROKES, BEEPS] = [100, 100, 60];
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Sets the school's link in the demonstration. */
async function link(page, loss) {
  await page.goto(`${hub}/`);
  for (const [knob, value] of [["rate", 64], ["delay", 300], ["loss", loss]]) await page.fill(`#${knob}-1`, String(value));
  await press(page, `form.knobs:has([name=school][value="1"]) button`);
}

// Both ends tell in the same way when a tone begins: where its samples pass through the page's sound, before the sound card.
const onsets = () => {
  window.drawn = [];
  for (const what of ["fill", "stroke"]) {
    const draws = CanvasRenderingContext2D.prototype[what];
    CanvasRenderingContext2D.prototype[what] = function (...args) {
      window.drawn.push(Date.now());
      return draws.apply(this, args);
    };
  }
  window.onsets = [];
  window.listenTo = async (context, node) => {
    const code = `registerProcessor("onset", class extends AudioWorkletProcessor {
      quiet = 0;
      process([[samples]]) {
        if (!samples) return true;
        const loud = samples.some((s) => Math.abs(s) > 0.05);
        if (loud && this.quiet > 12000) this.port.postMessage(Date.now());
        this.quiet = loud ? 0 : this.quiet + samples.length;
        return true;
      }
    });`;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const onset = new AudioWorkletNode(context, "onset");
    onset.port.onmessage = (event) => window.onsets.push(event.data);
    node.connect(onset).connect(context.destination);
  };
};
// The microphone is a tone of a fifth of a second every second and a half.
const microphone = () => {
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext({ sampleRate: 48000 });
    const [tone, gate, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
    tone.frequency.value = 440;
    gate.gain.value = 0;
    for (let n = 1; n < 2000; n += 1) {
      gate.gain.setValueAtTime(0.5, n * 1.5);
      gate.gain.setValueAtTime(0, n * 1.5 + 0.2);
    }
    tone.connect(gate).connect(out);
    await window.listenTo(context, gate);
    tone.start();
    return out.stream;
  };
};

const stage = await start(["--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
try {
  const open = async (...scripts) => {
    const context = await stage.browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true, locale: "zh-CN" });
    for (const script of scripts) await context.addInitScript(script);
    return context.newPage();
  };
  const setting = await (await reader(stage.browser, "en")).newPage();
  const [teacher, room] = [await open(onsets, microphone), await open(onsets)];
  const path = await classOfToday(teacher);
  await teacher.goto(`${hub}${path}/live`);
  await be(room, school(1), "local", `${path}/live`);
  const role = (page, is) => until(async () => (await page.locator("[data-class]").getAttribute("data-role")) === is, `${is} to be in`);
  await role(teacher, "teacher");
  await role(room, "adult");
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await room.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");
  await teacher.locator("[data-class-mic]").click();
  await until(() => room.evaluate(() => document.querySelector("audio[data-class-audio]")?.srcObject), "a sound");
  await room.evaluate(async () => {
    const context = new AudioContext({ sampleRate: 48000 });
    await window.listenTo(context, context.createMediaStreamSource(document.querySelector("audio[data-class-audio]").srcObject));
  });

  // A sound over a link that loses nothing.
  await link(setting, 0);
  await sleep(15_000);
  await Promise.all([teacher, room].map((page) => page.evaluate(() => { window.onsets = []; })));
  await sleep(BEEPS * 1500);
  const [said, heard] = [await teacher.evaluate(() => window.onsets), await room.evaluate(() => window.onsets)];
  const delays = said.slice(0, -2).map((at) => heard.find((there) => there > at && there < at + 1400) - at);
  const [missed, took] = [delays.filter(Number.isNaN).length, delays.filter((ms) => ms >= 0)];
  const [half, most] = [percentile(took, 50), percentile(took, 99)];
  tell("mouth to ear in two browsers, 64 kbit/s and 600 ms, clean, median", half, "ms", "<= 650", half <= 650 && missed === 0);
  tell("mouth to ear in two browsers, 64 kbit/s and 600 ms, clean, p99", most, "ms", "<= 650", most <= 650);

  // Slides, then the pen, beside the voice, over one that loses every twentieth datagram.
  await link(setting, 50);
  await sleep(10_000);
  await room.evaluate(() => {
    window.turned = [];
    const place = document.querySelector("[data-class-place]");
    new MutationObserver(() => requestAnimationFrame(() => window.turned.push([place.textContent, Date.now()]))).observe(place, { childList: true, characterData: true, subtree: true });
  });
  const turns = [];
  for (let n = 0; n < TURNS; n += 1) {
    turns.push(await teacher.evaluate((on) => {
      const at = Date.now();
      document.querySelector(on ? "[data-class-on]" : "[data-class-back]").click();
      return at;
    }, n % 2 === 0));
    await sleep(1000);
  }
  await sleep(4000);
  const turned = await room.evaluate(() => window.turned);
  // Each is one step there or back, so what comes is told by its order.
  if (turned.length !== turns.length) throw new Error(`${turned.length} of ${turns.length} slides were seen`);
  const slides = turns.map((at, n) => turned[n][1] - at);

  await teacher.locator("[data-colour='1']").click();
  await teacher.locator("[data-class-sheet]").evaluate((sheet) => sheet.scrollIntoView({ block: "start" }));
  const box = await teacher.locator("[data-class-sheet]").boundingBox();
  await teacher.evaluate(() => {
    window.began = [];
    document.querySelector("[data-class-sheet]").addEventListener("pointerdown", () => window.began.push(Date.now()), { capture: true });
  });
  await room.evaluate(() => { window.drawn = []; });
  const strokes = [];
  for (let n = 0; n < STROKES; n += 1) {
    const [x, y] = [box.x + 40 + (n % 20) * 25, box.y + 40 + Math.floor(n / 20) * 40];
    await teacher.mouse.move(x, y);
    await teacher.mouse.down();
    for (let m = 1; m < 4; m += 1) await teacher.mouse.move(x + m * 4, y + m * 3);
    await teacher.mouse.up();
    // Longer than any takes: what is drawn next is of this stroke.
    await sleep(2000);
    const [began, drawn] = [await teacher.evaluate(() => window.began.at(-1)), await room.evaluate(() => window.drawn.splice(0))];
    strokes.push((drawn.find((at) => at > began) ?? Infinity) - began);
  }
  for (const [what, all] of [["a slide", slides], ["a piece of the pen", strokes]]) {
    const p99 = percentile(all, 99);
    const told = (p) => `${what} on the school's screen, 64 kbit/s, 600 ms, every twentieth lost, ${p}`;
    tell(told("median"), percentile(all, 50) / 1000, "s", "-", true);
    tell(told("p99"), p99 / 1000, "s", "<= 1.5", p99 <= 1500);
  }
} finally {
  await stage.stop();
}
