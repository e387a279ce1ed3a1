/* What a class's page shows: the board, the rooms, what is asked and said. It follows the class and changes nothing itself. */
import { Board, type Page } from "../micro/board.ts";
import type { Class, Line, Shown } from "./fold.ts";
import { exitCounts, exitTotals, type Totals } from "./exit.ts";
import { Groups } from "./groups.ts";
import { Still } from "./still.ts";
import { asked, counting, tally, type Answered } from "./question.ts";
import type { RoomState } from "./wire.ts";

export interface Given {
  /** The pages as this node has them of the course; once the class has said which it shows, those. */
  pages: (Page & { hash?: string })[];
  /** Where the pages of the class are, each by its hash. */
  shown?: string;
  rooms: { n: number; title: string }[];
  words: Record<string, string>;
  languages: { lang: string; title: string }[];
  live: string;
  /** Who reads this page. */
  me: string;
  /** Where the pictures of the class are. */
  stills: string;
  teacher: string;
  recorded: boolean;
  /** Teachers meet: each has the pen, and nothing is for pupils. */
  meeting?: boolean;
}

/** After how long a page that is on its way is asked for again. */
const COMING_MS = 5000;

const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export class View {
  readonly board: Board;
  readonly sheet: HTMLElement;
  role = "";
  room = 0;
  cut = false;
  /** What this room answers. */
  answered: (q: number, what: Answered) => string = () => "";
  /** The pages of the course as this node had them. */
  private readonly own: Given["pages"];
  private laid: unknown[] = [];
  private coming: number | undefined;
  private links = new Map<number, RoomState>();
  private passing: number | undefined;
  private shownQuestion = "";
  private shownGuests = "";
  private shownLinks = "";
  private shownExit = "";
  private readonly still = new Still(this);
  readonly groups = new Groups(this);
  /** How it was, as the teacher is told. */
  totals: Totals | undefined;
  exitCounted: (counts: Record<string, number[]>) => string = () => "";

  constructor(
    readonly box: HTMLElement,
    readonly given: Given,
  ) {
    this.sheet = this.part("sheet");
    if (given.pages.length === 0) given.pages.push({ src: null, width: 1280, height: 720 });
    this.own = [...given.pages];
    this.board = new Board(this.sheet, given.pages, (n) => `${this.word("page")} ${n + 1}`);
    // What is shown may still be on its way to this room: it is asked for until it is there.
    this.sheet.addEventListener("error", () => this.comes(true), true);
    this.sheet.addEventListener("load", () => this.comes(false), true);
  }

  part<T extends HTMLElement>(what: string): T {
    // Where a class is only played again, the page has nothing to act with: what is said to it goes nowhere.
    return this.box.querySelector<T>(`[data-class-${what}]`) ?? (document.createElement("button") as HTMLElement as T);
  }

  word(key: string): string {
    return this.given.words[key] ?? "";
  }

  language(lang: string): string {
    return this.given.languages.find((l) => l.lang === lang)?.title ?? lang;
  }

  /** A choice of the language that somebody interprets into, or none. */
  private languages(select: HTMLSelectElement, now: string): void {
    if (select.options.length === 0) {
      select.append(new Option(this.word("interprets-not"), ""), ...this.given.languages.map((l) => new Option(this.word("interprets").replace("{lang}", l.title), l.lang)));
    }
    if (document.activeElement !== select) select.value = now;
  }

  /** Says something that waits for the person, or nothing. */
  say(text: string): void {
    const said = this.part("said");
    clearTimeout(this.passing);
    said.hidden = text === "";
    said.textContent = text;
  }

  /** Says that something was done. */
  note(text: string): void {
    this.say(text);
    this.passing = window.setTimeout(() => this.say(""), 5000);
  }

  /** Shows what is for this role, and hides what is not. */
  as(role: string, room: number): void {
    this.role = role;
    this.room = room;
    this.box.dataset["role"] = role;
    // Who waited to be let in has come to lead, or to answer for a room, before this node knew of it.
    if (role !== "guest" && this.box.dataset["guest"]) this.looksOn("in");
    const notes = this.box.querySelector<HTMLTextAreaElement>("[data-class-notes]");
    if (notes) notes.readOnly = role === "guest";
    // What a room is asked stands first for who answers for it.
    if (role === "adult") this.box.querySelector(".class-side")?.prepend(this.part("exit"));
    this.box.querySelectorAll<HTMLElement>("[data-for]").forEach((part) => {
      part.hidden = !(part.dataset["for"] ?? "").split(" ").includes(role);
    });
  }

  /** A guest sees the class once the teacher has let them in, and no more once they are sent out. */
  looksOn(how: "asks" | "in" | "out"): void {
    this.box.dataset["guest"] = how;
    const grid = this.box.querySelector<HTMLElement>(".class-grid");
    if (grid) grid.hidden = how !== "in";
    this.part("status").textContent = how === "in" ? "" : this.word(`guest-${how}`);
    this.part("ask-in").hidden = how !== "out";
  }

  state(rooms: RoomState[], cut: boolean): void {
    // The sign in the head of the page says what the node knows of the link: it is asked for as soon as something is other.
    const links = JSON.stringify(rooms.map((r) => r.link));
    if (this.cut !== cut || this.shownLinks !== links) document.getElementById("sign")?.dispatchEvent(new CustomEvent("renew"));
    this.shownLinks = links;
    this.links = new Map(rooms.map((r) => [r.room, r]));
    this.cut = cut;
    this.box.dataset["cut"] = String(cut);
    // A room that is cut off goes on by itself: who answers for it leads it meanwhile.
    if (this.role === "adult") this.part("group-work").hidden = !cut;
  }

  /** Says that the page is on its way, and asks for it again after a while. */
  private comes(coming: boolean): void {
    clearTimeout(this.coming);
    this.sheet.classList.toggle("coming", coming);
    const said = this.sheet.querySelector<HTMLElement>(".class-coming") ?? document.createElement("p");
    said.className = "class-coming";
    said.textContent = coming ? this.word("page-coming") : "";
    said.hidden = !coming;
    if (!coming) return;
    this.sheet.append(said);
    this.coming = window.setTimeout(() => {
      this.sheet.querySelector("img")?.removeAttribute("src");
      this.board.draw();
    }, COMING_MS);
  }

  /** Lays out the pages of the class: `true` where they are others than before. */
  private lay(is: Class): boolean {
    const now = [is.pages, is.blanks];
    if (now.every((part, n) => part === this.laid[n])) return false;
    this.laid = now;
    const known = new Map(this.own.map((page) => [page.hash, page]));
    const found = (page: Shown): Page => known.get(page.hash) ?? { src: this.given.shown ? this.given.shown + page.hash : null, width: page.width, height: page.height };
    const all = is.pages ? is.pages.map((page) => page && found(page)) : [...this.own, ...Array.from({ length: is.blanks }, () => null)];
    let last: Page = { src: null, width: 1280, height: 720 };
    // A white page is as large as the one before it.
    const pages = all.map((page) => (last = page ?? { src: null, width: last.width, height: last.height }));
    this.given.pages.splice(0, this.given.pages.length, ...(pages.length > 0 ? pages : [last]));
    return true;
  }

  /** Shows the class as it is, `now` milliseconds after it began. */
  show(is: Class, now: number, whole: boolean): void {
    this.box.dataset["began"] = String(is.began);
    this.box.dataset["over"] = String(is.over);
    if (this.role === "adult") {
      // The room that has the floor comes to the board; pages are turned by who leads.
      this.part("tools").hidden = !(this.cut || (is.began && !is.over && (is.floor === this.room || this.given.meeting)));
      this.part("turns").hidden = !this.cut;
      this.part("heads").hidden = is.over || this.given.meeting === true;
    }
    const notes = this.box.querySelector<HTMLTextAreaElement>("[data-class-notes]");
    if (notes) notes.readOnly = is.over || this.role === "guest";
    const others = this.lay(is);
    if (whole || others || this.board.page !== is.page) {
      this.board.act({ kind: "page", page: is.page });
      this.board.draw();
      if (!this.given.pages[is.page]?.src) this.comes(false);
    }
    this.part("place").textContent = `${is.page + 1} / ${this.given.pages.length}`;
    this.part<HTMLButtonElement>("back").disabled = is.page === 0;
    this.part<HTMLButtonElement>("on").disabled = is.page >= this.given.pages.length - 1;
    this.part("rec").hidden = !is.recording || is.over;
    this.status(is);
    this.time(is, now);
    this.rooms(is);
    this.acts(is);
    this.question(is);
    this.exit(is);
    this.still.show(is);
    this.groups.show(is);
    this.chat(is.chat);
    const caption = this.part("caption");
    caption.hidden = !is.caption || now - is.caption.t > 12_000;
    caption.textContent = is.caption?.text ?? "";
  }

  private status(is: Class): void {
    if (this.role === "guest" && this.box.dataset["guest"] !== "in") return;
    const status = this.cut && !is.over && this.role !== "pupil" ? "cut" : is.over ? "over" : !is.began ? (this.role === "teacher" ? "ready-teacher" : "waits") : "";
    this.part("status").textContent = status ? this.word(status) : is.floor === 0 || this.role === "pupil" ? "" : this.word("floor").replace("{room}", this.title(is.floor));
  }

  title(room: number): string {
    return room === 0 ? this.given.teacher : this.given.rooms.find((r) => r.n === room)?.title ?? "";
  }

  private time(is: Class, now: number): void {
    const timer = this.part("timer");
    const left = is.timer ? Math.min(is.timer.s, Math.max(0, is.timer.s - (now - is.timer.since) / 1000)) : 0;
    timer.hidden = !is.timer || is.over;
    timer.textContent = clock(Math.ceil(left));
  }

  private rooms(is: Class): void {
    this.box.querySelectorAll<HTMLElement>("[data-room]").forEach((row) => {
      const n = Number(row.dataset["room"]);
      const now = is.room(n);
      const link = this.links.get(n);
      const light = row.querySelector<HTMLElement>("[data-room-light]");
      const how = link?.here || now.here ? (link?.link ?? "ok") : "away";
      if (light) {
        light.textContent = this.word(`link-${how}`);
        light.className = `tag ${{ ok: "ok", slow: "wait", cut: "bad" }[how] ?? "wait"}`;
      }
      const show = (what: string, yes: boolean): void => {
        const part = row.querySelector<HTMLElement>(`[data-room-${what}]`);
        if (part) part.hidden = !yes;
      };
      show("hand", now.hand);
      const hands = row.querySelector<HTMLElement>("[data-room-hands]");
      if (hands) hands.textContent = now.hands === 0 ? "" : this.word("hands-n").replace("{n}", String(now.hands));
      show("floor", is.began && is.floor === n);
      const heads = row.querySelector<HTMLElement>("[data-room-heads]");
      if (heads) heads.textContent = now.heads === undefined ? "" : this.word("heads-n").replace("{n}", String(now.heads));
      const lang = is.interpreters.get(`${n}`) ?? "";
      show("interprets", lang !== "");
      const interprets = row.querySelector<HTMLElement>("[data-room-interprets]");
      if (interprets) interprets.textContent = this.word("interprets").replace("{lang}", this.language(lang));
      const choice = row.querySelector<HTMLSelectElement>("[data-room-interpret]");
      if (choice) this.languages(choice, lang);
      const give = row.querySelector<HTMLButtonElement>("[data-room-give]");
      if (give) {
        const deaf = is.recording && !now.consent;
        give.disabled = !is.began || is.over || is.floor === n || deaf;
        give.title = deaf ? this.word("consent-lacks").replace("{rooms}", this.title(n)) : "";
      }
      show("consent", now.consent);
      const consents = this.box.querySelector<HTMLInputElement>("[data-class-consent]");
      if (consents && n === this.room && document.activeElement !== consents) consents.checked = now.consent;
    });
    this.guests(is);
    this.part<HTMLButtonElement>("take").disabled = !is.began || is.floor === 0;
  }

  /** Who looks on, on every screen, and, for the teacher, who asks to. */
  private guests(is: Class): void {
    const guests = [...is.guests].filter(([, guest]) => guest.here && (guest.yes || this.role === "teacher"));
    const shown = JSON.stringify([guests, [...is.interpreters], is.recording]);
    const box = this.part("guests");
    box.hidden = guests.length === 0;
    if (shown === this.shownGuests) return;
    this.shownGuests = shown;
    const list = this.part("guest-list");
    list.textContent = "";
    for (const [person, guest] of guests) {
      const item = document.createElement("li");
      const who = document.createElement("div");
      const lang = is.interpreters.get(person) ?? "";
      const deaf = is.recording && lang !== "" && !guest.agrees && this.role === "teacher";
      for (const said of [guest.name, deaf ? this.word("consent-lacks").replace("{rooms}", guest.name) : lang ? this.word("interprets").replace("{lang}", this.language(lang)) : this.word(guest.yes ? "looks-on" : "asks-in")]) {
        const line = document.createElement("p");
        line.textContent = said;
        who.append(line);
      }
      item.append(who);
      if (this.role === "teacher" && guest.yes) {
        const choice = document.createElement("select");
        choice.dataset["interpret"] = person;
        choice.setAttribute("aria-label", `${this.word("interpret-as")}: ${guest.name}`);
        this.languages(choice, lang);
        item.append(choice);
      }
      if (this.role === "teacher") {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset["guest"] = person;
        button.dataset["admit"] = String(!guest.yes);
        button.textContent = this.word(guest.yes ? "send-out" : "admit");
        item.append(button);
      }
      list.append(item);
    }
  }

  private acts(is: Class): void {
    const teacher = this.role === "teacher";
    // A guest who interprets is heard in a recording only if they say so themselves.
    const agrees = this.part("agrees");
    agrees.hidden = this.role !== "guest" || !this.given.recorded || is.over || !is.interpreters.has(this.given.me);
    const box = agrees.querySelector<HTMLInputElement>("input");
    if (box && document.activeElement !== box) box.checked = is.guests.get(this.given.me)?.agrees ?? false;
    this.part("begin").hidden = !teacher || is.began;
    this.part("end").hidden = !teacher || !is.began || is.over;
    this.box.querySelector("[data-class-leave]")?.toggleAttribute("hidden", !is.over);
    const record = this.part<HTMLButtonElement>("record");
    record.hidden = !teacher || !this.given.recorded || !is.began || is.over;
    // A recording needs the consent of everyone heard in it: the room that speaks has said so.
    const lacks = is.floor !== 0 && !is.room(is.floor).consent;
    record.disabled = !is.recording && lacks;
    record.title = lacks ? this.word("consent-lacks").replace("{rooms}", this.title(is.floor)) : "";
    record.setAttribute("aria-pressed", String(is.recording));
    this.part("record-said").textContent = this.word(is.recording ? "record-off" : "record-on");
    // A picture of a room needs the consent of everyone seen in it.
    const take = this.part("take-still");
    const unseen = this.role === "adult" && !is.room(this.room).consent;
    take.hidden = !["teacher", "co", "adult"].includes(this.role) || !is.began || is.over;
    const camera = take.querySelector<HTMLInputElement>("input[type=file]");
    if (camera) camera.disabled = unseen;
    this.part("take-label").title = unseen ? this.word("still-consent-first") : "";
    this.part("take-label").classList.toggle("off", unseen);
    const hand = this.part("hand");
    const up = is.room(this.room).hand;
    if (this.role === "pupil") return;
    hand.hidden = this.role !== "adult" || !is.began || is.over;
    hand.setAttribute("aria-pressed", String(up));
    this.part("hand-said").textContent = this.word(up ? "hand-down" : "hand-up");
  }

  private question(is: Class): void {
    const { question } = is;
    // A pupil's page answers for itself.
    if (this.role === "pupil") return;
    const box = this.part("question");
    box.hidden = !question;
    if (!question) return;
    const close = box.querySelector<HTMLElement>("[data-question-close]");
    if (close) close.hidden = !question.open || !["teacher", "co"].includes(this.role);
    const heads = new Map([...is.rooms].flatMap(([room, now]) => (now.heads === undefined ? [] : [[room, now.heads] as const])));
    const all = asked(question, heads);
    const shown = JSON.stringify([question.q, question.open, all, [...question.rooms].map(([room, of]) => [room, of.hands, of.devices, of.n, of.texts, of.ink && [of.ink.length, ...of.ink.slice(-8)]])]);
    if (shown === this.shownQuestion) return;
    const fresh = !this.shownQuestion.startsWith(`[${question.q},${question.open},`);
    this.shownQuestion = shown;
    const text = box.querySelector<HTMLElement>("[data-question-text]");
    if (text) text.textContent = question.text;
    const answers = box.querySelector<HTMLElement>("[data-question-answers]");
    if (!answers) return;
    // Who counts hands is not disturbed while others answer.
    if (this.role === "adult" && question.open) {
      if (fresh) answers.replaceChildren(counting(question, (key) => this.word(key), (what) => this.answered(question.q, what), () => this.note(this.word("sketch-full"))));
      return;
    }
    answers.replaceChildren(tally(question, (room) => this.title(room), (key) => this.word(key), all));
  }

  /** How it was: who leads asks and sees totals, who answers for a room counts hands. */
  private exit(is: Class): void {
    if (this.role !== "teacher" && this.role !== "adult") return;
    const part = this.part("exit");
    part.hidden = !is.began || (is.over && is.exit === "") || this.given.meeting === true || (this.role === "adult" && is.exit !== "open");
    const ask = part.querySelector<HTMLButtonElement>("[data-exit-ask]");
    if (ask) {
      ask.hidden = is.over || is.exit === "over";
      ask.textContent = this.word(is.exit === "open" ? "exit-close" : "exit-ask");
    }
    const shown = JSON.stringify([is.exit, this.totals]);
    const place = part.querySelector<HTMLElement>("[data-exit-box]");
    if (!place || shown === this.shownExit) return;
    this.shownExit = shown;
    const word = (key: string): string => this.word(key);
    if (is.exit === "") place.replaceChildren();
    else if (this.role === "teacher") place.replaceChildren(exitTotals(word, is.exit === "open", this.totals));
    else if (is.exit === "open") place.replaceChildren(exitCounts(word, this.exitCounted));
    else place.replaceChildren();
  }

  /** What was written: a line that waits is told apart only in a cut, and stands as it came into the class. */
  private chat(lines: Line[]): void {
    const list = this.part("chat");
    while (list.children.length > lines.length) list.lastElementChild?.remove();
    const grows = lines.length > list.children.length;
    lines.forEach((line, n) => {
      const late = line.late && (line.n > 0 || this.cut);
      const state = JSON.stringify([line.by, line.room, line.text, late]);
      const there = list.children[n] as HTMLElement | undefined;
      if (there?.dataset["line"] === state) return;
      const item = document.createElement("li");
      item.dataset["line"] = state;
      const by = document.createElement("b");
      by.textContent = line.by || this.title(line.room);
      const text = document.createElement("span");
      text.textContent = line.text;
      item.append(by, text);
      if (late) {
        const said = document.createElement("small");
        said.textContent = this.word("late");
        item.append(said);
      }
      if (there) there.replaceWith(item);
      else list.append(item);
    });
    if (grows) list.scrollTop = list.scrollHeight;
  }
}
