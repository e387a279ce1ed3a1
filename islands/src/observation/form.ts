/* The form of an observation, in the pocket and on a node's page alike. What is not tapped is not noted. */
import { AREAS, BEAT, blank, KINDS, MOST_BEATS, MOST_SAID, MOST_STEPS, type Content, type Instrument, type Mark, type Segment } from "./content.ts";
import { el, w } from "../pocket/said.ts";

type Changed = () => void;

const NEXT: Record<string, Mark | ""> = { "": "seen", seen: "not", not: "na", na: "" };

export const n = (key: string, number: number): string => w(key).replace("{n}", String(number));

function said(id: string, label: string, value: string, set: (text: string) => void, changed: Changed, hint = ""): HTMLElement {
  const input = el("textarea", { id, value, maxLength: MOST_SAID, rows: 3 });
  input.addEventListener("input", () => { set(input.value); changed(); });
  return el("div", { className: "field" }, el("label", { htmlFor: id }, label), hint ? el("p", { className: "hint" }, hint) : "", input);
}

/** A behaviour: one tap says that it was seen. */
function behaviour(key: string, segment: Segment, changed: Changed): HTMLElement {
  const state = el("span", { className: "observe-mark" });
  const button = el("button", { type: "button", className: "observe-item" }, el("span", {}, w(`observe-segments_1-${key}`)), state);
  const draw = (): void => {
    const mark = segment.marks[key];
    button.dataset["mark"] = mark ?? "";
    button.setAttribute("aria-pressed", String(mark === "seen"));
    state.textContent = mark ? w(`observe-mark-${mark}`) : "";
  };
  button.addEventListener("click", () => {
    const next = NEXT[segment.marks[key] ?? ""] ?? "";
    if (next) segment.marks[key] = next;
    else delete segment.marks[key];
    draw();
    changed();
  });
  draw();
  return button;
}

function segments(content: Content, changed: Changed): HTMLElement[] {
  return (content.segments ?? []).map((segment, at) => el("section", { className: "observe-segment" },
    el("h2", {}, n("observe-part", at + 1)),
    ...AREAS.map(([area, items]) => el("div", { className: "observe-area", role: "group", "aria-label": w(`observe-segments_1-${area}`) },
      el("h3", {}, w(`observe-segments_1-${area}`)),
      ...Array.from({ length: items }, (_, item) => behaviour(`${area}-${item + 1}`, segment, changed)))),
    said(`o-notes-${at}`, w("observe-notes"), segment.notes, (text) => { segment.notes = text; }, changed, at === 0 ? w("observe-notes-hint") : ""),
  ));
}

const clock = (beats: number): string => `${Math.floor((beats * BEAT) / 60)}:${String((beats * BEAT) % 60).padStart(2, "0")}`;

/** Places that are filled in when the browser slept for a moment; beyond that nobody knows who spoke. */
const MOST_BEHIND = 5;

/** Keeps the screen on where the browser can, until this is called. */
function awake(): () => void {
  const wake = (navigator as { wakeLock?: { request(of: string): Promise<{ release(): Promise<void> }> } }).wakeLock;
  const held = wake?.request("screen").catch(() => undefined);
  return () => void held?.then((one) => one?.release());
}

/** One tap every three seconds; with none, the last goes on. It stops by itself when it leaves the page. */
function counters(content: Content, changed: Changed): HTMLElement[] {
  let kind = content.run?.slice(-1) || "5";
  let timer: number | undefined;
  let due = 0;
  let sleeps = (): void => undefined;
  const time = el("output", { className: "observe-clock" }, clock(content.run?.length ?? 0));
  const bar = el("span", { className: "observe-beat", "aria-hidden": "true" });
  const buttons = KINDS.map(([one, who]) => {
    const button = el("button", { type: "button", className: `observe-kind of-${who}`, "aria-pressed": "false" }, w(`observe-interaction_1-${one}`));
    button.dataset["kind"] = one;
    button.addEventListener("click", () => { kind = one; press(); });
    return button;
  });
  const press = (): void => { for (const button of buttons) button.setAttribute("aria-pressed", String(timer !== undefined && button.dataset["kind"] === kind)); };
  const begin = el("button", { type: "button", id: "o-count" });
  const draw = (): void => {
    begin.textContent = w(timer !== undefined ? "observe-count-stop" : content.run ? "observe-count-on" : "observe-count-start");
    begin.className = timer === undefined ? "primary" : "";
    bar.classList.toggle("runs", timer !== undefined);
    press();
  };
  const stop = (): void => {
    window.clearInterval(timer);
    timer = undefined;
    sleeps();
    draw();
    changed();
  };
  const beat = (): void => {
    if (!begin.isConnected || (content.run?.length ?? 0) >= MOST_BEATS) return stop();
    // A browser in the background beats late: what it missed is what went on.
    const behind = Math.min(MOST_BEHIND, Math.max(1, Math.floor((Date.now() - due) / (BEAT * 1000)) + 1));
    due = Date.now() + BEAT * 1000;
    content.run = (content.run ?? "") + kind.repeat(behind);
    time.textContent = clock(content.run.length);
    // Every half minute is enough to lose little when the phone dies.
    if (content.run.length % 10 < behind) changed();
  };
  begin.addEventListener("click", () => {
    if (timer !== undefined) return stop();
    due = Date.now() + BEAT * 1000;
    sleeps = awake();
    timer = window.setInterval(beat, BEAT * 1000);
    draw();
  });
  draw();
  return [
    el("div", { className: "observe-count" }, begin, time, bar),
    el("div", { className: "observe-kinds", role: "group", "aria-label": w("observe-interaction_1") }, ...buttons),
    said("o-notes", w("observe-notes"), content.notes ?? "", (text) => { content.notes = text; }, changed, w("observe-notes-hint")),
  ];
}

function study(content: Content, changed: Changed): HTMLElement[] {
  const steps = el("div");
  const all = content.steps ?? [];
  const word = (at: string): string => w(`observe-lesson_study_1-${at}`);
  const add = el("button", { type: "button", onclick: () => { all.push(blank()); draw(); changed(); } }, w("observe-add-step"));
  const draw = (): void => {
    steps.replaceChildren(...all.map((step, at) => el("fieldset", { className: "observe-step" },
      el("legend", {}, n("observe-step-n", at + 1)),
      said(`o-step-${at}`, word("2-1"), step.what, (text) => { step.what = text; }, changed),
      el("div", { className: "observe-pupils" }, ...([0, 1, 2] as const).map((pupil) =>
        said(`o-step-${at}-${pupil}`, word(`2-${pupil + 2}`), step.pupils[pupil], (text) => { step.pupils[pupil] = text; }, changed))))));
    add.hidden = all.length >= MOST_STEPS;
  };
  draw();
  return [
    said("o-question", word("1"), content.question ?? "", (text) => { content.question = text; }, changed),
    el("h2", {}, word("2")), el("p", { className: "hint" }, w("observe-notes-hint")), steps, el("p", {}, add),
    said("o-learned", word("3"), content.learned ?? "", (text) => { content.learned = text; }, changed),
  ];
}

/** The fields of an instrument. */
export function fields(instrument: Instrument, content: Content, changed: Changed): HTMLElement[] {
  const own = instrument === "segments_1" ? segments(content, changed) : instrument === "interaction_1" ? counters(content, changed) : study(content, changed);
  return [
    instrument === "segments_1" ? el("p", { className: "hint" }, w("observe-tap-hint")) : el("p", { className: "hint" }, w(`observe-${instrument}-about`)),
    ...own,
    said("o-ask", w("observe-ask"), content.ask, (text) => { content.ask = text; }, changed),
  ];
}
