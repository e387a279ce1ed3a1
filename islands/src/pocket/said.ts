/* The words of the pocket and of what an observation is, and the small things of which their screens are made. */

const all = JSON.parse(document.querySelector("#pocket-words, [data-words]")?.textContent ?? "{}") as Record<string, Record<string, string>>;
const TAGS: Record<string, string> = { zh: "zh-Hans", bo: "bo", en: "en" };
let lang = "zh";
/** Where the icons are: said by the pocket, and shown by every other page. */
const SPRITE = document.body.dataset["sprite"] ?? document.querySelector("use")?.getAttribute("href")?.split("#")[0] ?? "";

/** The language of the screens. */
export const language = (): string => lang;

/** Says what a programme says of its own in a language. */
export function also(words: Record<string, Record<string, string>> | undefined): void {
  for (const [tag, own] of Object.entries(words ?? {})) Object.assign(all[tag] ?? {}, own);
}

/** Says the words of a page that is in one language already. */
export function speakAs(page: string): void {
  lang = all[page] ? page : (Object.keys(all)[0] ?? "zh");
}

export function speak(next: string): void {
  lang = all[next] ? next : "zh";
  document.documentElement.lang = TAGS[lang] ?? lang;
  document.title = `${w("pocket")} · Zampa`;
}

/** A word, in Chinese where the language lacks it; `{text}` and `{n}` in it are filled. */
export function w(key: string, text = ""): string {
  return (all[lang]?.[key] ?? all["zh"]?.[key] ?? key).replace("{text}", text);
}

/** Who or what has a name, with what it is called in other languages. */
export interface Called {
  name?: string;
  title?: string;
  names?: Record<string, string> | null;
}

/** What somebody or a school is called in the language of the screens, or else as it was given. */
export const called = (one: Called | undefined): string => one?.names?.[lang] || one?.title || one?.name || "";

/** In the order of the language of the screens. */
export function inOrder<T extends Called>(all: T[]): T[] {
  const order = new Intl.Collator(TAGS[lang]);
  return [...all].sort((a, b) => order.compare(called(a), called(b)));
}

type Child = Node | string | undefined | false;

/** An element with properties and children. `on…` are listeners, names with a dash or in lower case attributes. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  props: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value as EventListener);
    else if (key in made && !key.includes("-") && key !== "list") (made as unknown as Record<string, unknown>)[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

export function icon(name: string): SVGSVGElement {
  const svg = mark(`i-${name}`);
  svg.setAttribute("class", "icon");
  return svg;
}

/** A mark of Zampa's own. */
export function mark(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** A day as its reader writes it, and as pages write it. */
export function day(text: string): string {
  const at = new Date(`${text}T12:00:00`);
  // Browsers know no Tibetan dates; figures are read everywhere.
  if (Number.isNaN(at.getTime()) || lang === "bo") return text;
  if (lang === "zh") return `${at.getFullYear()}年${at.getMonth() + 1}月${at.getDate()}日 ${at.toLocaleDateString("zh-CN", { weekday: "long" })}`;
  return at.toLocaleDateString("en-GB", { year: "numeric", month: "short", day: "numeric", weekday: "short" });
}

/** A moment, likewise. */
export function moment(ms: number): string {
  const at = new Date(ms);
  const time = `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
  if (lang === "zh") return `${at.getMonth() + 1}月${at.getDate()}日 ${time}`;
  return lang === "bo" ? `${dateOf(at)} ${time}` : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

/** A date of this device, `YYYY-MM-DD`. */
export function dateOf(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
