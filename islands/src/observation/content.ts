/*
 * What an observation holds, by its instrument. The instruments are a closed set; each has its version in its name, and its
 * words in the catalogue. None has a scale, and nothing is added up.
 */

export type Instrument = "segments_1" | "interaction_1" | "lesson_study_1";

/** Seen, looked for and not seen, does not apply. What is not there was not noted. */
export type Mark = "seen" | "not" | "na";

export interface Segment {
  marks: Record<string, Mark>;
  notes: string;
}

export interface Step {
  what: string;
  pupils: [string, string, string];
}

export interface Content {
  segments?: Segment[];
  /** A digit for each three seconds. */
  run?: string;
  question?: string;
  steps?: Step[];
  learned?: string;
  notes?: string;
  /** What the observer would like to ask the teacher. */
  ask: string;
}

/** The areas of the two segments, and how many behaviours each has. */
export const AREAS: [string, number][] = [["1", 4], ["2", 6], ["3", 5]];
export const SEGMENTS = 2;
/** The kinds of talk in the order of the buttons, and who speaks: the teacher, a pupil, neither. */
export const KINDS: [string, "teacher" | "pupil" | "neither"][] = [
  ["4", "teacher"], ["5", "teacher"], ["8", "pupil"], ["9", "pupil"], ["6", "teacher"], ["0", "neither"],
  ["3", "teacher"], ["2", "teacher"], ["1", "teacher"], ["7", "teacher"],
];
/** Seconds of one place of a run, and places of the longest: an hour and a half. */
export const BEAT = 3;
export const MOST_BEATS = 1800;
export const MOST_STEPS = 8;
export const MOST_SAID = 3000;

export function empty(instrument: Instrument): Content {
  if (instrument === "segments_1") return { segments: Array.from({ length: SEGMENTS }, () => ({ marks: {}, notes: "" })), ask: "" };
  if (instrument === "interaction_1") return { run: "", notes: "", ask: "" };
  return { question: "", steps: Array.from({ length: 3 }, blank), learned: "", ask: "" };
}

export function blank(): Step {
  return { what: "", pupils: ["", "", ""] };
}

/** Whether nothing was noted. */
export function isEmpty(content: Content): boolean {
  const { segments = [], steps = [] } = content;
  const said = [content.run, content.question, content.learned, content.notes, content.ask, ...segments.map((s) => s.notes), ...steps.flatMap((s) => [s.what, ...s.pupils])];
  return said.every((one) => !one?.trim()) && segments.every((s) => Object.keys(s.marks).length === 0);
}

/** What an envelope can hold, in bytes. */
const MOST_BYTES = 58_000;

/** Whether it is longer than an envelope can hold: told before it is sealed, since afterwards nobody could shorten it. */
export const isTooLong = (content: Content): boolean => new TextEncoder().encode(JSON.stringify(content)).length > MOST_BYTES;

/** How much of a run each kind of talk is, of one. */
export function shares(run: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of run) found.set(one, (found.get(one) ?? 0) + 1 / run.length);
  return found;
}

/** How much of a run each of the three speaks, of one. */
export function talk(run: string): Record<"teacher" | "pupil" | "neither", number> {
  const out = { teacher: 0, pupil: 0, neither: 0 };
  const each = shares(run);
  for (const [kind, who] of KINDS) out[who] += each.get(kind) ?? 0;
  return out;
}
