/* Meeting a node: being told that the phone is lost, handing over what waits, taking along what is new. */
import { items, keep, pending, pictureName, places, type Item, type Pack } from "./kept.ts";
import { clear, forgetLists, wipe, type Vault } from "./sealed.ts";
import { keepSeen, know, seens, sentSeen } from "./seen.ts";
import { language, w } from "./said.ts";
import { handOver, takeAlong, type Tour } from "./way.ts";

/** How long one waits for an answer, beside what is handed over takes on its way. */
const PATIENCE_MS = 20_000;
/** What the thinnest link carries in a second: a quarter of 64 kbit/s, since others speak too and some of it is lost. */
const BYTES_A_SECOND = 2_000;
/** Visits in one delivery: a lost answer costs no more than these again. */
const BATCH = 50;

function weight(body: unknown): number {
  return typeof body === "string" ? new Blob([body]).size : body instanceof ArrayBuffer ? body.byteLength : 0;
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const patience = new AbortController();
  const end = window.setTimeout(() => patience.abort(), PATIENCE_MS + (weight(init.body) / BYTES_A_SECOND) * 1000);
  try {
    return await fetch(url, { ...init, cache: "no-store", credentials: "omit", signal: patience.signal });
  } finally {
    window.clearTimeout(end);
  }
}

/** The addresses where a node may be: where this came from, and those that were typed. */
export async function nodes(): Promise<string[]> {
  return [location.origin, ...((await clear())?.nodes ?? [])].filter((url, at, all) => all.indexOf(url) === at);
}

/** What a node knows of this phone: `in_use`, `lost`, or `ended` where its person goes on no visits any more; nothing where it knows none such or is not there. */
async function state(node: string, id: string): Promise<string | undefined> {
  try {
    const answer = await ask(`${node}/pocket/state/${id}`);
    return answer.ok ? (((await answer.json()) as { state: string | null }).state ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/** A node that knows this phone, and what it says of it. */
export interface Met {
  node: string;
  is: "in_use" | "lost" | "ended";
}

/** The first node that knows this phone. Where it is `lost`, everything is forgotten; where it has `ended`, since its person has no
 * more to do with visits, the lists are, while what they recorded stays theirs. */
export async function reached(): Promise<Met | undefined> {
  const is = await clear();
  if (!is) return undefined;
  for (const node of await nodes()) {
    const said = await state(node, is.id);
    if (said === "in_use") return { node, is: said };
    if (said === "ended") {
      await forgetLists();
      return { node, is: said };
    }
    if (said) {
      await wipe();
      return { node, is: "lost" };
    }
  }
  return undefined;
}

/** What the phone brings with all that it asks of a node. */
async function bearerOf(vault: Vault): Promise<Record<string, string>> {
  return { authorization: `Bearer ${(await clear())?.id}.${await vault.get<string>("secret")}` };
}

interface Answer {
  done: { id: string; visit?: string; observation?: string; said?: string; left?: { who: string; said: string }[] }[];
}

/** Hands over what waits but pictures, and takes along what is new: where its person's role has ended visits alone, since those of
 * its days are still taken for a while. Gives whom it met; nothing where that was nobody. */
export async function meet(vault: Vault, progress: (done: number, all: number) => void): Promise<Met | undefined> {
  const met = await reached();
  if (!met || met.is === "lost") return met;
  const { node, is } = met;
  const bearer = await bearerOf(vault);
  await findHosts(vault, node, bearer);
  const waiting = (await items(vault)).filter((item) => item.host && (item.state === "waiting" || item.state === "sent")).reverse();
  for (let at = 0; at < waiting.length; at += BATCH) {
    const part = waiting.slice(at, at + BATCH);
    for (const item of part) await keep(vault, Object.assign(item, { state: "sent" }));
    progress(at, waiting.length);
    // Each person stands in the delivery once, and as a number wherever they signed in.
    const people: string[] = [];
    const number = (who: string): number => {
      const at = numbers.get(who);
      if (at !== undefined) return at;
      numbers.set(who, people.length);
      return people.push(who) - 1;
    };
    const numbers = new Map<string, number>();
    const body = JSON.stringify({ lang: language(), items: part.map((item) => sent(item, number)), people });
    const answer = await ask(`${node}/pocket/hand`, { method: "POST", headers: { ...bearer, "content-type": "application/json" }, body });
    if (!answer.ok && is === "ended") {
      // The while is over: nobody has got them.
      for (const item of part) await keep(vault, Object.assign(item, { state: "waiting" }));
      return met;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    for (const done of ((await answer.json()) as Answer).done) {
      const item = part.find((one) => one.id === done.id);
      if (item) await keep(vault, became(item, done, node));
    }
  }
  if (is === "ended") return met;
  await handOver(vault, node, async (calls) => {
    const body = JSON.stringify({ lang: language(), items: [], tours: calls });
    const answer = await ask(`${node}/pocket/hand`, { method: "POST", headers: { ...bearer, "content-type": "application/json" }, body });
    if (!answer.ok) throw new Error(String(answer.status));
    return ((await answer.json()) as { tours?: { id: string }[] }).tours ?? [];
  });
  await envelopes(vault, node, bearer);
  const pack = await ask(`${node}/pocket/pack`, { headers: bearer });
  if (pack.ok) {
    const { tours, ...rest } = (await pack.json()) as Pack & { tours?: Tour[] };
    await know(vault, rest);
    await vault.put("pack", rest);
    await takeAlong(vault, tours ?? [], node);
  }
  progress(waiting.length, waiting.length);
  return met;
}

/** Finds the hosts that were written in words, in the node's lists. Which of several is meant, or what no list has, its visitor
 * says. */
async function findHosts(vault: Vault, node: string, bearer: Record<string, string>): Promise<void> {
  const said = (await items(vault)).filter((item) => item.state === "waiting" && !item.host && item.host_said);
  if (said.length === 0) return;
  const fresh = await ask(`${node}/pocket/pack`, { headers: bearer });
  // Whom a node gives no lists, it finds no school either: what was recorded waits.
  if (!fresh.ok) return;
  const all = places((await fresh.json()) as Pack);
  for (const item of said) {
    const is = (name: string | undefined): boolean => name?.trim().toLowerCase() === item.host_said?.trim().toLowerCase();
    const found = all.filter((one, n) => all.findIndex((other) => other.id === one.id) === n && (is(one.title) || Object.values(one.names ?? {}).some(is)));
    const { host_said: _host_said, ...rest } = item;
    if (found.length === 1 && found[0]) await keep(vault, { ...rest, host: found[0].id, at: { title: found[0].title, names: found[0].names ?? {} } });
    else await keep(vault, { ...item, state: "refused", said: w("pocket-host-which", item.host_said ?? "") });
  }
}

/** Hands over observations, as sealed as they lie here. */
async function envelopes(vault: Vault, node: string, bearer: Record<string, string>): Promise<void> {
  for (const one of (await seens(vault)).filter((seen) => seen.state === "waiting" || seen.state === "sent")) {
    await keepSeen(vault, Object.assign(one, { state: "sent" }));
    const body = JSON.stringify({ lang: language(), items: [sentSeen(one)] });
    const answer = await ask(`${node}/pocket/hand`, { method: "POST", headers: { ...bearer, "content-type": "application/json" }, body });
    if (!answer.ok) throw new Error(String(answer.status));
    const done = ((await answer.json()) as Answer).done[0];
    if (!done) continue;
    await keepSeen(vault, Object.assign(one, done.observation ? { state: "handed", handed: { node, at: Date.now() } } : { state: "refused", said: done.said ?? "" }));
  }
}

/** What goes to the node: nothing of how things stand here. */
function sent(item: Item, number: (who: string) => number): object {
  const { pictures: _pictures, state: _state, said: _said, left: _left, handed: _handed, at: _at, host_said: _host_said, ...rest } = item;
  const days = item.days.filter((day) => day.people.length + day.codes.length + day.counts.length > 0);
  return { ...rest, visitors: item.visitors.map(number), days: days.map((day) => ({ ...day, people: day.people.map(number) })) };
}

function became(item: Item, done: Answer["done"][number], node: string): Item {
  if (!done.visit) return Object.assign(item, { state: "refused", said: done.said ?? "" });
  const { said: _said, ...rest } = item;
  return { ...rest, state: "handed", left: done.left ?? [], handed: { visit: done.visit, node, at: Date.now() } };
}

/** Hands over the pictures of visits that a node has taken. They come last, since they weigh most: one that does not get through
 * keeps neither another nor anything else back, and is tried after the others from then on. */
export async function pictures(vault: Vault, node: string): Promise<void> {
  const bearer = await bearerOf(vault);
  const here = (await items(vault)).flatMap((item) => pending(item).map((picture) => ({ item, picture })));
  here.sort((a, b) => (a.picture.failed ?? 0) - (b.picture.failed ?? 0));
  for (const { item, picture } of here) {
    const body = await vault.bytes(pictureName(item, picture));
    if (!body || !item.handed) continue;
    const url = `${node}/pocket/picture/${item.handed.visit}/${picture.made}/${picture.chance}`;
    try {
      picture.sent = (await ask(url, { method: "POST", headers: { ...bearer, "content-type": "image/jpeg" }, body })).ok;
    } catch {
      // Where the node itself is out of reach it is no picture's fault.
      if ((await state(node, (await clear())?.id ?? "")) === undefined) return;
    }
    if (!picture.sent) picture.failed = (picture.failed ?? 0) + 1;
    await keep(vault, item);
  }
}

/** Longest side of a picture, and its bytes at most: what a village's link can carry. */
const SIDE = 1600;
const MOST = 400_000;

/** Shrinks a picture; drawn anew, it tells neither place nor device. */
export async function shrink(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  for (let side = SIDE, quality = 0.8; ; side *= 0.8, quality = Math.max(0.5, quality - 0.1)) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (!blob) throw new Error("no picture");
    if (blob.size <= MOST || side < 400) return blob;
  }
}

/** Prepares this phone for who is signed in at this node: gives its name and its secret. */
export async function enrol(device: string): Promise<{ id: string; secret: string; name: string } | "sign-in" | string> {
  const who = await fetch("/pocket/who", { cache: "no-store" });
  if (who.status === 401) return "sign-in";
  if (!who.ok) return "pocket-not-you";
  const { name, csrf } = (await who.json()) as { name: string; csrf: string };
  const made = await fetch("/pocket/new", { method: "POST", body: new URLSearchParams({ device, _csrf: csrf }) });
  if (!made.ok) return "pocket-many";
  return { ...((await made.json()) as { id: string; secret: string }), name };
}

