/* Ink of a class: what this page's pen does is shown at once and sent on in small pieces; what others draw is shown as it comes. */
import type { Board } from "../micro/board.ts";
import { Reader, Writer, type Act, type Done } from "../micro/pen.ts";
import { Saying, type Happened, type Wire } from "./wire.ts";

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

/** Reads what pens did, each with a hand of its own. */
export class Pens {
  private readonly hands = new Map<number, Reader>();

  read(event: Happened): { by: number; piece: number; acts: Done[] } | undefined {
    const found = parts(event.said);
    if (!found) return undefined;
    const hand = this.hands.get(found.by) ?? new Reader();
    this.hands.set(found.by, hand);
    const acts = hand.more(found.acts);
    // The last act was done when the piece was sent; the others before it.
    const end = acts[acts.length - 1]?.at ?? 0;
    return { ...found, acts: acts.map((a) => ({ at: event.t - (end - a.at), act: a.act })) };
  }
}

export class Ink {
  colour = 0;
  width = WIDTHS[0] ?? 26;
  tool: "pen" | "pointer" | "none" = "none";
  private writer: Writer;
  private piece = Date.now() >>> 0;
  private readonly shown = new Set<number>();
  private readonly pens = new Pens();
  private held: number | undefined;
  private timer: number | undefined;

  constructor(
    private readonly board: Board,
    sheet: HTMLElement,
    private readonly wire: Wire,
  ) {
    this.writer = this.begun();
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.held !== undefined || this.tool === "none") return;
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
  }

  /** Takes back what this page drew last, or wipes the page. */
  undo(how: "undo" | "wipe"): void {
    this.act({ kind: how });
    this.board.draw();
  }

  /** Shows what somebody drew; what this page drew is there already. */
  hear(event: Happened): void {
    const found = this.pens.read(event);
    if (!found || this.shown.delete(found.piece)) return;
    let whole = false;
    for (const { act } of found.acts) {
      this.board.act(act, found.by);
      if (!["begin", "go", "pointer", "away"].includes(act.kind)) whole = true;
    }
    if (whole) this.board.draw();
    else this.board.drawLive();
  }

  private begun(): Writer {
    const writer = new Writer();
    writer.take();
    return writer;
  }

  private act(what: Act): void {
    this.board.act(what, this.wire.page);
    this.writer.act(performance.now(), what);
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
    this.shown.add(this.piece);
    this.wire.say(Saying.Pen, out);
  }
}
