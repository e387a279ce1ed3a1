/* What the pocket holds: what it took along, and the visits that were recorded on it. */
import { called, type Called, w } from "./said.ts";
import type { Vault } from "./sealed.ts";
import type { SeenPack } from "./seen.ts";

export interface Named extends Called {
  id: string;
  name: string;
}

/** A school. */
export interface Place extends Called {
  id: string;
  title: string;
}

/** A visit that was planned. */
export interface Planned {
  id: string;
  base: string;
  purpose: string;
  host: string;
  from: string;
  starts: string;
  ends: string;
  asked: string;
  trip: string;
  route: string;
  visitors: string[];
}

export interface Host extends Place {
  last: { day: string; advice: string; follow_up: string; due?: string } | null;
  people: Named[];
}

/** What was taken along from a node. */
export interface Pack {
  person: Named;
  node: string;
  node_names?: Record<string, string>;
  made: number;
  until: number;
  /** Its lists were too old and are gone; who one is, and whence one sets out, stays. */
  stale?: boolean;
  /** Whether its person records visits at all; a node of an older version does not say. */
  visits_too?: boolean;
  schools: Place[];
  visits: Planned[];
  hosts: Host[];
  /** Other schools, by what they are called alone; a node of an older version gives none. */
  far?: Place[];
  colleagues: Named[];
  /** Observations that were agreed on, with keys to seal them to; a node of an older version gives none. */
  seen?: SeenPack;
}

/** Who was there on one day. */
export interface Day {
  day: string;
  people: string[];
  codes: string[];
  counts: { category: string; number: number; basis: string }[];
}

export interface Picture {
  made: number;
  chance: number;
  sent: boolean;
  /** How often it did not get through. */
  failed?: number;
}

/** A visit as it is recorded here. Its time and its chance are its own for good, so that it is made once. */
export interface Item {
  id: string;
  made: number;
  chance: number;
  visit?: string;
  base?: string;
  purpose: string;
  host: string;
  /** What the host is called, since lists change. */
  at?: Called;
  /** The host in its visitor's words, where no list has it. */
  host_said?: string;
  from: string;
  starts: string;
  ends: string;
  visitors: string[];
  lessons: number;
  advice: string;
  follow_up: string;
  /** The day for that; a record of an older version has none. */
  follow_up_on?: string;
  kind: string;
  days: Day[];
  pictures: Picture[];
  /** `sent` was handed over, and no answer came yet: it is not changed any more. */
  state: "draft" | "waiting" | "sent" | "handed" | "refused";
  said?: string;
  left?: { who: string; said: string }[];
  /** Which visit it became, at which node, when. */
  handed?: { visit: string; node: string; at: number };
}

/** The schools that a visit can have gone to: those near first. */
export const places = (pack: Pack | undefined): Place[] => [...(pack?.hosts ?? []), ...(pack?.far ?? []), ...(pack?.schools ?? [])];

/** What the host of a record is called. */
export function hostOf(pack: Pack | undefined, item: Item): string {
  return called(places(pack).find((one) => one.id === item.host) ?? item.at) || (item.host_said ?? "");
}

/** Lists that are too old are forgotten; who one is stays, so that one can still record. */
export function aged(pack: Pack): Pack {
  const { seen: _seen, ...rest } = pack;
  return { ...rest, stale: true, visits: [], hosts: [], far: [], colleagues: [] };
}

/** A number that nobody else draws. */
export function chance(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** The visits that are recorded here, the newest first. */
export async function items(vault: Vault): Promise<Item[]> {
  const found = await Promise.all((await vault.names("item:")).map((name) => vault.get<Item>(name)));
  return found.filter((item): item is Item => !!item).sort((a, b) => b.made - a.made);
}

export const keep = (vault: Vault, item: Item): Promise<void> => vault.put(`item:${item.id}`, item);

/** Waits until something is on disk. Where the phone's storage is full or the browser refuses it, the note says so, and what
 * was typed stays on its screen. */
export async function isKept(done: Promise<void>, note: HTMLElement): Promise<boolean> {
  try {
    await done;
    if (note.dataset["unkept"]) note.hidden = true;
    delete note.dataset["unkept"];
    return true;
  } catch (error) {
    console.warn(error);
    note.textContent = w("pocket-not-kept");
    note.hidden = false;
    note.dataset["unkept"] = "yes";
    note.scrollIntoView({ block: "center" });
    return false;
  }
}

/** Pictures of a visit that a node has taken, which it does not have yet. */
export const pending = (item: Item): Picture[] => item.handed ? item.pictures.filter((picture) => !picture.sent) : [];

export const pictureName = (item: Item, picture: Picture): string => `picture:${item.id}:${picture.made}-${picture.chance}`;

/** Throws a record away, with its pictures. */
export async function discard(vault: Vault, item: Item): Promise<void> {
  for (const picture of item.pictures) await vault.remove(pictureName(item, picture));
  await vault.remove(`item:${item.id}`);
}

/** The days of a stay, at most 31. */
export function daysOf(starts: string, ends: string): string[] {
  const days: string[] = [];
  const at = new Date(`${starts}T12:00:00Z`);
  const last = new Date(`${ends}T12:00:00Z`);
  while (at <= last && days.length < 31) {
    days.push(at.toISOString().slice(0, 10));
    at.setUTCDate(at.getUTCDate() + 1);
  }
  return days;
}
