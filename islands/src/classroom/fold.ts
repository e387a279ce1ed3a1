/*
 * A class as it follows from what happened in it, event by event: the same live, after a cut, and when it is played again.
 */
import { NOBODY, Saying, type Happened } from "./wire.ts";

/** What is said in words: `k` names it. */
export type Said =
  | { k: "begin" }
  | { k: "end" }
  | { k: "page"; p: number }
  | { k: "blank" }
  | { k: "floor"; room: number }
  | { k: "hand"; up: boolean }
  | { k: "heads"; n: number }
  | { k: "consent"; yes: boolean }
  | { k: "record"; on: boolean }
  | { k: "timer"; s: number }
  | { k: "ask"; q: number; kind: Kind; text: string; options?: string[] }
  | { k: "tally"; q: number; counts?: Record<string, number>; texts?: string[] }
  | { k: "devices"; q: number; n: number; counts: Record<string, number> }
  | { k: "hands"; n: number }
  | { k: "close"; q: number }
  | { k: "exit"; on: boolean }
  | { k: "groups"; r: number; n: number; s: number; task: string; shared: boolean; p?: number }
  | { k: "groups-end" }
  | { k: "show"; r: number; g: number }
  | { k: "still"; id: string }
  | { k: "still-away" }
  | { k: "still-gone"; id: string }
  | { k: "interpret"; room?: number; person?: string; lang: string }
  | { k: "chat"; text: string; by?: string }
  | { k: "caption"; text: string; by?: string }
  | { k: "in"; name?: string; role?: string }
  | { k: "out" }
  | { k: "guest"; person: string; name: string }
  | { k: "gone"; person: string }
  | { k: "agrees"; person: string; yes: boolean }
  | { k: "admit"; person: string; name: string; yes: boolean };

/** How a question is answered. */
export type Kind = "choice" | "number" | "short" | "draw";

/** What a room answered. */
export interface Answers {
  /** As its adult counted. */
  hands: Record<string, number>;
  /** As its pupils' devices were counted, and how many answered on them. */
  devices: Record<string, number>;
  n: number;
  texts: string[];
  ink: Uint8Array | undefined;
}

export interface Question {
  q: number;
  kind: Kind;
  text: string;
  options: string[];
  open: boolean;
  /** What was answered, room by room. */
  rooms: Map<number, Answers>;
}

export interface RoomNow {
  here: boolean;
  hand: boolean;
  /** Hands that are up on pupils' devices. */
  hands: number;
  heads: number | undefined;
  consent: boolean;
}

export interface Line {
  n: number;
  t: number;
  room: number;
  by: string;
  text: string;
  late: boolean;
}

/** Who looks on, or asks to. */
export interface Guest {
  name: string;
  /** The teacher has let them in. */
  yes: boolean;
  here: boolean;
  /** They let what they say be recorded. */
  agrees: boolean;
}

/** Small groups, as they were begun. */
export interface Round {
  id: number;
  /** The room that began them by itself; 0 where who leads the class did. */
  owner: number;
  /** Groups of each room. */
  n: number;
  task: string;
  /** The slide that they write on; none is an empty sheet. */
  page: number | undefined;
  /** Rooms share the numbers: the same number is one group. */
  shared: boolean;
}

/** Something on the sheet of a group: whose hand, its number, and what: see `Saying.Sheet`. */
export interface Piece {
  by: number;
  piece: number;
  room: number;
  what: Uint8Array;
}

/** A page of the course, by its picture. */
export interface Shown {
  hash: string;
  width: number;
  height: number;
}

const SHOWN_BYTES = 40;

/** Rounds that one room, or the class, begins: the number of a round is that of its room times this, and its own. */
export const ROUNDS = 10_000;
const PIECE_HEAD = 15;
const SHEETS = 400;

/** The groups of a room, by their numbers. */
export function groupsOf(round: Round, room: number): number[] {
  if (room === 0 || (round.owner !== 0 && round.owner !== room)) return [];
  return Array.from({ length: round.n }, (_, n) => (round.shared ? 0 : (room - 1) * round.n) + n + 1);
}

/** The room of a group; 0 where rooms share it. */
export const roomOf = (round: Round, g: number): number => (round.shared ? 0 : Math.ceil(g / round.n));

export const sheetKey = (r: number, g: number): string => `${r}/${g}`;

/** Where a class stands. */
export class Class {
  began = false;
  over = false;
  page = 0;
  /** White pages that were added. */
  blanks = 0;
  /** The pages by their numbers, nothing for a white one, once the class has said them; before, the course has them. */
  pages: readonly (Shown | null)[] | undefined;
  /** The room that speaks: 0 is the teacher's. */
  floor = 0;
  recording = false;
  /** Whether it is asked how it was. */
  exit: "" | "open" | "over" = "";
  timer: { since: number; s: number } | undefined;
  question: Question | undefined;
  rooms = new Map<number, RoomNow>();
  chat: Line[] = [];
  caption: Line | undefined;
  /** The picture that is shown to all. */
  still: { id: string; room: number } | undefined;
  /** Which room showed each picture; and those that were withdrawn, which come back with nothing. */
  stills = new Map<string, number>();
  withdrawn = new Set<string>();
  guests = new Map<string, Guest>();
  /** Who interprets, by the number of their room or their own id, and into what. */
  interpreters = new Map<string, string>();
  /** The small groups that are at work, all there were, and their sheets. */
  groups: Round | undefined;
  rounds = new Map<number, Round>();
  sheets = new Map<string, readonly Piece[]>();
  /** The sheet that is shown to all. */
  shown: { r: number; g: number } | undefined;

  /** The same, to try on it what is not in the class yet. */
  copy(): Class {
    const copy = Object.assign(new Class(), this);
    copy.rooms = new Map([...this.rooms].map(([n, room]) => [n, { ...room }]));
    copy.chat = [...this.chat];
    copy.interpreters = new Map(this.interpreters);
    copy.rounds = new Map(this.rounds);
    copy.sheets = new Map(this.sheets);
    copy.stills = new Map(this.stills);
    copy.withdrawn = new Set(this.withdrawn);
    copy.guests = new Map([...this.guests].map(([who, guest]) => [who, { ...guest }]));
    if (this.question) copy.question = { ...this.question, rooms: new Map([...this.question.rooms].map(([n, answers]) => [n, { ...answers }])) };
    return copy;
  }

  room(n: number): RoomNow {
    const known = this.rooms.get(n) ?? { here: false, hand: false, hands: 0, heads: undefined, consent: false };
    this.rooms.set(n, known);
    return known;
  }

  /** Takes in what happened; gives what was said in words. A room that is cut off leads itself: `alone` is its number. */
  take(event: Happened, alone?: number): Said | undefined {
    if (event.said[0] === Saying.Drawn) this.drawn(event);
    if (event.said[0] === Saying.Sheet) this.put(event);
    if (event.said[0] === Saying.Pack) this.pack(event);
    if (event.said[0] !== Saying.Json) return undefined;
    let said: Said;
    try {
      said = JSON.parse(new TextDecoder().decode(event.said.subarray(1))) as Said;
    } catch {
      return undefined;
    }
    return this.apply(event, said, alone) ? said : undefined;
  }

  /** What a room answers to the question that is asked. */
  private answers(room: number, q: number, put: (of: Answers) => void): void {
    if (this.question?.q !== q) return;
    const of = this.question.rooms.get(room) ?? { hands: {}, devices: {}, n: 0, texts: [], ink: undefined };
    put(of);
    this.question.rooms.set(room, of);
  }

  private drawn(event: Happened): void {
    if (event.room === 0 || event.room === NOBODY || event.said.length < 3) return;
    const q = new DataView(event.said.buffer, event.said.byteOffset + 1).getUint16(0);
    this.answers(event.room, q, (of) => {
      of.ink = event.said.slice(3);
    });
  }

  /** Where the class has its order it is known what it shows: a page's number means the same in every room. */
  private pack(event: Happened): void {
    const { said } = event;
    if (event.room !== 0 || said.length < 2) return;
    const shown: Shown[] = [];
    for (let at = 2; at + SHOWN_BYTES <= said.length; at += SHOWN_BYTES) {
      const hash = [...said.subarray(at, at + 32)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const size = new DataView(said.buffer, said.byteOffset + at + 36);
      shown.push({ hash, width: size.getUint16(0), height: size.getUint16(2) });
    }
    const whites = Array.from({ length: this.blanks }, () => null);
    this.pages = said[1] === 0 ? [...shown, ...whites] : [...(this.pages ?? whites), ...shown];
  }

  /** Puts something on the sheet of a group: what is there already is not put there twice. */
  private put(event: Happened): void {
    const { said } = event;
    if (event.room === NOBODY || said.length < 1 + PIECE_HEAD) return;
    const view = new DataView(said.buffer, said.byteOffset + 1);
    const [r, g] = [view.getUint32(0), view.getUint16(4)];
    const piece = { by: view.getUint32(6), piece: view.getUint32(10), room: event.room, what: said.subarray(PIECE_HEAD) };
    if (!this.mayWrite(event.room, r, g)) return;
    const there = this.sheets.get(sheetKey(r, g)) ?? [];
    if (there.length > 2 * SHEETS || there.some((other) => other.by === piece.by && other.piece === piece.piece)) return;
    this.sheets.set(sheetKey(r, g), [...there, piece]);
  }

  /** Who leads writes on every sheet, a room on those of its own groups. */
  private mayWrite(room: number, r: number, g: number): boolean {
    const round = this.rounds.get(r);
    return round !== undefined && (room === 0 || groupsOf(round, room).includes(g));
  }

  private apply(event: Happened, said: Said, alone: number | undefined): boolean {
    // Who leads says what is shown and who speaks; rooms speak for themselves; others are only named.
    // What a co-teacher said in a cut was for their own school: the others went on without it.
    const leads = event.room === 0 && (!event.late || alone !== undefined);
    const room = event.room > 0 && event.room < NOBODY;
    const line = (text: string, by: string | undefined): Line => ({ n: event.n, t: event.t, room: event.room, by: by ?? "", text, late: event.late });
    switch (said.k) {
      case "begin":
        if (leads) this.began = true;
        return leads;
      case "end":
        if (leads) {
          this.over = true;
          this.groups = undefined;
          this.shown = undefined;
          if (this.exit === "open") this.exit = "over";
        }
        return leads;
      case "groups": {
        if (!(leads || room) || this.rounds.has(said.r) || Math.floor(said.r / ROUNDS) !== event.room) return false;
        const round = { id: said.r, owner: event.room, n: said.n, task: said.task, page: said.p, shared: leads && said.shared };
        this.rounds.set(said.r, round);
        // A room that is cut off has begun them for itself.
        if (!leads && event.room !== alone) return true;
        this.groups = round;
        this.shown = undefined;
        this.timer = said.s > 0 ? { since: event.t, s: said.s } : undefined;
        return true;
      }
      case "groups-end":
        if (!leads && event.room !== alone) return false;
        this.groups = undefined;
        this.timer = undefined;
        return true;
      case "show":
        if (said.g === 0) {
          if (this.shown && (leads || (room && this.mayWrite(event.room, this.shown.r, this.shown.g)))) this.shown = undefined;
        } else if ((leads || room) && this.mayWrite(event.room, said.r, said.g)) this.shown = { r: said.r, g: said.g };
        return true;
      case "still":
        if (event.room === NOBODY) return false;
        this.stills.set(said.id, event.room);
        if (!this.withdrawn.has(said.id)) this.still = { id: said.id, room: event.room };
        return true;
      case "still-gone":
        // Who leads withdraws any, a room its own.
        if (!leads && this.stills.get(said.id) !== event.room) return false;
        this.withdrawn.add(said.id);
        if (this.still?.id === said.id) this.still = undefined;
        return true;
      case "still-away":
        if (leads) this.still = undefined;
        return leads;
      case "interpret": {
        if (!leads) return false;
        const who = said.room === undefined ? (said.person ?? "") : String(said.room);
        this.interpreters.delete(who);
        // One voice a language.
        for (const [other, lang] of this.interpreters) if (said.lang !== "" && lang === said.lang) this.interpreters.delete(other);
        if (said.lang !== "") this.interpreters.set(who, said.lang);
        return true;
      }
      case "exit":
        if (leads) this.exit = said.on && this.exit === "" ? "open" : "over";
        return leads;
      case "page":
        if (!leads && event.room !== alone) return false;
        this.page = said.p;
        return true;
      case "blank":
        if (!leads) return false;
        this.blanks += 1;
        if (this.pages) this.pages = [...this.pages, null];
        return true;
      case "floor":
        if (!leads) return false;
        this.floor = said.room;
        this.room(said.room).hand = false;
        this.room(said.room).hands = 0;
        return true;
      case "record":
        if (leads) this.recording = said.on;
        return leads;
      case "timer":
        if (leads) this.timer = said.s > 0 ? { since: event.t, s: said.s } : undefined;
        return leads;
      case "ask":
        if (leads) this.question = { q: said.q, kind: said.kind, text: said.text, options: said.options ?? [], open: true, rooms: new Map() };
        return leads;
      case "close":
        if (leads && this.question?.q === said.q) this.question.open = false;
        return leads;
      case "admit":
        if (leads && !said.yes) this.interpreters.delete(said.person);
        if (leads) this.guests.set(said.person, { name: said.name, yes: said.yes, here: this.guests.get(said.person)?.here ?? false, agrees: this.guests.get(said.person)?.agrees ?? false });
        return leads;
      case "guest":
        this.guests.set(said.person, { name: said.name, yes: this.guests.get(said.person)?.yes ?? false, here: true, agrees: this.guests.get(said.person)?.agrees ?? false });
        return true;
      case "gone": {
        const guest = this.guests.get(said.person);
        if (guest) guest.here = false;
        return true;
      }
      case "agrees": {
        const guest = event.room === NOBODY ? this.guests.get(said.person) : undefined;
        if (guest) guest.agrees = said.yes;
        return guest !== undefined;
      }
      case "hand":
        if (room) this.room(event.room).hand = said.up;
        return room;
      case "heads":
        if (room) this.room(event.room).heads = said.n;
        return room;
      case "consent":
        if (room) this.room(event.room).consent = said.yes;
        return room;
      case "tally":
        if (room) this.answers(event.room, said.q, (of) => {
          of.hands = said.counts ?? {};
          of.texts = said.texts ?? [];
        });
        return room;
      case "devices":
        if (room) this.answers(event.room, said.q, (of) => {
          of.devices = said.counts;
          of.n = said.n;
        });
        return room;
      case "hands":
        if (room) this.room(event.room).hands = said.n;
        return room;
      case "in":
      case "out":
        if (room) this.room(event.room).here = said.k === "in";
        return room;
      case "chat":
        this.chat.push(line(said.text, said.by));
        return true;
      case "caption":
        // One that comes late belongs to what was said then.
        if (leads || (room && (!event.late || alone === event.room))) this.caption = line(said.text, said.by);
        return leads || room;
    }
  }
}
