/* Pupils' own devices: the page that a pupil has, and what the adult of the room sees of them. */
import { exitAnswers } from "./exit.ts";
import { Class, groupsOf, sheetKey } from "./fold.ts";
import { badge, under } from "./groups.ts";
import { Ink } from "./ink.ts";
import { answering, type Answered } from "./question.ts";
import { GroupSheet } from "./sheet.ts";
import { drawing } from "./sketch.ts";
import { View, type Given } from "./view.ts";
import { Saying, Wire, type Happened, type Pupils } from "./wire.ts";

/** The page of a pupil: what is shown, a hand, and what is asked. */
export function pupil(box: HTMLElement, own: number): void {
  const given = JSON.parse(box.dataset["pupil"] ?? "{}") as Given;
  const view = new View(box, given);
  const is = new Class();
  let waiting: Happened[] = [];
  let began = 0;
  let drawn = false;
  let up = false;
  let asked = "";
  let whole = false;
  /** The room has no place for one more device: it is asked again until somebody goes. */
  let full = false;
  const now = (): number => (began === 0 ? 0 : performance.now() - began);

  /** What this device answered last, and how it was: a node that was started again is told once more. */
  let last: { q: number; what: Answered } | undefined;
  const said = new Map<string, number>();

  const answers = view.part("question").querySelector<HTMLElement>("[data-question-answers]");
  const send = (q: number, what: Answered): string => {
    last = { q, what };
    tell(q, what);
    view.note(view.word("answered"));
    return "";
  };
  const tell = (q: number, what: Answered): void => {
    if ("value" in what) {
      keep(q, what.value);
      wire.json({ k: "answer", q, v: what.value });
    } else if ("ink" in what) wire.drawn(q, what.ink);
  };
  const question = (now: Class): void => {
    const open = now.question?.open && !now.over ? now.question : undefined;
    view.part("question").hidden = !open;
    const shown = open ? JSON.stringify([open.q, open.kind, open.text, open.options]) : "";
    if (shown === asked || !answers) return;
    asked = shown;
    const text = view.part("question").querySelector<HTMLElement>("[data-question-text]");
    if (text) text.textContent = open?.text ?? "";
    answers.replaceChildren();
    if (open) answers.append(answering(open, kept(open.q), (key) => view.word(key), (what) => send(open.q, what), () => view.note(view.word("sketch-full"))));
  };
  /** How it was, once it is asked. */
  const how = (now: Class): void => {
    const part = view.part("exit");
    part.hidden = now.exit !== "open";
    const place = part.querySelector<HTMLElement>("[data-exit-box]");
    if (now.exit !== "open" || !place || place.childElementCount > 0) return;
    place.append(exitAnswers((key) => view.word(key), (w, v) => {
      said.set(w, v);
      wire.json({ k: "exit", w, v });
      view.note(view.word("answered"));
    }));
  };
  /** The group that this device chose. */
  let group = 0;
  /** The same, as the node said last. */
  let node = 0;
  let sheet: GroupSheet | undefined;
  let groupState = "";
  /** Small groups: one taps the number of one's own, and writes on its sheet. */
  const groups = (now: Class): void => {
    const part = view.part("own-group");
    const round = now.over ? undefined : now.groups;
    part.hidden = !round;
    const numbers = round ? groupsOf(round, view.room) : [];
    const mine = numbers.includes(group) ? group : 0;
    const state = round ? JSON.stringify([round.id, mine]) : "";
    if (state !== groupState) {
      groupState = state;
      sheet?.flush();
      sheet = undefined;
      part.replaceChildren();
      if (round) {
        const task = document.createElement("p");
        task.className = "group-task";
        task.textContent = round.task;
        const head = document.createElement("h2");
        if (mine > 0) {
          head.className = "group-title";
          head.append(badge(mine), view.word("group").replace("{n}", String(mine)));
          const change = document.createElement("button");
          change.type = "button";
          change.className = "plain";
          change.textContent = view.word("group-other");
          change.addEventListener("click", () => {
            group = 0;
            show();
          });
          head.append(change);
          sheet = new GroupSheet(round.id, mine, under(view, round), view.word("group").replace("{n}", String(mine)), (key) => view.word(key), {
            by: own,
            send: (piece) => wire.say(Saying.Sheet, piece),
            adult: false,
          });
          part.append(head, task, sheet.box);
        } else {
          head.textContent = view.word("group-choose");
          const list = document.createElement("div");
          list.className = "group-choice";
          for (const g of numbers) {
            const button = document.createElement("button");
            button.type = "button";
            button.append(badge(g), view.word("group").replace("{n}", String(g)));
            button.addEventListener("click", () => {
              group = g;
              wire.json({ k: "group", g });
              show();
            });
            list.append(button);
          }
          part.append(head, list, task);
        }
      }
    }
    if (round && mine > 0) sheet?.show(now.sheets.get(sheetKey(round.id, mine)) ?? []);
  };
  const show = (): void => {
    let shown = is;
    if (waiting.length > 0) {
      shown = is.copy();
      waiting.forEach((event) => shown.take(event, view.cut ? view.room : undefined));
    }
    view.show(shown, now(), !drawn);
    question(shown);
    how(shown);
    groups(shown);
    const hand = view.part("hand");
    hand.hidden = !shown.began || shown.over;
    hand.setAttribute("aria-pressed", String(up));
    view.part("hand-said").textContent = view.word(up ? "hand-down" : "hand-up");
    drawn = true;
  };

  const wire = new Wire(given.live, own, {
    hello: (me) => {
      full = false;
      view.as("pupil", me.room);
      // A node that was started again has forgotten which group it was.
      if (is.groups && groupsOf(is.groups, me.room).includes(group)) wire.json({ k: "group", g: group });
      began = performance.now() - me.t;
      show();
    },
    forgot: () => {
      if (up) wire.json({ k: "hand", up });
      if (last && is.question?.open && is.question.q === last.q) tell(last.q, last.what);
      if (is.exit === "open") for (const [w, v] of said) wire.json({ k: "exit", w, v });
    },
    event: (event) => {
      if (began === 0) began = performance.now() - event.t;
      if (event.said[0] === Saying.Pen) ink.hear(event);
      else if (is.take(event)?.k === "page") drawn = false;
      show();
    },
    state: (rooms, cut, hand, chosen) => {
      view.state(rooms, cut);
      up = hand;
      // What the node knows stands: a page that was loaded anew finds its group again.
      if (chosen > 0 && chosen !== node) group = chosen;
      node = chosen;
      show();
    },
    waiting: (all) => {
      waiting = all;
      ink.ahead(all);
      show();
    },
    answer: () => {},
    refused: (why) => {
      full = why === "full";
      sheet?.refused(why === "later" || why === "much");
      if (why !== "later") view.say(view.word(`refused-${why}`));
    },
    sheets: (all) => {
      all.forEach((event) => is.take(event));
      show();
    },
    looksOn: () => {
      // The adult has closed the page, or the class is over.
      wire.close();
      view.say("");
      view.part("hand").hidden = true;
      view.part("question").hidden = true;
      view.part("exit").hidden = true;
      view.part("own-group").hidden = true;
      view.part("status").textContent = view.word("pupils-closed");
      box.dataset["closed"] = "true";
    },
    pupils: () => {},
    drawing: () => {},
    totals: () => {},
    link: (yes) => {
      if ((whole !== yes || !yes) && !full) view.say(yes ? "" : view.word("node-away"));
      whole = yes;
    },
  });
  const ink = new Ink(view.board, view.sheet, wire, () => view.room);
  view.part("hand").addEventListener("click", () => {
    up = !up;
    wire.json({ k: "hand", up });
    show();
  });
  setInterval(() => {
    if (is.timer || is.caption) show();
  }, 1000);
  addEventListener("pagehide", () => {
    sheet?.flush();
    wire.close();
  });

  function keep(q: number, value: string): void {
    try {
      sessionStorage.setItem("zampa-answer", JSON.stringify([given.live, q, value]));
    } catch {
      // Then a page that is loaded anew does not show what was answered; it counts all the same.
    }
  }
  function kept(q: number): string | undefined {
    try {
      const [where, of, value] = JSON.parse(sessionStorage.getItem("zampa-answer") ?? "[]") as [string?, number?, string?];
      return where === given.live && of === q ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What the adult of a room sees of its pupils' devices. */
export class Devices {
  private readonly drawings = new Map<number, { ink: Uint8Array; shown: HTMLElement }>();
  private now: Pupils | null = null;
  private q = 0;

  constructor(
    private readonly view: View,
    private readonly show: (q: number, what: { texts: string[] } | { ink: Uint8Array }) => void,
    /** What of the room is shown to the class already. */
    private readonly texts: () => string[],
  ) {}

  get open(): boolean {
    return this.now !== null;
  }

  /** The end of the address at which the page is; none where it is not open. */
  get name(): string {
    return this.now?.name ?? "";
  }

  pupils(now: Pupils | null): void {
    if (now?.q !== this.q) {
      this.q = now?.q ?? 0;
      this.drawings.clear();
      this.part("drawings")?.replaceChildren();
    }
    this.now = now;
    this.render();
  }

  drawing(device: number, ink: Uint8Array): void {
    const shown = drawing(ink, this.view.word("drawing"));
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.view.word("show-class");
    button.addEventListener("click", () => this.show(this.q, { ink }));
    shown.append(button);
    const before = this.drawings.get(device);
    if (before) before.shown.replaceWith(shown);
    else this.part("drawings")?.append(shown);
    this.drawings.set(device, { ink, shown });
  }

  private part(what: string): HTMLElement | null {
    return this.view.box.querySelector<HTMLElement>(`[data-pupils-${what}]`);
  }

  private render(): void {
    const { now } = this;
    const open = this.part("open");
    if (open) open.textContent = this.view.word(now ? "pupils-close" : "pupils-open");
    const shown = this.part("shown");
    if (!shown) return;
    shown.hidden = !now;
    if (!now) return;
    const put = (what: string, text: string): void => {
      const part = this.part(what);
      if (part && part.textContent !== text) part.textContent = text;
    };
    put("code", `${now.code.slice(0, 4)} ${now.code.slice(4)}`);
    put("at", now.at.replace(/\/[^/]+$/, ""));
    put("here", [this.view.word("pupils-here").replace("{n}", String(now.here)), this.view.word("hands-n").replace("{n}", String(now.hands)), ...(now.q > 0 ? [this.view.word("devices-answered").replace("{n}", String(now.answered))] : [])].join(" · "));
    const square = this.part("qr");
    if (square && now.qr && square.dataset["of"] !== now.code) {
      square.dataset["of"] = now.code;
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", `-3 -3 ${now.qr.size + 6} ${now.qr.size + 6}`);
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", this.view.word("pupils-qr"));
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", now.qr.path);
      svg.append(path);
      square.replaceChildren(svg);
    }
    const list = this.part("texts");
    const texts = now.texts.map((t) => t.text);
    const taken = this.texts();
    const state = JSON.stringify([texts, taken]);
    if (!list || list.dataset["of"] === state) return;
    list.dataset["of"] = state;
    list.replaceChildren(...texts.map((text) => {
      const item = document.createElement("li");
      const said = document.createElement("span");
      said.textContent = text;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = this.view.word("show-class");
      button.disabled = taken.includes(text) || taken.length >= 8;
      button.addEventListener("click", () => this.show(this.q, { texts: [...this.texts(), text] }));
      item.append(said, button);
      return item;
    }));
  }

  /** What is shown to the class has changed. */
  again(): void {
    if (this.now) this.render();
  }
}
