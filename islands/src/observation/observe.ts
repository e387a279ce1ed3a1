/*
 * The pages of observations: one's own key, one observation, and what is between two over time. What is sealed comes from the
 * node as it is, and is opened here with a passphrase that stays in this page.
 */
import { get, send } from "../sealed/ask.ts";
import { empty, isEmpty, isTooLong, type Content, type Instrument } from "./content.ts";
import { about, isFor, more, open, seal, type Envelope, type OpenKey, type Opened, type OwnKey } from "../sealed/crypt.ts";
import { held } from "../sealed/held.ts";
import { keyPage, makes, unlocks } from "../sealed/keys.ts";
import { asksOf, changed, closes, signs, type Keys } from "../sealed/two.ts";
import { fields } from "./form.ts";
import { shown } from "./show.ts";
import { trends, type Past } from "./trends.ts";
import { dateOf, el, icon, speakAs, w } from "../pocket/said.ts";

interface Part extends Envelope {
  id: string;
  what: "seen" | "view" | "step";
  mine: boolean;
}

interface One {
  id: string;
  part: "teacher" | "observer";
  state: string;
  instrument: Instrument;
  day: string;
  parts: Part[];
  agrees: { teacher: string | null; observer: string | null };
}

type Given = One & Keys;

/** What opens here: the text of a part, by its id. */
type Read = Map<string, unknown>;

const named = (key: string, name: string): string => w(key, name);

const TONES: Record<string, string> = { asked: "wait", planned: "wait", held: "wait", shared: "now", discussed: "ok", declined: "bad" };

async function read(one: One, own: Opened, into: Read): Promise<void> {
  for (const part of one.parts) {
    const content = await open(part, about(one.id, part.what), own);
    if (content !== undefined) into.set(part.id, content);
  }
}

/** The page of one observation. */
class Page {
  private own: Opened | undefined;
  private readonly texts: Read = new Map();
  private readonly told = el("p", { className: "notice bad", role: "alert", hidden: true });
  private content: Content;
  /** The observer is writing. */
  private writes = false;
  private keyChanged: boolean;
  /** What is typed and not kept yet: the page is drawn anew whenever something was done. */
  private typed: { view?: string; step?: string } = {};

  constructor(private readonly box: HTMLElement, private readonly url: string, private given: Given) {
    this.content = empty(given.instrument);
    this.keyChanged = changed(given.other);
    window.addEventListener("beforeunload", (event) => {
      if (this.typed.view !== undefined || this.typed.step || (this.writes && !isEmpty(this.content))) event.preventDefault();
    });
  }

  /** The other's key; none while it is another than before and nobody has asked about it. */
  private theirs(): OpenKey | null {
    return this.keyChanged ? null : this.given.other.key;
  }

  private readers(): OpenKey[] {
    return [this.given.key, this.theirs()].filter((key): key is OwnKey => !!key);
  }

  private async act(what: () => Promise<unknown>): Promise<void> {
    this.told.hidden = true;
    try {
      await what();
      this.given = { ...(await get<Given>(`${this.url}/sealed`)) };
      if (this.own) await read(this.given, this.own, this.texts);
      this.draw();
    } catch (error) {
      this.told.textContent = error instanceof Error ? error.message : w("seal-failed");
      this.told.hidden = false;
      this.told.scrollIntoView({ block: "center" });
    }
  }

  private send(to: string, form: Record<string, string>): Promise<unknown> {
    return send(`${this.url}/${to}`, form, this.given.csrf);
  }

  private async keep(what: Part["what"], value: unknown, form: Record<string, string> = {}, to = this.readers()): Promise<void> {
    const envelope = await seal(value, about(this.given.id, what), to);
    await this.send("keep", { what, ...envelope, ...form });
    if (what === "seen") this.writes = false;
    else delete this.typed[what];
  }

  /** What is not shared yet is sealed to its writer alone, so that not even a mistake of the node gives it early. */
  private async record(share: boolean, day: string): Promise<void> {
    if (isEmpty(this.content)) throw new Error(w("observe-empty"));
    if (isTooLong(this.content)) throw new Error(w("observe-too-long"));
    await this.keep("seen", this.content, { held_on: day, ...(share ? { share: "yes" } : {}) }, share ? this.readers() : this.readers().slice(0, 1));
  }

  /** Seals the keys of what one can open to the other's key too. */
  private async give(parts: Part[], to: OpenKey): Promise<void> {
    for (const part of parts) {
      const keys = this.own && (await more(part, this.own, to));
      if (keys) await this.send("keys", { part: part.id, keys });
    }
  }

  private async opened(own: Opened): Promise<void> {
    this.own = own;
    await read(this.given, own, this.texts);
    this.draw();
  }

  /** Draws it, open where the tab holds the key. */
  async begin(): Promise<void> {
    const own = this.given.key && (await held(this.given.key, this.given.csrf));
    return own ? this.opened(own) : this.draw();
  }

  draw(): void {
    const { given } = this;
    const parts: (Node | "")[] = [this.told];
    const mayWrite = given.part === "observer" && (given.state === "planned" || given.state === "held");
    if (!given.key) {
      parts.push(makes(given.csrf, false, (own, opened) => {
        this.given.key = own;
        void this.opened(opened);
      }));
    } else if (this.keyChanged) parts.push(this.asks());
    if (given.key && !given.other.key && (mayWrite || given.parts.length)) parts.push(el("p", { className: "notice wait" }, named("seal-other-no-key", given.other.name)));
    if (given.key && mayWrite && !given.parts.length) parts.push(...this.recording());
    else if (given.key && given.parts.length && !this.own) parts.push(unlocks(given.key, given.csrf, (own) => void this.opened(own)));
    else if (given.key && given.parts.length) parts.push(...this.reading(mayWrite));
    if (this.own) parts.push(closes(() => { this.own = undefined; this.texts.clear(); this.draw(); }));
    if (given.key) parts.push(signs(given));
    const state = document.querySelector("[data-observe-state]");
    if (state) {
      state.textContent = w(`observation-state-${given.state}`);
      state.className = `tag ${TONES[given.state] ?? ""}`;
    }
    // Once it was held, nobody declines it.
    if (given.state !== "asked" && given.state !== "planned") document.querySelector("[data-observe-before]")?.remove();
    this.box.replaceChildren(...parts);
  }

  private asks(): HTMLElement {
    return asksOf(this.given.other, () => {
      this.keyChanged = false;
      this.draw();
    });
  }

  private recording(): Node[] {
    if (!this.writes) {
      return [el("p", { className: "acts" }, el("button", { type: "button", className: "primary", id: "record-here", onclick: () => { this.writes = true; this.draw(); } }, icon("pencil"), w("observe-record"))),
        el("p", { className: "hint" }, `${w("observe-record-hint")} ${w("observe-record-needs-pass")}`)];
    }
    const held = el("input", { id: "o-held", type: "date", value: this.given.day <= dateOf(new Date()) ? this.given.day : dateOf(new Date()), max: dateOf(new Date()) });
    const keep = (share: boolean): void => void this.act(() => this.record(share, held.value));
    return [el("div", { className: "field" }, el("label", { htmlFor: "o-held" }, w("observe-held")), held),
      ...fields(this.given.instrument, this.content, () => undefined),
      el("p", { className: "acts" },
        el("button", { type: "button", className: "primary", id: "record", disabled: !this.theirs(), onclick: () => keep(true) }, icon("send"), w("observe-save-share")),
        el("button", { type: "button", id: "keep-own", onclick: () => keep(false) }, w("observe-save")))];
  }

  /** What the reader cannot open, and what the other cannot. */
  private lacks(): Node[] {
    const { given } = this;
    const out: Node[] = [];
    if (given.parts.some((part) => !this.texts.has(part.id))) out.push(el("p", { className: "notice wait" }, named("observe-closed", given.other.name)));
    const other = this.theirs();
    const theirs = other && given.state !== "held" ? given.parts.filter((part) => this.texts.has(part.id) && !isFor(part, other)) : [];
    if (other && theirs.length) {
      out.push(el("div", { className: "notice wait", id: "lacks" }, el("div", {}, el("p", {}, named("seal-other-lacks", given.other.name)),
        el("p", {}, el("button", { type: "button", onclick: () => void this.act(() => this.give(theirs, other)) }, named("observe-open-to", given.other.name))))));
    }
    return out;
  }

  private reading(mayWrite: boolean): Node[] {
    const { given } = this;
    const of = (what: Part["what"]): Part[] => given.parts.filter((part) => part.what === what && this.texts.has(part.id));
    const out: Node[] = [...this.lacks()];
    // Mostly one; more where it was recorded here and on a phone apart.
    for (const seen of of("seen")) {
      out.push(el("section", { id: "seen" }, el("h2", {}, w("observe-seen")), shown(given.instrument, this.texts.get(seen.id) as Content), seen.mine ? this.takesBack(seen) : ""));
      const other = this.theirs();
      const share = async (): Promise<void> => {
        if (other) await this.give(of("seen").filter((one) => !isFor(one, other)), other);
        await this.send("share", {});
      };
      if (mayWrite && seen === of("seen").slice(-1)[0]) out.push(el("p", { className: "hint" }, w("observe-share-first")), el("p", { className: "acts" },
        el("button", { type: "button", className: "primary", id: "share", disabled: !other, onclick: () => void this.act(share) }, icon("send"), named("observe-share", given.other.name))));
    }
    if (given.state === "shared" || given.state === "discussed") out.push(this.view(of("view")[0]), this.step(of("step")));
    return out;
  }

  private takesBack(part: Part): HTMLElement {
    return el("details", { className: "observe-back" }, el("summary", {}, w("observe-take-back")), el("p", {}, w("observe-take-back-sure")),
      el("button", { type: "button", className: "danger", onclick: () => void this.act(() => this.send("take-back", { part: part.id })) }, w("observe-take-back")));
  }

  private view(part: Part | undefined): HTMLElement {
    const kept = part ? String(this.texts.get(part.id)) : "";
    const text = this.typed.view ?? kept;
    if (this.given.part !== "teacher") {
      return el("section", { id: "view" }, el("h2", {}, w("observe-view")), part ? el("p", { className: "said" }, kept) : el("p", { className: "hint" }, w("observe-view-none")));
    }
    const input = el("textarea", { id: "o-view", rows: 4, maxLength: 4000, value: text });
    input.addEventListener("input", () => { this.typed.view = input.value; });
    return el("section", { id: "view" }, el("h2", {}, w("observe-view-yours")),
      el("div", { className: "field" }, el("label", { htmlFor: "o-view", className: "vh" }, w("observe-view-yours")), el("p", { className: "hint" }, w("observe-view-hint")), input),
      el("p", {}, el("button", { type: "button", id: "keep-view", onclick: () => { if (input.value.trim()) void this.act(() => this.keep("view", input.value.trim())); } }, w("observe-keep"))),
      part ? this.takesBack(part) : "");
  }

  private step(all: Part[]): HTMLElement {
    const { agrees, part: me } = this.given;
    const [mine, theirs] = me === "teacher" ? [agrees.teacher, agrees.observer] : [agrees.observer, agrees.teacher];
    const agreed = all.find((one) => one.id === mine && mine === theirs);
    const open = agreed ? [] : all.filter((one) => one.id === mine || one.id === theirs);
    const input = el("input", { id: "o-step", maxLength: 200, autocomplete: "off", value: this.typed.step ?? "" });
    input.addEventListener("input", () => { this.typed.step = input.value; });
    const propose = (): void => { if (input.value.trim()) void this.act(() => this.keep("step", input.value.trim())); };
    const form = [
      el("div", { className: "field" }, el("label", { htmlFor: "o-step" }, w(all.length ? "observe-step-other" : "observe-step-propose")), el("p", { className: "hint" }, w("observe-step-hint")), input),
      el("p", {}, el("button", { type: "button", id: "propose", onclick: propose }, w("observe-step-propose")))];
    const row = (one: Part, tag: string, how: string): HTMLElement => el("li", {}, el("div", {}, el("p", { className: "said" }, String(this.texts.get(one.id)))), el("span", { className: `tag ${how}` }, tag));
    return el("section", { id: "step" }, el("h2", {}, w("observe-step")),
      agreed ? el("ul", { className: "rows" }, row(agreed, w("observe-step-agreed"), "ok")) : "",
      open.length ? el("ul", { className: "rows" }, ...open.map((one) => one.id === mine ? row(one, w("observe-step-waits"), "wait") :
        el("li", {}, el("div", {}, el("p", { className: "said" }, String(this.texts.get(one.id)))), el("button", { type: "button", className: "primary", onclick: () => void this.act(() => this.send("agree", { step: one.id })) }, w("observe-step-agree"))))) : "",
      !agreed && !open.length ? el("p", { className: "hint" }, w("observe-step-none")) : "",
      agreed ? el("details", {}, el("summary", {}, w("observe-step-other")), ...form) : el("div", {}, ...form));
  }
}

/** What is between two over time: everything opened, then drawn. */
async function between(box: HTMLElement, given: Keys & { all: One[] }): Promise<void> {
  const draw = async (own: Opened): Promise<void> => {
    const past: Past[] = [];
    for (const one of given.all) {
      const texts: Read = new Map();
      await read(one, own, texts);
      const agreed = one.agrees.teacher === one.agrees.observer ? one.agrees.teacher : null;
      const seen = one.parts.find((part) => part.what === "seen");
      past.push({ day: one.day, instrument: one.instrument, content: seen && (texts.get(seen.id) as Content | undefined), step: agreed ? (texts.get(agreed) as string | undefined) : undefined });
    }
    past.sort((a, b) => (a.day < b.day ? -1 : 1));
    box.replaceChildren(...trends(past));
  };
  const own = given.key && (await held(given.key, given.csrf));
  if (own) return draw(own);
  box.replaceChildren(given.key ? unlocks(given.key, given.csrf, (opened) => void draw(opened)) : makes(given.csrf, false, (_, own) => void draw(own)));
}

async function start(): Promise<void> {
  speakAs((document.documentElement.lang || "zh").slice(0, 2));
  const at = (name: string): HTMLElement | null => document.querySelector<HTMLElement>(`[${name}]`);
  const [key, one, both] = [at("data-observe-key"), at("data-observe"), at("data-observe-with")];
  const box = key ?? one ?? both;
  if (!box) return;
  if (!window.isSecureContext) {
    box.replaceChildren(el("p", { className: "notice bad" }, `${w("seal-insecure")} `, el("a", { href: "/trust" }, "https")));
    return;
  }
  try {
    if (key) keyPage(key, JSON.parse(document.querySelector("[data-given]")?.textContent ?? "{}") as { key: OwnKey | null; csrf: string });
    const url = one?.dataset["observe"] ?? both?.dataset["observeWith"] ?? "";
    if (one) await new Page(one, url, await get<Given>(`${url}/sealed`)).begin();
    if (both) await between(both, await get<Keys & { all: One[] }>(`${url}/sealed`));
  } catch (error) {
    box.replaceChildren(el("p", { className: "notice bad" }, error instanceof Error ? error.message : w("seal-failed")));
  }
}

void start();
