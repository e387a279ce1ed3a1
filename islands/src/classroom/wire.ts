/*
 * The conversation of a class's page with its node. Messages are bytes, the first of which says what follows.
 *
 * | from the page | then |
 * |---|---|
 * | 0 hello | JSON: the page's own number, that of this load of it, the event from which it goes on, and what it was told last of how far that is |
 * | 1 say | the page's count (4 bytes), what is said: see `Saying` |
 * | 2 offer | JSON: which way (`send`, `hear`, `interpreted`), on which channel, SDP, the offer's number |
 * | 3 open | JSON: whether the page of the room's pupils is to be open, and by which code it was before the node was started again |
 * | 4 sight | how large the page shows the picture: see `Sight` |
 *
 * | to the page | then |
 * |---|---|
 * | 0 hello | JSON: what the page is here, how many of its sayings were taken, how long the class has been going on |
 * | 1 event | number, milliseconds since the beginning (4 bytes each), 1 if late, room (2 bytes), what was said |
 * | 2 state | JSON: whether the node is cut off, who is here, and how their links stand |
 * | 3 answer | JSON: which way, SDP, the number of the offer |
 * | 4 taken | how many of the page's sayings |
 * | 5 refused | JSON: why |
 * | 6 waiting | what was said at this node and is not in the class yet: each with its length (4 bytes) before it, as an event |
 * | 7 looks on | JSON: to a guest, whether the teacher has let them in; before that, and once sent out, nothing else comes |
 * | 8 pupils | JSON: to the adult of a room, how its pupils' devices find their page, how many came and what they wrote; or null |
 * | 9 drawing | to the same: the device's number (4 bytes), what its pen did |
 * | 10 totals | JSON: to the teacher, how it was |
 * | 11 sheets | to a page of pupils: what is on the sheet of a group already, as waiting |
 * | 12 anew | what the page was given of the class holds no more: it is to be loaded anew |
 * | 13 at | how far what was told goes (4 bytes), and a digest of it (8 bytes) |
 * | 14 alive | nothing: the node is there, though it has nothing to say |
 *
 * A page of pupils says and is told the same, as far as it is for them.
 */

import type { Totals } from "./exit.ts";

/** What somebody said: its first byte says how the rest is to be read. */
export const enum Saying {
  Json = 0,
  Pen = 1,
  /** What was drawn to a question: its number (2 bytes), a record of the pen. */
  Drawn = 3,
  /** What was written into the notes: an update of Yjs. */
  Notes = 4,
  /**
   * What was put on the sheet of a small group: the round (4 bytes), the group (2), whose hand (4), the number of the piece (4),
   * and what it is: 0 and a record of the pen, 1 and a line, 2 and the piece whose line is taken away.
   */
  Sheet = 5,
  /**
   * Which pages the class shows: 0 in place of those that were said before, 1 behind all there are; of each the hash of its
   * picture (32 bytes), how many bytes that has (4), its width and height (2 each).
   */
  Pack = 6,
}

/** Something that happened in the class. */
export interface Happened {
  n: number;
  /** Milliseconds since the class began. */
  t: number;
  /** It was said while the room was cut off. */
  late: boolean;
  /** The room's number: 0 is where the teacher is, `NOBODY` who has no say. */
  room: number;
  said: Uint8Array;
}

export const NOBODY = 0xffff;

/** How a room is, as its node and others know it. */
export interface RoomState {
  room: number;
  /** Somebody is there. */
  here: boolean;
  /** `ok`, `slow`, `cut`. */
  link: string;
}

/** The devices of a room's pupils, as its adult sees them. */
export interface Pupils {
  code: string;
  /** The end of the page's own address. */
  name: string;
  at: string;
  qr: { size: number; path: string } | null;
  here: number;
  hands: number;
  q: number;
  answered: number;
  texts: { d: number; text: string }[];
  /** How many devices each small group has. */
  groups: Record<string, number>;
}

/** A microphone to the node; what is spoken from it; and what an interpreter says. */
export type Way = "send" | "film" | "hear" | "interpreted";

export interface Heard {
  hello(me: { role: string; room: number; name: string; t: number }): void;
  event(what: Happened): void;
  state(rooms: RoomState[], cut: boolean, up: boolean, group: number): void;
  waiting(all: Happened[]): void;
  answer(way: Way, sdp: string, n: number): void;
  refused(why: string): void;
  /** The teacher has let this guest in, or sent them out. */
  looksOn(yes: boolean): void;
  /** What is with the pupils' devices of this room; null where their page is not open. */
  pupils(now: Pupils | null): void;
  drawing(device: number, ink: Uint8Array): void;
  totals(how: Totals): void;
  /** What is on a sheet already that a page of pupils had not been told. */
  sheets(all: Happened[]): void;
  /** Whether there is a connection to the node. */
  link(whole: boolean): void;
  /** The node was started again, and has in its memory nothing of what this page said. */
  forgot?(): void;
}

const enum From {
  Hello = 0,
  Say = 1,
  Offer = 2,
  Open = 3,
  Sight = 4,
}

/** How large a page shows the picture of whoever has the floor: what it does not show is not sent to it. */
export const enum Sight {
  None = 0,
  Small = 1,
  Large = 2,
}

/** Reads an event as it stands on the wire and in a record's list. */
export function happened(bytes: Uint8Array): Happened {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { n: view.getUint32(0), t: view.getUint32(4), late: view.getUint8(8) === 1, room: view.getUint16(9), said: bytes.subarray(11) };
}

/** Reads events that stand one after the other, each with its length before it. */
export function each(bytes: Uint8Array): Happened[] {
  const all: Happened[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    all.push(happened(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return all;
}

/** A node says something every ten seconds: one of which nothing is heard for so long is not there, whatever the socket says. */
const SILENT_MS = 25_000;

/** A conversation that begins again after every cut, where it ended: nothing that was said is lost or said twice. */
export class Wire {
  private socket: WebSocket | undefined;
  /** The node has said on this socket how much it has taken: before that, nothing is said to it. */
  private greeted = false;
  private heardAt = 0;
  /** This load of the page: what it says is counted by itself, also where a copied tab has the same number. */
  private readonly load = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private taken = 0;
  private count = 0;
  private next = 0;
  /** How far what was told goes, as the node says it. */
  private at = "";
  private wait = 250;
  private over = false;

  constructor(
    private readonly address: string,
    /** The page's own number: kept as long as the tab is, so that a page that is loaded again goes on. */
    readonly page: number,
    private readonly heard: Heard,
  ) {
    this.dial();
    addEventListener("online", () => this.dial());
    setInterval(() => {
      if (this.socket && performance.now() - this.heardAt > SILENT_MS) this.lose(this.socket);
    }, 5000);
  }

  say(how: Saying, rest: Uint8Array): void {
    const out = new Uint8Array(6 + rest.length);
    this.count += 1;
    out[0] = From.Say;
    new DataView(out.buffer).setUint32(1, this.count);
    out[5] = how;
    out.set(rest, 6);
    this.waiting.push(out);
    if (this.greeted) this.send(out);
  }

  json(what: object): void {
    this.say(Saying.Json, new TextEncoder().encode(JSON.stringify(what)));
  }

  drawn(q: number, ink: Uint8Array): void {
    const out = new Uint8Array(2 + ink.length);
    new DataView(out.buffer).setUint16(0, q);
    out.set(ink, 2);
    this.say(Saying.Drawn, out);
  }

  /** Opens the page of the room's pupils, if it can be by this code, or closes it. */
  open(yes: boolean, code = ""): void {
    this.tell(From.Open, { open: yes, code });
  }

  offer(way: Way, sdp: string, n = 0, channel = 0): void {
    this.tell(From.Offer, { way, sdp, channel, n });
  }

  sight(size: Sight): void {
    this.send(new Uint8Array([From.Sight, size]));
  }

  close(): void {
    this.over = true;
    this.socket?.close();
  }

  private send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  private tell(what: From, body: object): void {
    const text = new TextEncoder().encode(JSON.stringify(body));
    const out = new Uint8Array(1 + text.length);
    out[0] = what;
    out.set(text, 1);
    this.send(out);
  }

  private dial(): void {
    if (this.over || this.socket) return;
    const socket = new WebSocket(this.address.replace(/^\//, `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = performance.now();
    socket.addEventListener("open", () => {
      this.tell(From.Hello, { page: this.page, load: this.load, from: this.next, at: this.at });
    });
    socket.addEventListener("message", (message) => {
      if (this.socket !== socket) return;
      this.heardAt = performance.now();
      this.hear(new Uint8Array(message.data as ArrayBuffer));
    });
    socket.addEventListener("close", () => this.lose(socket));
  }

  /** The socket is of no use any more: another is dialled. One that is half open closes only after minutes. */
  private lose(socket: WebSocket): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    this.greeted = false;
    socket.close();
    if (this.over) return;
    this.heard.link(false);
    setTimeout(() => this.dial(), this.wait);
    this.wait = Math.min(this.wait * 2, 4000);
  }

  private hear(bytes: Uint8Array): void {
    const rest = bytes.subarray(1);
    const json = <T>(): T => JSON.parse(new TextDecoder().decode(rest)) as T;
    switch (bytes[0]) {
      case 0: {
        const me = json<{ role: string; room: number; name: string; taken: number; t: number }>();
        this.wait = 250;
        const forgot = this.goOn(me.taken);
        this.greeted = true;
        for (const left of this.waiting) this.send(left);
        this.heard.link(true);
        this.heard.hello(me);
        if (forgot) this.heard.forgot?.();
        break;
      }
      case 1: {
        const event = happened(rest);
        if (event.n < this.next) break;
        this.next = event.n + 1;
        this.heard.event(event);
        break;
      }
      case 2:
        {
          const { rooms, cut, up, group } = json<{ rooms: RoomState[]; cut: boolean; up?: boolean; group?: number | null }>();
          this.heard.state(rooms, cut, up ?? false, group ?? 0);
        }
        break;
      case 3: {
        const { way, sdp, n } = json<{ way: Way; sdp: string; n: number }>();
        this.heard.answer(way, sdp, n);
        break;
      }
      case 4:
        this.drop(new DataView(rest.buffer, rest.byteOffset).getUint32(0));
        break;
      case 5:
        this.heard.refused(json<{ why: string }>().why);
        break;
      case 6:
        this.heard.waiting(each(rest));
        break;
      case 7:
        this.heard.looksOn(json<{ in: boolean }>().in);
        break;
      case 8:
        this.heard.pupils(json<Pupils | null>());
        break;
      case 9:
        this.heard.drawing(new DataView(rest.buffer, rest.byteOffset).getUint32(0), rest.slice(4));
        break;
      case 10:
        this.heard.totals(json<Totals>());
        break;
      case 11:
        this.heard.sheets(each(rest));
        break;
      case 12:
        this.close();
        location.reload();
        break;
      case 13:
        this.at = [...rest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
  }

  /** Goes on where the node is: one that was started again knows nothing of what it had taken, and counts from the beginning. */
  private goOn(taken: number): boolean {
    if (taken >= this.taken && taken <= this.count) {
      this.drop(taken);
      return false;
    }
    this.taken = taken;
    this.waiting.forEach((out, n) => new DataView(out.buffer).setUint32(1, taken + n + 1));
    this.count = taken + this.waiting.length;
    return true;
  }

  /** Lets go of what the node has taken. */
  private drop(taken: number): void {
    this.taken = Math.max(this.taken, taken);
    this.waiting = this.waiting.filter((out) => new DataView(out.buffer).getUint32(1) > this.taken);
  }
}
