// A film comes with subtitles in two languages; they are shown over it in the language of the pages, at the school where it
// was put and at another with the link cut.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, cut, hub, look, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** A film of six seconds that every browser plays. */
function film() {
  const dir = mkdtempSync(join(tmpdir(), "film-"));
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=25:duration=6", "-c:v", "libx264", "-pix_fmt", "yuv420p", join(dir, "film.mp4")]);
  const bytes = readFileSync(join(dir, "film.mp4"));
  rmSync(dir, { recursive: true, force: true });
  return bytes;
}

const srt = (said) => Buffer.from(`1\r\n00:00:00,000 --> 00:00:06,000\r\n<i>${said}</i>\r\n`);

/** Six seconds of sound that every browser plays. */
function sound() {
  const dir = mkdtempSync(join(tmpdir(), "sound-"));
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=330:duration=6", "-c:a", "libmp3lame", join(dir, "sound.mp3")]);
  const bytes = readFileSync(join(dir, "sound.mp3"));
  rmSync(dir, { recursive: true, force: true });
  return bytes;
}

/** What is shown over the film that plays, and in which language. */
const shown = (page) => page.evaluate(async () => {
  const film = document.querySelector(".play video");
  film.muted = true;
  await film.play();
  const tracks = [...film.textTracks].filter((t) => t.mode === "showing");
  return tracks.map((t) => `${t.language} ${[...(t.activeCues ?? [])].map((c) => c.text).join(" ")}`).join("|");
});

test("a film plays with its subtitles at two schools, at one of them with the link down", { timeout: 300_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses/upload");
  await teacher.fill("#c-title", "采药");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await teacher.setInputFiles("#c-file", [
    { name: "采药.mp4", mimeType: "video/mp4", buffer: film() },
    { name: "采药.zh.srt", mimeType: "text/plain", buffer: srt("雪莲花长在高山上") },
    { name: "采药.bo.srt", mimeType: "text/plain", buffer: srt("སྨན་རྩྭ་རི་ལ་སྐྱེས།") },
  ]);
  await press(teacher, "main form button.primary");
  const course = new URL(teacher.url()).pathname;
  assert.equal(await teacher.locator(".course .rows a[href^=\"/resources/\"]").count(), 1, "subtitles are no parts of their own");
  const at = new URL(await teacher.locator(".course .rows a[href^=\"/resources/\"]").first().evaluate((a) => a.href)).pathname;
  await teacher.goto(school(2) + at);
  await until(async () => (await shown(teacher)) === "zh 雪莲花长在高山上", "the subtitles in Chinese");
  await teacher.locator(".play-subtitles summary").click();
  problems.push(...await look(teacher, "zh-subtitles"));
  await teacher.setInputFiles("#subtitles-file", { name: "x.en.srt", mimeType: "text/plain", buffer: srt("The snow lotus grows high up") });
  await press(teacher, ".play-subtitles button");
  assert.equal(await teacher.locator("track").count(), 3);
  await teacher.goto(`${school(2)}${course}/move/share`);
  await press(teacher, "main form button.primary");

  const other = await (await reader(stage.browser, "bo")).newPage();
  await be(other, school(1), "local", "/courses");
  await until(async () => {
    await other.goto(school(1) + at);
    return (await other.locator("track").count()) === 3 && (await other.locator("video source").count()) > 0;
  }, "the film and its subtitles at the other school", 120_000);
  const officer = await (await reader(stage.browser, "en")).newPage();
  await be(officer, hub, "officer", "/today");
  await officer.goto(hub + at);
  await until(async () => (await shown(officer)) === "en The snow lotus grows high up", "the subtitles in English");
  problems.push(...await look(officer, "en-subtitles"));
  await cut(officer, true);
  await other.goto(school(1) + at);
  await until(async () => (await shown(other)) === "bo སྨན་རྩྭ་རི་ལ་སྐྱེས།", "the subtitles in Tibetan with the link down");
  problems.push(...await look(other, "bo-subtitles"));
  await cut(officer, false);
  assert.deepEqual(problems, []);
});

test("a sound has its subtitles below it, in the language that one chooses", { timeout: 300_000 }, async () => {
  const problems = [];
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, school(2), "local", "/courses/upload");
  await teacher.fill("#c-title", "听一听");
  await teacher.selectOption("#c-subject", "heritage");
  await teacher.selectOption("#c-licence", "cc_by");
  await teacher.setInputFiles("#c-file", [
    { name: "听.mp3", mimeType: "audio/mpeg", buffer: sound() },
    { name: "听.zh.srt", mimeType: "text/plain", buffer: srt("雪莲花长在高山上,花瓣是白的") },
    { name: "听.bo.srt", mimeType: "text/plain", buffer: srt("སྨན་རྩྭ་རི་ལ་སྐྱེས།") },
  ]);
  await press(teacher, "main form button.primary");
  await press(teacher, ".course .rows a[href^='/resources/']");
  const at = teacher.url();
  for (const [lang, said] of [["zh", "雪莲花长在高山上,花瓣是白的"], ["bo", "སྨན་རྩྭ་རི་ལ་སྐྱེས།"], ["en", "སྨན་རྩྭ་རི་ལ་སྐྱེས།"]]) {
    await teacher.context().addCookies([{ name: "zampa_lang", value: lang, url: school(2) }]);
    await teacher.goto(at);
    assert.equal(await teacher.locator(".play video").count(), 0);
    await teacher.evaluate(() => { const a = document.querySelector(".play audio"); a.muted = true; return a.play(); });
    await until(async () => (await teacher.locator(".heard-said").innerText()) === said, `the words in ${lang}`);
    await teacher.evaluate(() => document.querySelector(".play audio").pause());
    problems.push(...await look(teacher, `${lang}-heard`));
  }
  await teacher.locator(".heard-in button[lang=zh]").click();
  await until(async () => (await teacher.locator(".heard-said").innerText()).startsWith("雪莲花"), "the words in another language");
  assert.deepEqual(problems, []);
});
