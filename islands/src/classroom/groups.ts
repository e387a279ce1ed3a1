/* Small groups, as a class's page shows them: while they are at work their task, the time and their sheets stand where the
 * slide stands; a sheet is opened, written on and shown to all. What was made stays to be opened when they have ended. */
import type { Page } from "../micro/board.ts";
import { groupsOf, roomOf, sheetKey, type Class, type Piece, type Round } from "./fold.ts";
import { GroupSheet, isEmpty, lines, thumbnail } from "./sheet.ts";
import type { View } from "./view.ts";

const HUES = 6;

/** The sign of a group: its number on a colour, which goes with it and never stands for it. */
export function badge(g: number): HTMLElement {
  const made = document.createElement("span");
  // A second round through the colours has another shape.
  made.className = `group-badge group-${((g - 1) % HUES) + 1}${Math.floor((g - 1) / HUES) % 2 === 1 ? " square" : ""}`;
  made.textContent = String(g);
  return made;
}

/** The page that a round is written on. */
export const under = (view: View, round: Round): Page => view.given.pages[round.page ?? -1] ?? { src: null, width: 4, height: 3 };

export class Groups {
  /** What this page says; none where a class is only played again. */
  say: ((piece: Uint8Array) => void) | undefined;
  tell: ((said: object) => void) | undefined;
  by = 0;
  /** How many devices of this room each group has. */
  devices: Record<string, number> = {};
  private opened: { r: number; g: number } | undefined;
  private sheet: GroupSheet | undefined;
  private state = "";
  private tiles = new Map<string, { pieces: readonly Piece[]; shown: HTMLElement }>();
  private is: Class | undefined;
  private began: number | undefined;

  constructor(private readonly view: View) {}

  /** Whether they stand where the slide stands. */
  get active(): boolean {
    return this.state !== "";
  }

  refused(why: string): void {
    this.sheet?.refused(why === "later" || why === "much");
  }

  flush(): void {
    this.sheet?.flush();
  }

  show(is: Class): void {
    this.is = is;
    const { view } = this;
    // A round that begins closes what was open before.
    if (is.groups?.id !== this.began) this.opened = undefined;
    this.began = is.groups?.id;
    if (this.opened && !is.rounds.has(this.opened.r)) this.opened = undefined;
    const target = is.shown ?? this.opened;
    const round = target ? is.rounds.get(target.r) : is.groups;
    const mine = view.role === "pupil" ? is.groups !== undefined && !is.over : false;
    const part = view.part("groups");
    part.hidden = !round || (view.role === "pupil" && !is.shown);
    view.sheet.hidden = round !== undefined || mine;
    view.box.dataset["groups"] = target ? "one" : round ? "all" : "";
    this.made(is);
    const state = round ? JSON.stringify([round.id, target, is.shown, is.groups?.id, view.role, view.cut, is.over]) : "";
    if (state !== this.state) {
      this.state = state;
      this.flush();
      this.sheet = undefined;
      this.tiles.clear();
      part.replaceChildren();
      if (round && target) this.one(part, is, round, target);
      else if (round && view.role !== "pupil") this.all(part, round);
    }
    if (target) this.sheet?.show(is.sheets.get(sheetKey(target.r, target.g)) ?? []);
    else if (round) this.renew(is, round);
  }

  /** Whether this page writes on the sheet of a group: who leads, and who answers for its room. */
  private writes(round: Round, g: number): boolean {
    const { role, room } = this.view;
    return this.tell !== undefined && (this.leads || (role === "adult" && groupsOf(round, room).includes(g)));
  }

  private get leads(): boolean {
    return this.view.role === "teacher" || this.view.role === "co";
  }

  private title(round: Round, g: number): string {
    const room = roomOf(round, g);
    return [this.view.word("group").replace("{n}", String(g)), room === 0 ? this.view.word("group-shared") : this.view.title(room)].filter((t) => t !== "").join(" · ");
  }

  private button(word: string, act: () => void, primary = false): HTMLButtonElement {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = this.view.word(word);
    if (primary) made.className = "primary";
    made.addEventListener("click", act);
    return made;
  }

  private open(opened: { r: number; g: number } | undefined): void {
    this.opened = opened;
    if (this.is) this.show(this.is);
  }

  /** One sheet, opened here or shown to all. */
  private one(part: HTMLElement, is: Class, round: Round, target: { r: number; g: number }): void {
    const { view } = this;
    const head = document.createElement("h2");
    head.className = "group-title";
    head.append(badge(target.g), this.title(round, target.g));
    if (is.shown) {
      const tag = document.createElement("span");
      tag.className = "tag ok";
      tag.textContent = view.word("group-shown");
      head.append(tag);
    }
    const task = document.createElement("p");
    task.className = "group-task";
    task.textContent = round.task;
    // A pupil's page has the task of its own group below.
    task.hidden = round.task === "" || (view.role === "pupil" && is.groups?.id === round.id);
    const writes = this.writes(round, target.g) && !is.over;
    const hands = writes && this.say ? { by: this.by, send: this.say, adult: true } : undefined;
    this.sheet = new GroupSheet(target.r, target.g, under(view, round), this.title(round, target.g), (key) => view.word(key), hands);
    const acts = document.createElement("p");
    acts.className = "class-acts";
    if (writes && !is.shown) acts.append(this.button("group-show", () => this.tell?.({ k: "show", ...target }), true));
    if (writes && is.shown) acts.append(this.button("group-hide", () => {
      this.opened = undefined;
      this.tell?.({ k: "show", r: 0, g: 0 });
    }, true));
    if (!is.shown) acts.append(this.button(is.groups?.id === round.id ? "group-all" : "group-back", () => this.open(undefined)));
    part.append(head, task, this.sheet.box, ...(acts.childElementCount > 0 ? [acts] : []));
  }

  /** All groups at work: what a room's screen shows is its own. */
  private all(part: HTMLElement, round: Round): void {
    const { view } = this;
    const head = document.createElement("h2");
    head.textContent = view.word("groups");
    const task = document.createElement("p");
    task.className = "group-task";
    task.textContent = round.task;
    const time = document.createElement("p");
    time.className = "group-time";
    time.dataset["groupTime"] = "";
    part.append(head, task, time);
    const rooms = view.given.rooms.map((room) => room.n).filter((room) => view.role !== "adult" || room === view.room);
    for (const room of round.shared ? rooms.slice(0, 1) : rooms) {
      const numbers = groupsOf(round, room);
      if (numbers.length === 0) continue;
      if (!round.shared && view.role !== "adult") {
        const title = document.createElement("h3");
        title.textContent = view.title(room);
        part.append(title);
      }
      const list = document.createElement("ul");
      list.className = "group-tiles";
      for (const g of numbers) {
        const item = document.createElement("li");
        const tile = document.createElement("button");
        tile.type = "button";
        tile.className = `group-tile group-${((g - 1) % HUES) + 1}`;
        tile.dataset["group"] = String(g);
        tile.addEventListener("click", () => this.open({ r: round.id, g }));
        item.append(tile);
        list.append(item);
        this.tiles.set(String(g), { pieces: [], shown: tile });
        this.fill(tile, round, g, []);
      }
      part.append(list);
    }
    const ends = this.leads || (view.role === "adult" && view.cut);
    if (!ends || !this.tell) return;
    const acts = document.createElement("p");
    acts.className = "class-acts";
    const end = this.button("groups-end", () => this.tell?.({ k: "groups-end" }));
    end.dataset["groupsEnd"] = "";
    acts.append(end);
    part.append(acts);
  }

  private fill(tile: HTMLElement, round: Round, g: number, pieces: readonly Piece[]): void {
    const name = document.createElement("span");
    name.className = "group-name";
    name.append(badge(g), this.view.word("group").replace("{n}", String(g)));
    const said = lines(pieces);
    const small = document.createElement("small");
    small.dataset["groupDevices"] = "";
    const first = document.createElement("span");
    first.className = "group-said";
    first.textContent = said.map((line) => line.text).join(" · ");
    tile.replaceChildren(name, thumbnail(under(this.view, round), pieces), first, small);
  }

  private renew(is: Class, round: Round): void {
    for (const [g, tile] of this.tiles) {
      const pieces = is.sheets.get(sheetKey(round.id, Number(g))) ?? [];
      if (pieces !== tile.pieces && pieces.length !== tile.pieces.length) {
        tile.pieces = pieces;
        this.fill(tile.shown, round, Number(g), pieces);
      }
      const n = this.devices[g] ?? 0;
      const small = tile.shown.querySelector<HTMLElement>("[data-group-devices]");
      const text = n > 0 ? this.view.word("pupils-here").replace("{n}", String(n)) : "";
      if (small && small.textContent !== text) small.textContent = text;
    }
    const time = this.view.part("groups").querySelector<HTMLElement>("[data-group-time]");
    const left = this.view.part("timer");
    if (time) {
      time.hidden = left.hidden || left.textContent === "";
      time.textContent = left.textContent;
    }
  }

  /** What groups made, to be opened when they have ended, or when it came late. */
  private made(is: Class): void {
    const part = this.view.box.querySelector<HTMLElement>("[data-class-made]");
    if (!part) return;
    const all = [...is.rounds.values()].reverse().filter((round) => round.id !== is.groups?.id);
    const groups = (round: Round): number[] =>
      [...is.sheets].filter(([key, pieces]) => key.startsWith(`${round.id}/`) && !isEmpty(pieces)).map(([key]) => Number(key.split("/")[1])).sort((a, b) => a - b);
    const shown = all.map((round) => ({ round, of: groups(round) })).filter(({ of }) => of.length > 0);
    const state = JSON.stringify(shown.map(({ round, of }) => [round.id, of]));
    part.hidden = shown.length === 0;
    if (part.dataset["of"] === state) return;
    part.dataset["of"] = state;
    const list = part.querySelector<HTMLElement>("[data-made]");
    list?.replaceChildren(...shown.map(({ round, of }) => {
      const item = document.createElement("li");
      const task = document.createElement("p");
      task.textContent = round.task || this.view.word("groups");
      const row = document.createElement("p");
      row.className = "acts";
      for (const g of of) {
        const open = document.createElement("button");
        open.type = "button";
        open.append(badge(g));
        open.setAttribute("aria-label", this.title(round, g));
        open.addEventListener("click", () => {
          this.open({ r: round.id, g });
          this.view.part("groups").scrollIntoView({ block: "nearest" });
        });
        row.append(open);
      }
      item.append(task, row);
      return item;
    }));
  }
}
