// What is promised of visits that a phone records: steps of a person, bytes of a first load, what waits handed over through a
// thin link, and the pages of somebody with ten years of facts: as others see it, and their own record, week and learning.
// Usage: node bench/growth.mjs, from the repository, with ZAMPA set and the browser tests installed.
import { request } from "node:http";
import { createServer, connect } from "node:net";
import { be, reader, school, start, until } from "../tests/browser/stage.mjs";
import { percentile, tell } from "./tell.mjs";

/** How many of each kind a person has beside visits: about one in ten days. */
const EACH = 360;
const [RATE, ONE_WAY_MS, LOSS, SEGMENT] = [2_000_000, 150, 0.01, 1460];

/**
 * A link for TCP: so many bits a second and so long one way. A segment of a hundred is lost, and what comes after it waits for a
 * round trip, as with a fast retransmission; the congestion window begins with ten segments and doubles each round trip.
 */
function link(port) {
  let seed = 7;
  const chance = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; };
  const pass = (from, to) => {
    let [free, window, turn] = [0, 10 * SEGMENT, 0];
    from.on("data", (data) => {
      for (let at = 0; at < data.length; at += SEGMENT) {
        const part = data.subarray(at, at + SEGMENT);
        const now = performance.now();
        free = Math.max(free, now) + (part.length * 8000) / RATE;
        turn += part.length;
        // Beyond the window one waits for the acknowledgement of what is under way.
        if (turn > window) { free += 2 * ONE_WAY_MS; turn = 0; window = Math.min(window * 2, (RATE / 8) * 0.3 * 2); }
        if (chance() < LOSS) { free += 2 * ONE_WAY_MS; window = Math.max(10 * SEGMENT, window / 2); }
        setTimeout(() => to.writable && to.write(part), free + ONE_WAY_MS - now);
      }
    });
    from.on("end", () => setTimeout(() => to.end(), Math.max(0, free - performance.now()) + ONE_WAY_MS + 5));
    from.on("error", () => to.destroy());
  };
  const server = createServer((near) => {
    // Its handshake takes a round trip before anything is said.
    near.pause();
    const far = connect(port, "127.0.0.1", () => setTimeout(() => near.resume(), 2 * ONE_WAY_MS));
    pass(near, far);
    pass(far, near);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function ask(port, method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers: { ...headers, "content-length": Buffer.byteLength(body) } }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, to: answer.headers.location, body: Buffer.concat(parts).toString() }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Ten years of a page, asked again and again; it has to hold something, where that is said. */
async function measured(name, port, path, cookie, holds = "") {
  const took = [];
  for (let n = 0; n < 300; n += 1) {
    const began = performance.now();
    const answer = await ask(port, "GET", path, cookie, "");
    if (answer.status !== 200 || !answer.body.includes(holds)) throw new Error(`${path}: ${answer.status} ${answer.body.slice(0, 2000)}`);
    took.push(performance.now() - began);
  }
  const p99 = percentile(took, 99);
  tell(name, p99, "ms", "< 30", p99 < 30);
}

/** The week of ISO 8601 that a day is in. */
function iso(day) {
  const date = new Date(`${day}T00:00:00Z`);
  // A week is of the year that its Thursday is in.
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const year = date.getUTCFullYear();
  return `${year}-W${String(Math.ceil(((date - Date.UTC(year, 0, 1)) / 86_400_000 + 1) / 7)).padStart(2, "0")}`;
}

/** Every touch of an observation that was agreed on, from the pocket's first screen to its recording; its notes apart. */
async function observation() {
  const pass = "four words of the bench";
  const [teacher, guest] = [await (await reader(stage.browser, "zh")).newPage(), await (await reader(stage.browser, "zh", 360)).newPage()];
  await be(teacher, school(1), "local");
  await be(guest, school(1), "posted");
  for (const one of [teacher, guest]) {
    await one.goto(`${school(1)}/observations/key`);
    await one.fill("#pass-new", pass);
    await one.fill("#pass-again", pass);
    await one.locator("#make-key button").click();
    await one.locator("#change").waitFor();
  }
  const teaches = (await teacher.locator(".account summary").textContent()).trim();
  for (const instrument of ["segments_1", "lesson_study_1"]) {
    await guest.goto(`${school(1)}/observations`);
    if (!(await guest.locator("#c-other").isVisible())) await guest.locator("#ask > summary").click();
    await guest.check("#ask [name=who][value=observer]");
    await guest.selectOption("#c-other", { label: teaches });
    await guest.selectOption("#c-instrument", instrument);
    await guest.locator("#ask form button.primary").click();
    await guest.waitForURL(/observations\/[0-9a-z]{26}$/);
    await teacher.goto(guest.url());
    await teacher.locator("form[action$='/accept'] button").click();
    await teacher.waitForLoadState();
  }
  await guest.goto(`${school(1)}/pocket`);
  await guest.fill("#c-pin", "27182818");
  await guest.fill("#c-again", "27182818");
  await guest.locator("form button.primary").click();
  await guest.locator("#seen-part button").first().waitFor();
  await guest.context().setOffline(true);
  for (const instrument of ["segments_1", "lesson_study_1"]) {
    let taps = 0;
    const tap = async (what) => { await what.click(); taps += 1; };
    await tap(guest.locator("#seen-part li", { hasText: instrument === "segments_1" ? "十五分钟" : "课例" }).locator("button"));
    await guest.locator("#record").waitFor();
    // Four things seen in each quarter of an hour.
    if (instrument === "segments_1") for (const at of [0, 4, 7, 12, 15, 16, 19, 25]) await tap(guest.locator(".observe-item").nth(at));
    await guest.fill("#o-ask", "先问后讲");
    await tap(guest.locator("#record"));
    await guest.locator("#seen-part .tag.wait").first().waitFor();
    tell(`an observation with ${instrument}, taps beyond its notes`, taps, "taps", "<= 12", taps <= 12);
  }
  await teacher.context().close();
  await guest.context().close();
}

const stage = await start();
try {
  await observation();

  const context = await reader(stage.browser, "zh", 360);
  const page = await context.newPage();
  await be(page, school(1), "posted");

  // A first load, as the browser counts it: a fresh profile, nothing kept.
  const fresh = await (await reader(stage.browser, "zh", 360)).newPage();
  const devtools = await fresh.context().newCDPSession(fresh);
  await devtools.send("Network.enable");
  let bytes = 0;
  devtools.on("Network.loadingFinished", (e) => { bytes += e.encodedDataLength; });
  await fresh.goto(`${school(1)}/pocket`);
  await fresh.waitForLoadState("networkidle");
  tell("pocket, first load", bytes / 1000, "KB", "<= 150", bytes <= 150_000);
  await fresh.context().close();

  // A phone of its own for the browser, and its secret as the page was given it.
  let made;
  page.on("response", async (answer) => { if (answer.url().endsWith("/pocket/new")) made = await answer.json(); });
  await page.goto(`${school(1)}/pocket`);
  await page.fill("#c-pin", "27182818");
  await page.fill("#c-again", "27182818");
  await page.locator("form button.primary").click();
  await page.locator("#planned button").first().waitFor();
  await until(() => made, "the phone's secret");

  // A planned visit with twenty who sign in by name: every touch and every key counts.
  let steps = 0;
  const tap = async (what) => { await what.click(); steps += 1; };
  await tap(page.locator("#planned button").first());
  for (let n = 0; n < 20; n += 1) await tap(page.locator("#people .pocket-name").nth(n));
  await tap(page.getByRole("button", { name: "+" }).first());
  await page.locator("#c-advice").click();
  await page.keyboard.type("先猜后看");
  steps += 1 + 4;
  await tap(page.locator("#record"));
  tell("a visit with 20 sign-ins, taps and keys", steps, "steps", "<= 45", steps <= 45);
  // As people do it: a tap a second, a letter in half.
  tell("the same at a tap a second", steps, "s", "<= 60", steps <= 60);
  await page.locator("#recorded").waitFor();
  await context.setOffline(true);

  // Five thousand facts: a hundred visits, each with its activity and 48 who signed in, and the phone's usual questions.
  const bearer = { authorization: `Bearer ${made.id}.${made.secret}`, "content-type": "application/json" };
  const port = Number(new URL(school(1)).port);
  const pack = JSON.parse((await ask(port, "GET", "/pocket/pack", bearer, "")).body);
  const host = pack.hosts.find((one) => one.people.length >= 48);
  const day = (n) => new Date(Date.UTC(2016, 0, 4) + n * 86_400_000).toISOString().slice(0, 10);
  const visit = (n, people) => ({
    id: `b${n}`, made: 1_450_000_000_000 + n, chance: n, purpose: "量", kind: "workshop", host: host.id, from: pack.schools[0].id,
    starts: day(n), ends: day(n), visitors: [pack.person.id], lessons: 2, advice: "先让学生猜,再看实验。", follow_up: "",
    days: [{ day: day(n), people, codes: [], counts: [] }],
  });
  const named = host.people.slice(0, 48).map((one) => one.id);
  const queue = Array.from({ length: 100 }, (_, n) => visit(n * 7, named.map((_, at) => at)));
  const relay = await link(port);
  const through = relay.address().port;
  const from = performance.now();
  await ask(through, "GET", `/pocket/state/${made.id}`, {}, "");
  for (let at = 0; at < queue.length; at += 50) {
    const answer = await ask(through, "POST", "/pocket/hand", bearer, JSON.stringify({ lang: "zh", items: queue.slice(at, at + 50), people: named }));
    const done = JSON.parse(answer.body).done;
    if (done.length !== 50 || done.some((one) => !one.visit || one.left.length)) throw new Error(answer.body.slice(0, 500));
  }
  const seconds = (performance.now() - from) / 1000;
  tell("5,000 queued facts handed over, 2 Mbit/s, 300 ms, 1 % lost", seconds, "s", "<= 5", seconds <= 5);
  relay.close();

  // Ten years of somebody: twice a week at something, each held, each with a day.
  const person = host.people[0].id;
  for (let at = 0; at < 1000; at += 100) {
    const more = Array.from({ length: 100 }, (_, n) => visit(701 + (at + n) * 3, [person]));
    const answer = await ask(port, "POST", "/pocket/hand", bearer, JSON.stringify({ lang: "zh", items: more }));
    if (JSON.parse(answer.body).done.some((one) => !one.visit)) throw new Error(answer.body.slice(0, 500));
  }
  await context.setOffline(false);
  const cookies = await context.cookies(school(1));
  const cookie = { cookie: cookies.map((one) => `${one.name}=${one.value}`).join("; ") };
  await measured("page of a person with ten years of facts, p99", port, `/people/${person}`, cookie);

  // The visitor of all these is who is signed in. Beside them, over the same years, what else a day holds: what one gave, what
  // one came to, courses used with a class.
  const csrf = (await ask(port, "GET", "/activities/new", cookie, "")).body.match(/name="_csrf" value="([^"]+)"/)[1];
  const send = async (path, fields) => {
    const answer = await ask(port, "POST", path, { ...cookie, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" }, new URLSearchParams({ _csrf: csrf, ...fields }).toString());
    if (answer.status !== 303) throw new Error(`${path}: ${answer.status} ${answer.body.slice(0, 2000)}`);
    return answer.to.split("/").at(-1);
  };
  const me = pack.person.id;
  const own = pack.schools[0].id;
  const course = (await ask(port, "GET", "/courses", cookie, "")).body.match(/href="\/courses\/([0-9a-z]{26})"/)[1];
  for (let n = 0; n < EACH; n += 1) {
    const at = (more) => day(more + n * Math.floor(3600 / EACH));
    const held = (title, on, more) => send("/activities/new", { title, kind: "training", school: own, starts_on: on, ends_on: on, _birth: "hold", held_on: on, ...more });
    await held("量：我主讲", at(1), { given_by: me });
    const attended = await held("量：我参加", at(2), {});
    await send("/participations/new", { activity: attended, person: me, part: "attends", day: at(2), present: "yes" });
    await send(`/course-uses/${await send("/course-uses/new", { course, school: own, used_on: at(4), class: "三年级" })}/move/use`, { how: "as_it_is" });
  }
  await measured("service record of ten years of facts of four kinds, p99", port, "/service", cookie);
  await measured("learning of ten years, p99", port, "/learning", cookie, "量：我参加");
  await measured("week with something of each kind, p99", port, `/week?of=${iso(day(4))}`, cookie);
  await measured("week with nothing in it, p99", port, "/week", cookie);
} finally {
  await stage.stop();
}
