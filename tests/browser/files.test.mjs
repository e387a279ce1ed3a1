// A picture is added to a visit at the school with the link cut; it reaches the hub when the link is mended, without
// what it said of the place where it was taken.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { be, cut, hub, look, photograph, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a picture reaches the hub and tells no place", { timeout: 180_000 }, async () => {
  const problems = [];
  const head = await (await reader(stage.browser, "zh")).newPage();
  const officer = await (await reader(stage.browser, "en")).newPage();
  await be(head, school(1), "head", "/visits");
  await head.locator(".list tbody th a").first().click();
  const path = new URL(head.url()).pathname;
  await be(officer, hub, "officer");
  await cut(officer, true);

  const photo = await photograph(head);
  assert.ok(photo.includes("GPSLatitude"));
  await head.setInputFiles("#add-files", [
    { name: "送教第一课.jpg", mimeType: "image/jpeg", buffer: photo },
    { name: "通知.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\nnotice") },
  ]);
  await head.locator("form.add-files button").click();
  await until(async () => (await head.locator(".files .rows li").count()) === 2, "the two files");
  await until(async () => head.evaluate(() => document.querySelector(".thumb img")?.naturalWidth > 0), "the picture");
  problems.push(...await look(head, "zh-files"));

  await officer.goto(hub + path);
  assert.equal(await officer.locator(".files .rows li").count(), 0);
  await cut(officer, false);
  await until(async () => {
    await officer.goto(hub + path);
    return (await officer.locator(".files .thumb").count()) === 1 && (await officer.locator(".files .button").count()) === 2;
  }, "the files at the hub");
  const href = await officer.locator(".files .thumb").getAttribute("href");
  const came = Buffer.from(await officer.evaluate(async (href) => [...new Uint8Array(await (await fetch(href)).arrayBuffer())], href));
  assert.ok(came.length > 1000 && !came.includes("GPS"));
  problems.push(...await look(officer, "en-files"));
  await officer.goto(`${hub}/files`);
  assert.equal(await officer.locator(".list tbody tr").count(), 2);
  problems.push(...await look(officer, "en-file-list"));

  // A broken picture is refused in the reader's language, and the page says what is safe.
  await head.setInputFiles("#add-files", [{ name: "坏.jpg", mimeType: "image/jpeg", buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe1, 1]) }]);
  await head.locator("form.add-files button").click();
  await head.waitForSelector("text=图片已损坏");
  problems.push(...await look(head, "zh-file-broken"));
  assert.deepEqual(problems, []);
});
