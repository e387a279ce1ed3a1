// What the page of a live class weighs when a browser opens it for the first time, what is shown in the class left out: that was at
// the school before.
// Usage: node bench/class_page.mjs, from the repository, with ZAMPA set and the browser tests installed.
import { be, classOfToday, reader, school, start } from "../tests/browser/stage.mjs";
import { tell } from "./tell.mjs";

const stage = await start(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
try {
  const path = await classOfToday(await (await reader(stage.browser, "zh")).newPage());
  const page = await (await reader(stage.browser, "zh", 360)).newPage();
  await be(page, school(1), "local");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  // What the first page left behind is not taken for what the class needs.
  await devtools.send("Network.clearBrowserCache");
  const [at, came] = [new Map(), new Map()];
  devtools.on("Network.requestWillBeSent", (e) => at.set(e.requestId, new URL(e.request.url).pathname));
  devtools.on("Network.loadingFinished", (e) => came.set(e.requestId, e.encodedDataLength));
  await page.goto(`${school(1)}${path}/live`);
  await page.waitForTimeout(5000);
  const own = [...came].filter(([id]) => !/slides|content|renditions|shown/.test(at.get(id) ?? ""));
  const bytes = own.reduce((sum, [, n]) => sum + n, 0);
  tell("the page of a live class, first load, compressed", bytes / 1000, "KB", "<= 150", bytes <= 150_000);
} finally {
  await stage.stop();
}
