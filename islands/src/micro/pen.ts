/*
 * What a pen does in a lesson, as the crate `pen` of the node reads it: see there for the bytes. Lengths are in units of
 * which a page has 8192 from left to right; times in milliseconds.
 */

export interface Point {
  x: number;
  y: number;
  pressure: number;
}

export type Act =
  | { kind: "page"; page: number }
  | { kind: "begin"; colour: number; width: number; at: Point }
  | { kind: "go"; at: Point }
  | { kind: "end" }
  | { kind: "undo" }
  | { kind: "wipe" }
  | { kind: "pointer"; x: number; y: number }
  | { kind: "away" };

export interface Done {
  at: number;
  act: Act;
}

/** Units from the left edge of a page to the right. */
export const UNITS = 8192;
const HEAD = [0x5a, 0x50, 0x45, 0x4e, 1];

const number = (n: number, out: number[]): void => {
  let left = n >>> 0;
  while (left >= 0x80) {
    out.push((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  out.push(left);
};
const signed = (n: number, out: number[]): void => number((n << 1) ^ (n >> 31), out);

/** Writes a record, act by act. */
export class Writer {
  private out: number[] = [...HEAD];
  private now = 0;
  private last: Point | undefined;
  private count = 0;
  private points: number[] = [];

  act(at: number, act: Act): void {
    const time = Math.max(this.now, Math.round(at));
    if (act.kind === "go") {
      if (!this.last) return;
      this.count += 1;
      number(time - this.now, this.points);
      signed(act.at.x - this.last.x, this.points);
      signed(act.at.y - this.last.y, this.points);
      signed(act.at.pressure - this.last.pressure, this.points);
      this.last = act.at;
      this.now = time;
      return;
    }
    if (act.kind === "end" && !this.last) return;
    this.flush();
    number(time - this.now, this.out);
    this.now = time;
    switch (act.kind) {
      case "page":
        this.out.push(1);
        number(act.page, this.out);
        break;
      case "begin":
        this.out.push(2, act.colour, act.width);
        signed(act.at.x, this.out);
        signed(act.at.y, this.out);
        this.out.push(act.at.pressure);
        this.last = act.at;
        break;
      case "end":
        this.out.push(4);
        this.last = undefined;
        break;
      case "pointer":
        this.out.push(7);
        signed(act.x, this.out);
        signed(act.y, this.out);
        break;
      case "undo":
        this.out.push(5);
        break;
      case "wipe":
        this.out.push(6);
        break;
      case "away":
        this.out.push(8);
    }
  }

  private flush(): void {
    if (this.count === 0) return;
    // The points carry their own times.
    this.out.push(0, 3);
    number(this.count, this.out);
    for (const byte of this.points) this.out.push(byte);
    this.count = 0;
    this.points = [];
  }

  /** What was written since the last time, to be sent on: it has no head, and goes on where the last piece ended. */
  take(): Uint8Array<ArrayBuffer> {
    this.flush();
    const piece = this.out;
    this.out = [];
    return new Uint8Array(piece);
  }

  /** The record as it is up to now. */
  bytes(): Uint8Array<ArrayBuffer> {
    this.flush();
    return new Uint8Array(this.out);
  }
}

/** Reads a record; what is broken ends it. */
export function read(bytes: Uint8Array): Done[] {
  if (HEAD.some((byte, n) => bytes[n] !== byte)) return [];
  return new Reader().more(bytes.subarray(HEAD.length));
}

/** Reads what comes piece by piece. */
export class Reader {
  private now = 0;
  private last: Point = { x: 0, y: 0, pressure: 128 };

  /** What the next piece holds; what is broken ends it. */
  more(bytes: Uint8Array): Done[] {
    const [all, now, last] = pieces(bytes, this.now, this.last);
    this.now = now;
    this.last = last;
    return all;
  }
}

function pieces(bytes: Uint8Array, since: number, from: Point): [Done[], number, Point] {
  const all: Done[] = [];
  let place = 0;
  const byte = (): number => {
    const found = bytes[place];
    if (found === undefined) throw new Error("cut");
    place += 1;
    return found;
  };
  const number = (): number => {
    let out = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const part = byte();
      out |= (part & 0x7f) << shift;
      if (part < 0x80) return out;
    }
    throw new Error("broken");
  };
  const signed = (): number => {
    const n = number();
    return (n >> 1) ^ -(n & 1);
  };
  let now = since;
  let last = from;
  const one = (): void => {
    now += number();
    const what = byte();
    const say = (act: Act): void => void all.push({ at: now, act });
    if (what === 1) say({ kind: "page", page: number() });
    else if (what === 2) {
      const [colour, width] = [byte(), byte()];
      last = { x: signed(), y: signed(), pressure: byte() };
      say({ kind: "begin", colour, width, at: last });
    } else if (what === 3) {
      for (let left = number(); left > 0; left -= 1) {
        now += number();
        last = { x: last.x + signed(), y: last.y + signed(), pressure: last.pressure + signed() };
        say({ kind: "go", at: last });
      }
    } else if (what === 4) say({ kind: "end" });
    else if (what === 5) say({ kind: "undo" });
    else if (what === 6) say({ kind: "wipe" });
    else if (what === 7) say({ kind: "pointer", x: signed(), y: signed() });
    else if (what === 8) say({ kind: "away" });
    else throw new Error("unknown");
  };
  try {
    while (place < bytes.length) one();
  } catch {
    // What came before the break is shown.
  }
  return [all, now, last];
}
