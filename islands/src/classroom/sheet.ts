/* The sheet of a small group: a page or white paper that several hands write on, and lines in letters below it. What is sent
 * are whole pieces, each a record of its own: they may come late, and one that comes twice stands there once. */
import { Board, type Page } from "../micro/board.ts";
import { read, Writer, type Act } from "../micro/pen.ts";
import type { Piece } from "./fold.ts";
import { button } from "./sketch.ts";

const enum What {
  Pen = 0,
  Line = 1,
  Away = 2,
}

const HEAD = 14;
/** Who draws on draws one piece: it goes when the pen has rested for so long. */
const REST_MS = 900;
/** Bytes of a piece; the node takes a few more. */
const MOST = 5600;
/** Points nearer than this to the last one say nothing new. */
const NEAR = 40;
const WIDTH = 52;
const MAX_LINE = 120;
/** What was not taken, since a room's pupils write faster than its link carries, is said again after so long, a few at a time. */
const AGAIN_MS = 4000;
const AGAIN = 4;

export interface Hands {
  /** This page's own number. */
  by: number;
  /** Puts something on the sheet. */
  send(piece: Uint8Array): void;
  /** An adult takes away what others wrote, and wipes the sheet. */
  adult: boolean;
}

/** What stands on a sheet in letters. */
export function lines(pieces: readonly Piece[]): { piece: number; by: number; text: string }[] {
  let all: { piece: number; by: number; text: string }[] = [];
  for (const { by, piece, what } of pieces) {
    if (what[0] === What.Line) all.push({ by, piece, text: new TextDecoder().decode(what.subarray(1)) });
    else if (what[0] === What.Away && what.length === 5) {
      const of = new DataView(what.buffer, what.byteOffset + 1).getUint32(0);
      // Hand 0 is an adult's: nodes let no device have it.
      all = all.filter((line) => line.piece !== of || (by !== 0 && line.by !== by));
    }
  }
  return all;
}

/** Draws what pens did on a board that shows this one page. */
export function ink(board: Board, pieces: readonly Piece[]): void {
  for (const { by, what } of pieces) if (what[0] === What.Pen) for (const { act } of read(what.subarray(1))) if (act.kind !== "page") board.act(act, by);
}

/** Whether anything was drawn, and how many lines there are. */
export const isEmpty = (pieces: readonly Piece[]): boolean => lines(pieces).length === 0 && !pieces.some((p) => p.what[0] === What.Pen);

export class GroupSheet {
  readonly box = document.createElement("div");
  private readonly board: Board;
  private readonly list = document.createElement("ul");
  private pieces: readonly Piece[] = [];
  /** What was put on it here and is not in the class yet. */
  private own = new Map<number, Piece>();
  /** What the pen has done since the last piece. */
  private writer = new Writer();
  private acts: Act[] = [];
  private colour = 0;
  private held: number | undefined;
  private last: { x: number; y: number } | undefined;
  private resting: number | undefined;
  /** However many pieces were refused, they are said again once. */
  private again: number | undefined;
  private count = Date.now() >>> 0;

  constructor(
    readonly r: number,
    readonly g: number,
    page: Page,
    label: string,
    private readonly word: (key: string) => string,
    private readonly hands: Hands | undefined,
  ) {
    this.box.className = "group-sheet";
    const sheet = document.createElement("div");
    sheet.className = "micro-sheet sketch-sheet";
    this.board = new Board(sheet, [page], () => label);
    this.list.className = "group-lines";
    this.box.append(sheet);
    if (hands) this.tools(sheet, hands);
    this.box.append(this.list);
    if (hands) this.writing();
  }

  /** Shows what is on the sheet. */
  show(pieces: readonly Piece[]): void {
    if (pieces === this.pieces) return;
    const there = new Set(pieces.map((p) => `${p.by}/${p.piece}`));
    for (const [n, piece] of this.own) if (there.has(`${piece.by}/${piece.piece}`)) this.own.delete(n);
    this.pieces = pieces;
    this.render();
  }

  /** Something was not taken: after a while it is said again, or it is seen that it is not there. */
  refused(again: boolean): void {
    if (!again) {
      this.own.clear();
      this.render();
    } else this.sayAgain();
  }

  private sayAgain(): void {
    if (this.again !== undefined || this.own.size === 0) return;
    this.again = window.setTimeout(() => {
      this.again = undefined;
      [...this.own.values()].slice(0, AGAIN).forEach((piece) => this.send(piece));
      if (this.own.size > AGAIN) this.sayAgain();
    }, AGAIN_MS);
  }

  /** Sends what the pen has done. */
  flush(): void {
    clearTimeout(this.resting);
    if (this.acts.length === 0) return;
    const bytes = this.writer.bytes();
    this.writer = new Writer();
    this.acts = [];
    this.put(What.Pen, bytes);
  }

  private tools(sheet: HTMLElement, hands: Hands): void {
    sheet.classList.add("drawn-on");
    const tools = document.createElement("div");
    tools.className = "micro-tools";
    const colours = ["black", "red", "blue", "green"].map((name, n) => {
      const ink = button("", () => {
        this.colour = n;
        colours.forEach((c, of) => c.setAttribute("aria-pressed", String(of === n)));
      });
      ink.className = `ink ink-${n}`;
      ink.setAttribute("aria-label", this.word(name));
      ink.setAttribute("aria-pressed", String(n === 0));
      return ink;
    });
    const group = document.createElement("span");
    group.className = "micro-group";
    group.append(...colours);
    tools.append(group, button(this.word("undo"), () => this.act({ kind: "undo" }, true)));
    if (hands.adult) tools.append(button(this.word("group-wipe"), () => this.act({ kind: "wipe" }, true)));
    this.box.append(tools);
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.held !== undefined) return;
      event.preventDefault();
      if (this.writer.bytes().length > MOST / 2) this.flush();
      clearTimeout(this.resting);
      this.held = event.pointerId;
      sheet.setPointerCapture(event.pointerId);
      const at = this.board.place(event);
      this.last = at;
      this.act({ kind: "begin", colour: this.colour, width: WIDTH, at }, false);
    });
    sheet.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.held || this.writer.bytes().length > MOST) return;
      const at = this.board.place(event);
      if (this.last && Math.abs(at.x - this.last.x) + Math.abs(at.y - this.last.y) < NEAR) return;
      this.last = at;
      this.act({ kind: "go", at }, false);
    });
    const lift = (event: PointerEvent): void => {
      if (event.pointerId !== this.held) return;
      this.held = undefined;
      this.act({ kind: "end" }, true);
    };
    sheet.addEventListener("pointerup", lift);
    sheet.addEventListener("pointercancel", lift);
  }

  private writing(): void {
    const form = document.createElement("form");
    form.className = "class-say";
    const input = document.createElement("input");
    input.maxLength = MAX_LINE;
    input.autocomplete = "off";
    input.placeholder = this.word("group-line");
    input.setAttribute("aria-label", this.word("group-line"));
    const add = document.createElement("button");
    add.textContent = this.word("group-add");
    form.append(input, add);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.replace(/\s+/g, " ").trim();
      if (text === "") return;
      this.put(What.Line, new TextEncoder().encode(text));
      input.value = "";
    });
    this.box.append(form);
  }

  private act(act: Act, rests: boolean): void {
    this.acts.push(act);
    // Nobody asks how long it took.
    this.writer.act(0, act);
    this.board.act(act, this.hands?.by);
    if (act.kind === "go" || act.kind === "begin") this.board.drawLive();
    else this.board.draw();
    if (!rests) return;
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => this.flush(), REST_MS);
  }

  private put(kind: What, content: Uint8Array, by = this.hands?.by ?? 0): void {
    this.count = (this.count + 1) >>> 0;
    const what = new Uint8Array(1 + content.length);
    what[0] = kind;
    what.set(content, 1);
    const piece = { by, piece: this.count, room: 0, what };
    this.own.set(piece.piece, piece);
    this.send(piece);
    this.render();
  }

  private send(piece: Piece): void {
    const out = new Uint8Array(HEAD + piece.what.length);
    const view = new DataView(out.buffer);
    view.setUint32(0, this.r);
    view.setUint16(4, this.g);
    view.setUint32(6, piece.by);
    view.setUint32(10, piece.piece);
    out.set(piece.what, HEAD);
    this.hands?.send(out);
  }

  private render(): void {
    const all = [...this.pieces, ...this.own.values()];
    this.board.clear();
    ink(this.board, all);
    for (const act of this.acts) this.board.act(act, this.hands?.by);
    this.board.draw();
    const items = lines(all).map((line) => {
      const item = document.createElement("li");
      const text = document.createElement("span");
      text.textContent = line.text;
      item.append(text);
      if (this.hands && (this.hands.adult || line.by === this.hands.by)) {
        const away = button("×", () => {
          const of = new Uint8Array(4);
          new DataView(of.buffer).setUint32(0, line.piece);
          this.put(What.Away, of, this.hands?.adult ? 0 : this.hands?.by);
        });
        away.className = "plain";
        away.setAttribute("aria-label", `${this.word("group-line-away")}: ${line.text}`);
        item.append(away);
      }
      return item;
    });
    this.list.replaceChildren(...items);
    this.list.hidden = items.length === 0;
  }
}

/** A sheet, small. */
export function thumbnail(page: Page, pieces: readonly Piece[]): HTMLElement {
  const sheet = document.createElement("span");
  sheet.className = "micro-sheet";
  const board = new Board(sheet, [page], () => "");
  ink(board, pieces);
  board.draw();
  return sheet;
}
