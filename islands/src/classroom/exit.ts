/* How it was: two questions at the end, answered by pupils without a name; the teacher alone sees totals, from five answers on. */

import { refuses } from "./question.ts";

type Word = (key: string) => string;

/** What is asked: the letter it goes by, and its words. */
const ASKED = [
  { w: "u", title: "exit-understood" },
  { w: "e", title: "exit-enjoyed" },
] as const;
const ANSWERS = [0, 1, 2];

export type Totals = { u?: number[]; e?: number[]; few: boolean };

const make = <K extends keyof HTMLElementTagNameMap>(tag: K, className = "", text = ""): HTMLElementTagNameMap[K] => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
};

const group = (word: Word, title: string): HTMLFieldSetElement => {
  const set = make("fieldset", "exit-asked");
  set.append(make("legend", "", word(title)));
  return set;
};

/** Where a pupil answers. */
export function exitAnswers(word: Word, send: (w: string, v: number) => void): HTMLElement {
  const box = make("div");
  for (const { w, title } of ASKED) {
    const set = group(word, title);
    const list = make("div", "exit-options");
    for (const v of ANSWERS) {
      const button = make("button", "", word(`exit-${w}${v}`));
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        list.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
        send(w, v);
      });
      list.append(button);
    }
    set.append(list);
    box.append(set);
  }
  return box;
}

/** Where the adult of a room counts hands. */
export function exitCounts(word: Word, send: (counts: Record<string, number[]>) => string): HTMLElement {
  const form = make("form", "form class-exit-count");
  form.append(make("p", "hint", word("exit-hands")));
  for (const { w, title } of ASKED) {
    const set = group(word, title);
    for (const v of ANSWERS) {
      const label = make("label", "", word(`exit-${w}${v}`));
      const input = make("input");
      input.type = "number";
      input.min = "0";
      input.max = "500";
      input.inputMode = "numeric";
      input.dataset["of"] = w;
      input.id = `exit-${w}${v}`;
      label.htmlFor = input.id;
      set.append(label, input);
    }
    form.append(set);
  }
  form.append(make("button", "", word("count-send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const of = (w: string): number[] => [...form.querySelectorAll<HTMLInputElement>(`[data-of=${w}]`)].map((input) => Number(input.value) || 0);
    refuses(form, send({ u: of("u"), e: of("e") }));
  });
  return form;
}

/** What the teacher sees. */
export function exitTotals(word: Word, open: boolean, totals: Totals | undefined): HTMLElement {
  const box = make("div");
  box.append(make("p", "", word(open ? "exit-open" : "exit-closed")));
  if (open) return box;
  for (const { w, title } of ASKED) {
    const counts = totals?.[w];
    if (!counts) continue;
    const table = make("table", "class-tally");
    table.append(make("caption", "", word(title)));
    ANSWERS.forEach((v) => {
      const row = table.insertRow();
      const head = make("th", "", word(`exit-${w}${v}`));
      head.scope = "row";
      const bar = make("meter");
      bar.max = Math.max(1, counts.reduce((n, m) => n + m, 0));
      bar.value = counts[v] ?? 0;
      row.append(head);
      row.insertCell().append(bar);
      row.insertCell().textContent = String(counts[v] ?? 0);
    });
    box.append(table);
  }
  if (!totals?.u || !totals.e || totals.few) box.append(make("p", "hint", word("exit-few")));
  return box;
}
