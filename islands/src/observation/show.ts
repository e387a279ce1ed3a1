/* What was seen, as the two read it. */
import { AREAS, BEAT, isEmpty, KINDS, shares, type Content, type Instrument, type Segment } from "./content.ts";
import { n } from "./form.ts";
import { el, w } from "../pocket/said.ts";

const SVG = "http://www.w3.org/2000/svg";

export function svg(name: string, attributes: Record<string, string | number>, ...children: (SVGElement | string)[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

function words(label: string, said: string | undefined): (HTMLElement | "")[] {
  return said?.trim() ? [el("h4", {}, label), el("p", { className: "said" }, said)] : [];
}

function segment(one: Segment, at: number): HTMLElement {
  const noted = AREAS.flatMap(([area, items]) => Array.from({ length: items }, (_, item) => `${area}-${item + 1}`)).filter((key) => one.marks[key]);
  return el("section", {}, el("h3", {}, n("observe-part", at + 1)),
    noted.length ? el("ul", { className: "observe-noted" }, ...noted.map((key) => {
      const mark = one.marks[key] ?? "seen";
      const item = el("li", {}, el("span", { className: `observe-mark ${mark}` }, w(`observe-mark-${mark}`)), el("span", {}, w(`observe-segments_1-${key}`)));
      item.dataset["mark"] = mark;
      return item;
    })) : "",
    ...words(w("observe-notes"), one.notes));
}

/** Which kind of talk at which time: a row for each kind that there was. */
export function run(text: string): SVGElement {
  const rows = KINDS.map(([kind]) => kind).filter((kind) => text.includes(kind));
  const [width, height] = [600, rows.length * 14];
  const each = width / Math.max(1, text.length);
  const marks: SVGElement[] = [];
  for (let at = 0; at < text.length;) {
    let end = at;
    while (end < text.length && text[end] === text[at]) end += 1;
    const kind = text[at] ?? "";
    const who = KINDS.find(([one]) => one === kind)?.[1] ?? "neither";
    marks.push(svg("rect", { x: (at * each).toFixed(1), y: rows.indexOf(kind) * 14 + 2, width: Math.max(1, (end - at) * each).toFixed(1), height: 10, class: `observe-${who}` }));
    at = end;
  }
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "observe-run", role: "img", "aria-label": w("observe-run"), preserveAspectRatio: "none" }, ...marks);
}

function counted(text: string): HTMLElement[] {
  if (!text) return [el("p", { className: "hint" }, w("observe-count-none"))];
  const each = shares(text);
  const rows = KINDS.filter(([kind]) => each.has(kind));
  const minutes = (share: number): string => {
    const seconds = Math.round(share * text.length) * BEAT;
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  return [
    el("h3", {}, w("observe-shares")),
    el("table", { className: "observe-shares" }, el("tbody", {}, ...rows.map(([kind, who]) => el("tr", {},
      el("th", { scope: "row" }, el("span", { className: `observe-dot of-${who}`, "aria-hidden": "true" }), w(`observe-interaction_1-${kind}`)),
      el("td", {}, percent(each.get(kind) ?? 0)), el("td", {}, minutes(each.get(kind) ?? 0)))))),
    el("h3", {}, w("observe-run")), run(text) as unknown as HTMLElement,
  ];
}

/** What stands in an observation, read only. */
export function shown(instrument: Instrument, content: Content): HTMLElement {
  const parts: (HTMLElement | "")[] = [];
  if (isEmpty(content)) parts.push(el("p", { className: "hint" }, w("observe-empty")));
  else if (instrument === "segments_1") parts.push(...(content.segments ?? []).map(segment));
  else if (instrument === "interaction_1") parts.push(...counted(content.run ?? ""), ...words(w("observe-notes"), content.notes));
  else {
    const word = (at: string): string => w(`observe-lesson_study_1-${at}`);
    parts.push(...words(word("1"), content.question));
    (content.steps ?? []).forEach((step, at) => {
      if (![step.what, ...step.pupils].some((said) => said.trim())) return;
      parts.push(el("section", { className: "observe-step" }, el("h3", {}, n("observe-step-n", at + 1)), step.what.trim() ? el("p", { className: "said" }, step.what) : "",
        ...step.pupils.flatMap((said, pupil) => words(word(`2-${pupil + 2}`), said))));
    });
    parts.push(...words(word("3"), content.learned));
  }
  return el("div", { className: "observe-shown" }, ...parts, ...words(w("observe-ask"), content.ask));
}
