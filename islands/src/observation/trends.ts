/* What the observations of two come to over time: drawn here, from what was opened here, for the two. No totals. */
import { AREAS, talk, type Content } from "./content.ts";
import { percent, svg } from "./show.ts";
import { day, el, w } from "../pocket/said.ts";

/** An observation that was opened. */
export interface Past {
  day: string;
  instrument: string;
  content: Content | undefined;
  step: string | undefined;
}

const WHO = ["teacher", "pupil", "neither"] as const;

function talks(all: Past[]): HTMLElement {
  const rows = all.filter((one) => one.content?.run);
  if (!rows.length) return el("p", { className: "hint" }, w("observe-trend-none"));
  return el("table", { className: "list", id: "trend-talk" },
    el("thead", {}, el("tr", {}, el("th", {}, w("observe-held")), ...WHO.map((who) => el("th", {}, el("span", { className: `observe-dot of-${who}`, "aria-hidden": "true" }), w(`observe-${who}-talk`))), el("th", { "aria-hidden": "true" }))),
    el("tbody", {}, ...rows.map((one) => {
      const each = talk(one.content?.run ?? "");
      let at = 0;
      const bars = WHO.map((who) => {
        const bar = svg("rect", { x: at, y: 0, width: each[who] * 200, height: 14, class: `observe-${who}` });
        at += each[who] * 200;
        return bar;
      });
      return el("tr", {}, el("th", { scope: "row", "data-label": w("observe-held") }, day(one.day)), ...WHO.map((who) => el("td", { "data-label": w(`observe-${who}-talk`) }, percent(each[who]))),
        el("td", { "aria-hidden": "true" }, svg("svg", { viewBox: "0 0 200 14", class: "observe-bar" }, ...bars) as unknown as Node));
    })));
}

/** A behaviour in a line, a lesson in a column of two marks. */
function behaviours(all: Past[]): HTMLElement {
  const lessons = all.filter((one) => one.content?.segments).slice(-6);
  if (!lessons.length) return el("p", { className: "hint" }, w("observe-trend-none"));
  const keys = AREAS.flatMap(([area, items]) => Array.from({ length: items }, (_, item) => `${area}-${item + 1}`));
  const noted = keys.filter((key) => lessons.some((one) => one.content?.segments?.some((s) => s.marks[key])));
  const cell = (one: Past, key: string): HTMLElement => {
    const marks = (one.content?.segments ?? []).map((s) => s.marks[key]);
    const label = marks.map((mark) => (mark ? w(`observe-mark-${mark}`) : "–")).join(", ");
    return el("td", {}, el("span", { className: "vh" }, label), ...marks.map((mark) => el("span", { className: `observe-spot ${mark ?? ""}`, "aria-hidden": "true" })));
  };
  return el("div", { className: "observe-wide", tabIndex: 0, role: "region", "aria-label": w("observe-trend-seen") }, el("p", { className: "hint" }, w("observe-trend-seen-hint")), el("table", { className: "observe-grid", id: "trend-seen" },
    el("thead", {}, el("tr", {}, el("td", {}), ...lessons.map((one) => el("th", { scope: "col" }, one.day.slice(5))))),
    el("tbody", {}, ...noted.map((key) => el("tr", {}, el("th", { scope: "row" }, w(`observe-segments_1-${key}`)), ...lessons.map((one) => cell(one, key)))))));
}

export function trends(all: Past[]): HTMLElement[] {
  const steps = all.filter((one) => one.step).reverse();
  return [
    el("h2", {}, w("observe-trend-steps")),
    steps.length ? el("ol", { className: "time", id: "trend-steps" }, ...steps.map((one) => el("li", {}, el("p", {}, one.step ?? ""), el("p", { className: "at" }, day(one.day))))) : el("p", { className: "hint" }, w("observe-trend-none")),
    el("h2", {}, w("observe-trend-talk")), talks(all),
    el("h2", {}, w("observe-trend-seen")), behaviours(all),
  ];
}
