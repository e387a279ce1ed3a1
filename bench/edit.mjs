// How long it takes from a key to the screen of a peer at the same node: two real browsers' pages, one plan.
// Usage: node bench/edit.mjs, from the repository, with ZAMPA set and the browser tests installed.
import { be, press, reader, school, start } from "../tests/browser/stage.mjs";
import { percentile, tell } from "./tell.mjs";

const KEYS = 120;
const stage = await start();
try {
  const one = await (await reader(stage.browser, "zh")).newPage();
  await be(one, school(1), "local", "/plans/new");
  await one.fill("#c-title", "量");
  await one.selectOption("#c-subject", "mathematics");
  await one.selectOption("#c-type", "practice");
  await press(one, "main button.primary");
  await one.waitForSelector("[data-plan][data-ready]");
  const two = await one.context().newPage();
  await two.goto(one.url());
  await two.waitForSelector("[data-plan][data-ready]");
  // Each page notes when its text grows; both read one clock.
  const watch = (page) => page.evaluate(() => {
    window.seen = [];
    const editor = document.querySelector(".ProseMirror");
    let had = editor.textContent.length;
    new MutationObserver(() => {
      const has = editor.textContent.length;
      for (; had < has; had += 1) window.seen.push(performance.timeOrigin + performance.now());
      had = has;
    }).observe(editor, { subtree: true, childList: true, characterData: true });
  });
  await one.locator(".ProseMirror .plan-part p").first().click();
  await watch(one);
  await watch(two);
  for (let n = 0; n < KEYS; n += 1) await one.keyboard.type("字", { delay: 60 });
  await two.waitForFunction((n) => window.seen.length >= n, KEYS);
  const [typed, seen] = await Promise.all([one, two].map((page) => page.evaluate(() => window.seen)));
  const took = typed.map((t, i) => seen[i] - t);
  const at = (p) => percentile(took, p);
  tell("a plan's edit to a peer's screen at the same node, median", at(50), "ms", "-", true);
  tell("a plan's edit to a peer's screen at the same node, p95", at(95), "ms", "< 50", at(95) < 50);
} finally {
  await stage.stop();
}
