// A micro-lesson: slides, voice and a pen, recorded in the browser with a microphone that hears a voice, and played at
// another school with the link down.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, cut, lesson, look, press, reader, school, start, until } from "./stage.mjs";

const dir = mkdtempSync(join(tmpdir(), "voice-"));
let stage;
before(async () => {
  // What a voice is to an encoder: noise in the bands of speech, in syllables, with pauses.
  const sound = join(dir, "voice.wav");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.6:duration=60:sample_rate=48000,bandpass=f=900:width_type=h:w=1400,tremolo=f=4:d=0.9,volume='if(lt(mod(t,5),4),1,0.02)':eval=frame", "-ac", "1", sound]);
  stage = await start(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-audio-capture=${sound}`, "--autoplay-policy=no-user-gesture-required"]);
}, { timeout: 120_000 });
after(async () => {
  await stage?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Draws a line over the board. */
const draw = async (page, from, to) => {
  const box = await page.locator("[data-micro-recorder] > .micro-sheet").boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  for (let n = 1; n <= 20; n += 1) await page.mouse.move(...at([from[0] + ((to[0] - from[0]) * n) / 20, from[1] + ((to[1] - from[1]) * n) / 20 + Math.sin(n) * 0.01]));
  await page.mouse.up();
};
/** How many points of the board are of a colour. */
const inked = (page, box, [r, g, b]) => page.locator(`${box} .micro-sheet`).evaluate((sheet, [r, g, b]) => {
  let count = 0;
  for (const canvas of sheet.querySelectorAll("canvas")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let n = 0; n < data.length; n += 4) if (data[n + 3] > 200 && Math.abs(data[n] - r) + Math.abs(data[n + 1] - g) + Math.abs(data[n + 2] - b) < 12) count += 1;
  }
  return count;
}, [r, g, b]);
const RED = [200, 50, 31];
const BLACK = [27, 27, 27];

test("a lesson is spoken and written to slides, saved, and played at another school with the link down", { timeout: 300_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses/upload");
  await teacher.fill("#c-title", "雪莲微课");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await teacher.setInputFiles("#c-file", { name: "课件.pptx", mimeType: "application/octet-stream", buffer: lesson()[0] });
  await press(teacher, "main form button.primary");
  const course = new URL(teacher.url()).pathname;
  await until(async () => {
    await teacher.goto(`${school(2)}${course}/record`);
    return (await teacher.locator("main .rows li").count()) === 2;
  }, "the pages of the slides", 120_000);
  problems.push(...await look(teacher, "zh-micro-choose"));
  await press(teacher, "main .rows li >> nth=0 >> a");
  await until(async () => teacher.evaluate(() => document.querySelector(".micro-sheet img")?.naturalWidth > 600), "the first slide");
  problems.push(...await look(teacher, "zh-micro-ready"));

  // Six seconds: a red line on the first page, a black one on the second that is taken back, a pause in which nothing counts.
  await teacher.locator("[data-micro-record]").click();
  await until(async () => (await teacher.locator("[data-micro-clock]").textContent()) === "0:01", "the first second");
  await teacher.locator("[data-colour='1']").click();
  await draw(teacher, [0.1, 0.3], [0.6, 0.3]);
  assert.ok(await inked(teacher, "[data-micro-recorder] >", RED) > 300, "the line is on the board");
  problems.push(...await look(teacher, "zh-micro-runs"));
  await teacher.locator("[data-micro-rest]").click();
  // The clock is shown ten times a second: once more after the pause, and then it stands.
  await new Promise((done) => setTimeout(done, 300));
  const paused = await teacher.locator("[data-micro-clock]").textContent();
  await new Promise((done) => setTimeout(done, 2500));
  assert.equal(await teacher.locator("[data-micro-clock]").textContent(), paused);
  await teacher.locator("[data-micro-record]").click();
  await teacher.locator("[data-micro-on]").click();
  await teacher.locator("[data-colour='0']").click();
  await draw(teacher, [0.2, 0.5], [0.7, 0.6]);
  await teacher.locator("[data-tool=undo]").click();
  assert.equal(await inked(teacher, "[data-micro-recorder] >", BLACK), 0);
  await draw(teacher, [0.2, 0.7], [0.7, 0.8]);
  await new Promise((done) => setTimeout(done, 4500));

  // The tab is lost: what was recorded is still there.
  await teacher.evaluate(() => addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true }));
  await teacher.goto("about:blank");
  await teacher.goto(`${school(2)}${course}/record`);
  await press(teacher, "main .rows li >> nth=0 >> a");
  await teacher.locator("[data-micro-left]:not([hidden])").waitFor();
  problems.push(...await look(teacher, "zh-micro-left"));
  await teacher.locator("[data-micro-take]").click();
  await teacher.locator("[data-micro-after]:not([hidden])").waitFor();
  await teacher.fill("#micro-title", "雪莲长在哪里");
  problems.push(...await look(teacher, "zh-micro-done"));
  await teacher.locator("[data-micro-form] button.primary").click();
  await teacher.waitForURL(`${school(2)}${course}`);
  const at = await teacher.locator(".course .rows a", { hasText: "雪莲长在哪里" }).evaluate((a) => new URL(a.href).pathname);
  await teacher.goto(`${school(2)}${course}/move/share`);
  await press(teacher, "main form button.primary");

  // At the other school, with the link down.
  const other = await (await reader(stage.browser, "bo")).newPage();
  await be(other, school(1), "local", "/courses");
  await until(async () => { await other.goto(school(1) + at); return (await other.locator("[data-micro]").count()) === 1; }, "the lesson at the other school", 120_000);
  await cut(other, true);
  await other.goto(school(1) + at);
  await other.locator("[data-micro].ready").waitFor();
  assert.equal(await inked(other, "[data-micro]", RED), 0, "nothing is written yet");
  const ms = Number(await other.locator("[data-micro-line]").getAttribute("max"));
  assert.ok(ms > 5000 && ms < 60_000, `${ms}`);
  await other.locator("[data-micro-play]").click();
  await until(async () => (await inked(other, "[data-micro]", RED)) > 300, "the red line to be drawn");
  problems.push(...await look(other, "bo-micro"));
  // Forwards past the undone stroke, and back to the beginning.
  const seek = (to) => other.locator("[data-micro-line]").evaluate((line, to) => { line.value = String(to); line.dispatchEvent(new Event("input")); }, to);
  await seek(ms - 200);
  await until(async () => (await inked(other, "[data-micro]", BLACK)) > 300 && (await inked(other, "[data-micro]", RED)) === 0, "the second page");
  await seek(0);
  await until(async () => (await inked(other, "[data-micro]", BLACK)) === 0 && (await inked(other, "[data-micro]", RED)) === 0, "the beginning");
  const sizes = await other.evaluate(async (at) => {
    const size = async (name) => (await (await fetch(`${at}/in/${name}`)).arrayBuffer()).byteLength;
    const about = await (await fetch(`${at}/in/lesson.json`)).json();
    return { voice: await size(about.voice), pen: await size(about.pen), pages: about.pages.length };
  }, at);
  const rate = (sizes.voice + sizes.pen) * 8 / (ms / 1000);
  console.log(`# a micro-lesson: ${Math.round(rate)} bit/s, voice ${sizes.voice} bytes and pen ${sizes.pen} bytes for ${ms} ms`);
  assert.ok(rate * 2400 / 8 < 4_500_000, `forty minutes would be ${Math.round(rate * 300)} bytes`);
  await cut(other, false);

  // As a film, at the teacher's own node.
  await teacher.goto(school(2) + at);
  await teacher.locator("main a", { hasText: "微课转成视频" }).click();
  problems.push(...await look(teacher, "zh-film-ask"));
  await press(teacher, "#film button.primary");
  await teacher.locator("#film video").waitFor({ timeout: 240_000 });
  await until(async () => teacher.locator("#film video").evaluate((video) => video.duration > 0), "the film to be read");
  const seconds = await teacher.locator("#film video").evaluate((video) => video.duration);
  assert.ok(Math.abs(seconds * 1000 - ms) < 600, `${seconds} s for ${ms} ms`);
  problems.push(...await look(teacher, "zh-film"));
  const saved = await teacher.evaluate(async (at) => Array.from(new Uint8Array(await (await fetch(`${at}/film/save`)).arrayBuffer())), at);
  console.log(`# the film: ${saved.length} bytes for ${Math.round(seconds)} s`);
  writeFileSync(new URL("../../artifacts/micro.mp4", import.meta.url), Buffer.from(saved));
  assert.deepEqual(problems, []);
});
