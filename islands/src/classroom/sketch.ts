/* A small white sheet to answer on with a pen, and drawings shown small, which open large. */
import { Board } from "../micro/board.ts";
import { read, Writer, type Act } from "../micro/pen.ts";

/** The sheet is as wide to its height as an exercise book held across. */
const SHEET = { src: null, width: 4, height: 3 };
/** Bytes of a drawing; the node takes a few more. */
const MOST = 5900;
/** Points nearer than this to the last one say nothing new. */
const NEAR = 40;
const WIDTH = 52;

/** A button that says something. */
export const button = (text: string, act: () => void): HTMLButtonElement => {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
};

/** A sheet that one draws on. */
export class Sketch {
  readonly box = document.createElement("div");
  private readonly board: Board;
  private readonly writer = new Writer();
  private strokes = 0;
  private colour = 0;
  private held: number | undefined;
  private last: { x: number; y: number } | undefined;

  constructor(word: (key: string) => string, send: (ink: Uint8Array<ArrayBuffer>) => void, full: () => void) {
    this.box.className = "sketch";
    const sheet = document.createElement("div");
    sheet.className = "micro-sheet sketch-sheet drawn-on";
    this.board = new Board(sheet, [SHEET], () => word("sketch"));
    const tools = document.createElement("div");
    tools.className = "micro-tools";
    const colours = ["black", "red", "blue", "green"].map((name, n) => {
      const ink = button("", () => {
        this.colour = n;
        colours.forEach((c, of) => c.setAttribute("aria-pressed", String(of === n)));
      });
      ink.className = `ink ink-${n}`;
      ink.setAttribute("aria-label", word(name));
      ink.setAttribute("aria-pressed", String(n === 0));
      return ink;
    });
    const undo = button(word("undo"), () => this.act({ kind: "undo" }));
    const sent = button(word("draw-send"), () => {
      if (this.strokes > 0) send(this.writer.bytes());
    });
    sent.className = "primary";
    tools.append(...colours, undo, sent);
    this.box.append(sheet, tools);

    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.held !== undefined) return;
      event.preventDefault();
      if (this.writer.bytes().length > MOST) {
        full();
        return;
      }
      this.held = event.pointerId;
      sheet.setPointerCapture(event.pointerId);
      const at = this.board.place(event);
      this.last = at;
      this.strokes += 1;
      this.act({ kind: "begin", colour: this.colour, width: WIDTH, at });
    });
    sheet.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.held || this.writer.bytes().length > MOST) return;
      const at = this.board.place(event);
      if (this.last && Math.abs(at.x - this.last.x) + Math.abs(at.y - this.last.y) < NEAR) return;
      this.last = at;
      this.act({ kind: "go", at });
    });
    const lift = (event: PointerEvent): void => {
      if (event.pointerId !== this.held) return;
      this.held = undefined;
      this.act({ kind: "end" });
    };
    sheet.addEventListener("pointerup", lift);
    sheet.addEventListener("pointercancel", lift);
  }

  private act(act: Act): void {
    this.board.act(act);
    // Nobody asks how long it took.
    this.writer.act(0, act);
    if (act.kind === "go" || act.kind === "begin") this.board.drawLive();
    else this.board.draw();
  }
}

/** A drawing, small; pressed, it is large, and small again. */
export function drawing(ink: Uint8Array, label: string): HTMLElement {
  const made = document.createElement("figure");
  made.className = "drawing";
  const open = document.createElement("button");
  open.type = "button";
  open.className = "plain";
  open.setAttribute("aria-pressed", "false");
  open.setAttribute("aria-label", label);
  const sheet = document.createElement("div");
  sheet.className = "micro-sheet";
  open.append(sheet);
  const board = new Board(sheet, [SHEET], () => label);
  for (const { act } of read(ink)) if (act.kind !== "page") board.act(act);
  board.draw();
  open.addEventListener("click", () => {
    const large = made.classList.toggle("large");
    open.setAttribute("aria-pressed", String(large));
  });
  open.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    made.classList.remove("large");
    open.setAttribute("aria-pressed", "false");
  });
  const said = document.createElement("figcaption");
  said.textContent = label;
  made.append(open, said);
  return made;
}
