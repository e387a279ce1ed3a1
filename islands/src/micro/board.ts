/* A board: a slide, and what one or several draw on it. */
import { getStroke } from "perfect-freehand";
import { UNITS, type Act, type Point } from "./pen.ts";

/** A page: a picture, or nothing on white. */
export interface Page {
  src: string | null;
  width: number;
  height: number;
}

/** Whose hand draws. */
export type Hand = number | string;

/** How a hand draws where several do. */
export interface Holds {
  /** The page that it draws on, whichever is shown. */
  page?: number | undefined;
  /** It wipes away only what it drew itself. */
  own?: boolean;
}

interface Stroke {
  by: Hand;
  colour: number;
  width: number;
  points: Point[];
}

/** The colours of the pen: told apart on white and on slides, also by who does not see red and green apart. */
export const COLOURS = ["#1b1b1b", "#c8321f", "#1f5fbf", "#1c7a4d", "#b06a00", "#ffffff"];

export class Board {
  private readonly slide = document.createElement("img");
  /** Strokes that have ended; the one that is being drawn, and the pointer. */
  private readonly done = document.createElement("canvas");
  private readonly live = document.createElement("canvas");
  private strokes = new Map<number, Stroke[]>();
  /** Strokes under way: each with the page that its hand holds, if it holds one. */
  private open = new Map<Hand, { stroke: Stroke; page: number | undefined }>();
  private pointers = new Map<Hand, { x: number; y: number; page: number | undefined }>();
  private scale = 1;
  page = 0;

  constructor(
    readonly box: HTMLElement,
    readonly pages: Page[],
    private readonly named: (page: number) => string,
  ) {
    box.append(this.slide, this.done, this.live);
    new ResizeObserver(() => this.fit()).observe(box);
    this.turn();
  }

  /** Begins anew: nothing is drawn. */
  clear(): void {
    this.strokes = new Map();
    this.open.clear();
    this.pointers.clear();
    this.page = 0;
  }

  /** Does what somebody's pen did; it is seen at the next `draw`, unless it was but one point more. */
  act(act: Act, by: Hand = 0, { page, own = false }: Holds = {}): void {
    const on = page ?? this.page;
    const here = this.strokes.get(on) ?? [];
    this.strokes.set(on, here);
    switch (act.kind) {
      case "page":
        this.page = act.page;
        for (const [hand, held] of this.open) if (held.page === undefined) this.open.delete(hand);
        break;
      case "begin": {
        const stroke = { by, colour: act.colour, width: act.width, points: [act.at] };
        this.open.set(by, { stroke, page });
        here.push(stroke);
        break;
      }
      case "go":
        this.open.get(by)?.stroke.points.push(act.at);
        break;
      case "end":
        this.open.delete(by);
        break;
      case "undo": {
        // One takes back what one drew oneself.
        const last = here.map((s) => s.by).lastIndexOf(by);
        if (last >= 0) here.splice(last, 1);
        this.open.delete(by);
        break;
      }
      case "wipe":
        this.strokes.set(on, own ? here.filter((stroke) => stroke.by !== by) : []);
        for (const [hand, held] of this.open) if (own ? hand === by : (held.page ?? on) === on) this.open.delete(hand);
        break;
      case "pointer":
        this.pointers.set(by, { x: act.x, y: act.y, page });
        break;
      case "away":
        this.pointers.delete(by);
    }
  }

  /** Shows the page and all that has ended on it. */
  draw(): void {
    this.turn();
    const ctx = this.begin(this.done);
    for (const stroke of this.strokes.get(this.page) ?? []) if (this.open.get(stroke.by)?.stroke !== stroke) this.paint(ctx, stroke);
    this.drawLive();
  }

  /** Shows the strokes that are being drawn, and the pointers. */
  drawLive(): void {
    const ctx = this.begin(this.live);
    const isHere = (held: { page: number | undefined }): boolean => (held.page ?? this.page) === this.page;
    for (const held of this.open.values()) if (isHere(held)) this.paint(ctx, held.stroke);
    for (const at of [...this.pointers.values()].filter(isHere)) {
      ctx.beginPath();
      ctx.arc(at.x, at.y, 70, 0, Math.PI * 2);
      ctx.fillStyle = "rgba(214, 40, 40, .55)";
      ctx.fill();
    }
  }


  /** Where something on the screen lies on the page. */
  place(event: PointerEvent): Point {
    const box = this.box.getBoundingClientRect();
    const unit = UNITS / box.width;
    // A mouse and a finger say nothing of pressure.
    const pressure = event.pointerType === "pen" ? Math.round(event.pressure * 255) : 128;
    return { x: Math.round((event.clientX - box.left) * unit), y: Math.round((event.clientY - box.top) * unit), pressure };
  }

  private turn(): void {
    const page = this.pages[this.page];
    const src = page?.src ?? null;
    this.slide.hidden = src === null;
    if (src !== null && this.slide.getAttribute("src") !== src) this.slide.src = src;
    this.slide.alt = this.named(this.page);
    this.fit();
    // The next page is there before one turns to it.
    const next = this.pages[this.page + 1]?.src;
    if (next) new Image().src = next;
  }

  private fit(): void {
    const page = this.pages[this.page] ?? { width: 16, height: 9 };
    const width = this.box.clientWidth;
    const height = Math.round((width * page.height) / page.width);
    if (this.box.style.height !== `${height}px`) this.box.style.height = `${height}px`;
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    const [w, h] = [Math.round(width * dense), Math.round(height * dense)];
    if (this.done.width === w && this.done.height === h) return;
    for (const canvas of [this.done, this.live]) {
      canvas.width = w;
      canvas.height = h;
    }
    this.scale = w / UNITS;
    this.draw();
  }

  private begin(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const ctx = canvas.getContext("2d");
    if (!ctx) throw new Error("no canvas");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    return ctx;
  }

  private paint(ctx: CanvasRenderingContext2D, stroke: Stroke): void {
    const outline = getStroke(
      stroke.points.map((p) => [p.x, p.y, p.pressure / 255]),
      { size: stroke.width, thinning: 0.5, smoothing: 0.5, streamline: 0.4, simulatePressure: stroke.points.every((p) => p.pressure === 128) },
    );
    const [first, ...rest] = outline;
    if (!first) return;
    ctx.beginPath();
    ctx.moveTo(first[0] ?? 0, first[1] ?? 0);
    for (const [x, y] of rest) ctx.lineTo(x ?? 0, y ?? 0);
    ctx.closePath();
    ctx.fillStyle = COLOURS[stroke.colour] ?? "#1b1b1b";
    ctx.fill();
  }
}
