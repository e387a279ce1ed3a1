/* Ink of a class: what this page's pen does is shown at once and sent on in small pieces; what others draw is shown as it comes. */
import type { Board } from "../micro/board.ts";
import { Reader, Writer, type Act, type Done } from "../micro/pen.ts";
import { NOBODY, Saying, type Happened, type Wire } from "./wire.ts";

/** How often what was drawn goes on its way: each piece costs a head on the wire. */
const PIECE_MS = 120;
const HEAD = 8;
export const WIDTHS = [26, 52, 120];

/** A piece of ink: whose, which, and the acts. */
function parts(said: Uint8Array): { by: number; piece: number; acts: Uint8Array } | undefined {
  if (said[0] !== Saying.Pen || said.length < 1 + HEAD) return undefined;
  const view = new DataView(said.buffer, said.byteOffset + 1, HEAD);
  return { by: view.getUint32(0), piece: view.getUint32(4), acts: said.subarray(1 + HEAD) };
}

/** What a piece holds: whose hand, and each act with the page on which it was done. */
interface Drawn {
  by: string;
  /** A room's hand wipes away only what it drew itself: what was drawn in a cut comes late. */
  own: boolean;
  acts: (Done & { page: number | undefined })[];
}

/** Whose hand: two rooms never have one. */
const handOf = (room: number, by: number): string => `${room}:${by}`;

/** Reads what pens did, each with a hand of its own, which says the page on which it draws: the class may be at another by then. */
export class Pens {
  private readonly hands = new Map<string, { reader: Reader; page: number | undefined }>();

  read(event: Happened): Drawn | undefined {
    const found = parts(event.said);
    if (!found || event.room === NOBODY) return undefined;
    const by = handOf(event.room, found.by);
    const hand = this.hands.get(by) ?? { reader: new Reader(), page: undefined };
    this.hands.set(by, hand);
    const all = hand.reader.more(found.acts);
    // The last act was done when the piece was sent; the others before it.
    const end = all[all.length - 1]?.at ?? 0;
    const acts: Drawn["acts"] = [];
    for (const { at, act } of all) {
      if (act.kind === "page") hand.page = act.page;
      else acts.push({ at: event.t - (end - at), act, page: hand.page });
    }
    return { by, own: event.room !== 0, acts };
  }
}

/** Draws what a piece holds; gives whether all of the page is to be drawn anew. */
export function draw(board: Board, { by, own, acts }: Drawn): boolean {
  for (const { act, page } of acts) board.act(act, by, { page, own });
  return acts.some(({ act }) => !["begin", "go", "pointer", "away"].includes(act.kind));
}

export class Ink {
  colour = 0;
  width = WIDTHS[0] ?? 26;
  tool: "pen" | "pointer" | "none" = "none";
  private writer: Writer;
  private piece = Date.now() >>> 0;
  /** Pieces that are on the board though they are not in the class yet: what this page drew, and what others did in a cut. */
  private readonly shown = new Set<string>();
  private readonly pens = new Pens();
  private held: number | undefined;
  private timer: number | undefined;
  /** The page that others know this hand to draw on. */
  private page: number | undefined;

  constructor(
    private readonly board: Board,
    sheet: HTMLElement,
    private readonly wire: Wire,
    private readonly room: () => number,
    /** A mouse or a pen that touches the page draws, if this page may; a finger scrolls until a pen is chosen. */
    takesUp: () => boolean = () => false,
  ) {
    this.writer = this.begun();
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.held !== undefined) return;
      if (this.tool === "none" && (event.pointerType === "touch" || !takesUp())) return;
      event.preventDefault();
      this.held = event.pointerId;
      sheet.setPointerCapture(event.pointerId);
      const at = board.place(event);
      this.act(this.tool === "pointer" ? { kind: "pointer", x: at.x, y: at.y } : { kind: "begin", colour: this.colour, width: this.width, at });
      board.drawLive();
    });
    sheet.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.held) return;
      const between = event.getCoalescedEvents?.() ?? [];
      for (const one of between.length > 0 && this.tool === "pen" ? between : [event]) {
        const at = board.place(one);
        this.act(this.tool === "pointer" ? { kind: "pointer", x: at.x, y: at.y } : { kind: "go", at });
      }
      board.drawLive();
    });
    const lift = (event: PointerEvent): void => {
      if (event.pointerId !== this.held) return;
      this.held = undefined;
      this.act(this.tool === "pointer" ? { kind: "away" } : { kind: "end" });
      board.draw();
    };
    sheet.addEventListener("pointerup", lift);
    sheet.addEventListener("pointercancel", lift);
    // What was drawn just before the page is left goes on its way, too.
    addEventListener("pagehide", () => this.send());
  }

  /** Takes back what this page drew last, or wipes the page. */
  undo(how: "undo" | "wipe"): void {
    this.act({ kind: how });
    this.board.draw();
  }

  /** Shows what somebody drew; what is on the board already stays as it is. */
  hear(event: Happened): void {
    const found = parts(event.said);
    if (found && this.shown.delete(this.named(event.room, found))) return;
    this.take(event);
  }

  /** Shows what was drawn at this node and is not in the class yet. */
  ahead(all: Happened[]): void {
    for (const event of all) {
      const found = parts(event.said);
      const piece = found && this.named(event.room, found);
      if (!piece || this.shown.has(piece)) continue;
      this.shown.add(piece);
      this.take(event);
    }
  }

  private named(room: number, { by, piece }: { by: number; piece: number }): string {
    return `${handOf(room, by)}:${piece}`;
  }

  private take(event: Happened): void {
    const drawn = this.pens.read(event);
    if (!drawn) return;
    if (draw(this.board, drawn)) this.board.draw();
    else this.board.drawLive();
  }

  private begun(): Writer {
    const writer = new Writer();
    writer.take();
    return writer;
  }

  private act(what: Act): void {
    // A stroke stays on the page on which it was begun.
    const page = what.kind === "go" || what.kind === "end" ? (this.page ?? this.board.page) : this.board.page;
    this.board.act(what, handOf(this.room(), this.wire.page), { page, own: this.room() !== 0 });
    const now = performance.now();
    // Each stroke says its page: a piece before it may have been refused.
    if (page !== this.page || what.kind === "begin") this.writer.act(now, { kind: "page", page });
    this.page = page;
    this.writer.act(now, what);
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      this.send();
    }, PIECE_MS);
  }

  private send(): void {
    const acts = this.writer.take();
    if (acts.length === 0) return;
    const out = new Uint8Array(HEAD + acts.length);
    this.piece = (this.piece + 1) >>> 0;
    const view = new DataView(out.buffer);
    view.setUint32(0, this.wire.page);
    view.setUint32(4, this.piece);
    out.set(acts, HEAD);
    this.shown.add(this.named(this.room(), { by: this.wire.page, piece: this.piece }));
    this.wire.say(Saying.Pen, out);
  }
}
