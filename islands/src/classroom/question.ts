/* What is asked in a class: how a room or a pupil answers it, and what was answered, room by room. */
import { drawing, Sketch } from "./sketch.ts";
import type { Answers, Question } from "./fold.ts";

/** What a room or a pupil answers. */
export type Answered = { counts: Record<string, number> } | { texts: string[] } | { value: string } | { ink: Uint8Array };

type Word = (key: string) => string;
/** Sends it; gives why it was not sent, or nothing. */
type Send = (what: Answered) => string;

const make = <K extends keyof HTMLElementTagNameMap>(tag: K, className = "", text = ""): HTMLElementTagNameMap[K] => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
};

const count = (name: string): HTMLInputElement => {
  const input = make("input");
  input.type = "number";
  input.min = "0";
  input.max = "500";
  input.inputMode = "numeric";
  input.setAttribute("aria-label", name);
  return input;
};

/** Says beside what was counted why it was not sent. */
export function refuses(form: HTMLElement, why: string): void {
  const said = form.querySelector<HTMLElement>(".error") ?? make("p", "error");
  said.setAttribute("role", "alert");
  said.textContent = why;
  if (why === "") said.remove();
  else form.append(said);
}

/** Where the adult of a room writes down what the room answers. */
export function counting(question: Question, word: Word, send: Send, full: () => void): HTMLElement {
  if (question.kind === "draw") return new Sketch(word, (ink) => send({ ink }), full).box;
  const form = make("form", "form class-count");
  form.dataset["count"] = String(question.q);
  let read: () => Answered;
  if (question.kind === "short") {
    const label = make("label", "", word("short-room"));
    const lines = make("textarea");
    lines.rows = 4;
    lines.maxLength = 900;
    lines.id = "class-texts";
    label.htmlFor = lines.id;
    form.append(label, lines);
    form.classList.add("class-texts");
    read = () => ({ texts: lines.value.split("\n").map((line) => line.trim()).filter((line) => line !== "").slice(0, 8) });
  } else if (question.kind === "number") {
    const rows: [HTMLInputElement, HTMLInputElement][] = [];
    const button = make("button", "", word("count-send"));
    const more = (): void => {
      const value = make("input");
      value.inputMode = "decimal";
      value.maxLength = 12;
      value.setAttribute("aria-label", word("number-value"));
      const many = count(word("number-many"));
      // A line more as soon as the last one is written on.
      value.addEventListener("input", () => {
        if (rows[rows.length - 1]?.[0] === value && rows.length < 24) more();
      });
      rows.push([value, many]);
      form.insertBefore(value, button);
      form.insertBefore(many, button);
    };
    form.append(make("span", "hint", word("number-value")), make("span", "hint", word("number-many")), button);
    more();
    read = () => ({ counts: Object.fromEntries(rows.filter(([v, n]) => v.value.trim() !== "" && Number(n.value) > 0).map(([v, n]) => [v.value.trim(), Number(n.value)])) });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      refuses(form, send(read()));
    });
    return form;
  } else {
    const inputs = question.options.map((option, n) => {
      const label = make("label", "", option);
      const input = count(option);
      input.name = option;
      input.id = `count-${n}`;
      label.htmlFor = input.id;
      form.append(label, input);
      return input;
    });
    read = () => ({ counts: Object.fromEntries(inputs.map((input) => [input.name, Number(input.value) || 0])) });
  }
  form.append(make("button", "", word("count-send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    refuses(form, send(read()));
  });
  return form;
}

/** Where a pupil answers for themselves. */
export function answering(question: Question, had: string | undefined, word: Word, send: Send, full: () => void): HTMLElement {
  if (question.kind === "draw") return new Sketch(word, (ink) => send({ ink }), full).box;
  if (question.kind === "choice") {
    const list = make("div", "pupil-options");
    for (const option of question.options) {
      const button = make("button", "", option);
      button.type = "button";
      button.setAttribute("aria-pressed", String(option === had));
      button.addEventListener("click", () => {
        list.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
        send({ value: option });
      });
      list.append(button);
    }
    return list;
  }
  const form = make("form", "form pupil-answer");
  const input = make("input");
  input.maxLength = question.kind === "number" ? 12 : 120;
  input.inputMode = question.kind === "number" ? "decimal" : "text";
  input.autocomplete = "off";
  input.required = true;
  input.value = had ?? "";
  input.setAttribute("aria-label", word("answer"));
  form.append(input, make("button", "primary", word("answer-send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() !== "") send({ value: input.value.trim() });
  });
  return form;
}

/** How often something was counted in a room: hands, and the pupils' own devices. */
const times = (answers: Answers, of: string): number => (answers.hands[of] ?? 0) + (answers.devices[of] ?? 0);

/** What was answered, over all rooms and room by room. */
export function tally(question: Question, title: (room: number) => string, word: Word, asked: number): HTMLElement {
  if (question.kind === "draw") {
    const all = make("div", "drawings");
    for (const [room, answers] of question.rooms) if (answers.ink) all.append(drawing(answers.ink, title(room)));
    return withCount(all, question, word);
  }
  if (question.kind === "short") {
    const list = make("ul", "class-said");
    for (const [room, answers] of question.rooms) {
      for (const text of answers.texts) {
        const item = make("li");
        item.append(make("span", "", text), make("small", "", title(room)));
        list.append(item);
      }
    }
    return withCount(list, question, word);
  }
  const table = make("table", "class-tally");
  const values = question.kind === "number" ? numbers(question) : question.options;
  const sum = (value: string): number => [...question.rooms.values()].reduce((n, answers) => n + times(answers, value), 0);
  // A bar is whole where all who were asked say so.
  const all = values.reduce((n, value) => n + sum(value), 0);
  const most = Math.max(1, asked, all);
  for (const value of values) {
    const row = table.insertRow();
    const head = make("th", "", value);
    head.scope = "row";
    row.append(head);
    const bar = make("meter");
    bar.max = most;
    bar.value = sum(value);
    row.insertCell().append(bar);
    row.insertCell().textContent = String(sum(value));
    const answered = [...question.rooms].filter(([, answers]) => times(answers, value) > 0);
    if (answered.length === 0) continue;
    const rooms = table.insertRow().insertCell();
    rooms.colSpan = 3;
    rooms.className = "class-tally-rooms";
    rooms.textContent = answered.map(([room, answers]) => `${title(room)}: ${times(answers, value)}`).join(" · ");
  }
  if (asked < all) return table;
  const box = make("div");
  box.append(table, make("p", "hint", word("tally-of").replace("{n}", String(all)).replace("{asked}", String(asked))));
  return box;
}

/** How many were asked: the pupils of the rooms that counted them, and where nobody did, who answered. */
export function asked(question: Question, heads: ReadonlyMap<number, number>): number {
  const answered = (room: number): number => {
    const of = question.rooms.get(room);
    return of ? Object.values(of.hands).reduce((n, m) => n + m, of.n) : 0;
  };
  return [...new Set([...heads.keys(), ...question.rooms.keys()])].reduce((n, room) => n + Math.max(heads.get(room) ?? 0, answered(room)), 0);
}

function numbers(question: Question): string[] {
  const values = new Set<string>();
  for (const answers of question.rooms.values()) for (const counts of [answers.hands, answers.devices]) for (const value of Object.keys(counts)) values.add(value);
  return [...values].sort((a, b) => Number(a) - Number(b));
}

/** How many pupils answered on devices, where what they wrote or drew is with the adults of their rooms. */
function withCount(shown: HTMLElement, question: Question, word: Word): HTMLElement {
  const n = [...question.rooms.values()].reduce((sum, answers) => sum + answers.n, 0);
  if (n === 0) return shown;
  const box = make("div");
  box.append(shown, make("p", "hint", word("devices-answered").replace("{n}", String(n))));
  return box;
}
