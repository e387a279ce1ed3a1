/*
 * What two of a pairing write for each other. It is sealed here before it leaves the page, and what comes from the node is
 * opened here; forms have no names and no address, so nothing is sent as it is typed.
 */
import { get, send } from "../sealed/ask.ts";
import { about, isFor, more, open, seal, type Envelope, type OpenKey, type Opened, type OwnKey } from "../sealed/crypt.ts";
import { held } from "../sealed/held.ts";
import { makes, unlocks } from "../sealed/keys.ts";
import { asksOf, changed, closes, signs, type Keys } from "../sealed/two.ts";
import { el, icon, speakAs, w } from "../pocket/said.ts";

interface Note extends Envelope {
  id: string;
  what: string;
  person: string;
}

interface Given extends Keys {
  id: string;
  me: string;
  notes: Note[];
}

interface Said {
  said: string;
  step?: string;
  /** Whom its writer wrote it to, besides themselves; not in notes of before. */
  for?: string;
}

const number = (key: string, n: number, name = ""): string => w(key, name).replace("{n}", String(n));
const all = <T extends HTMLElement>(what: string): T[] => Array.from(document.querySelectorAll<T>(what));
const textOf = (box: Element, what: string): string => {
  const found = box.querySelector(what);
  return (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement ? found.value : (found?.textContent ?? "")).trim();
};

/** An envelope opens as a note of this pairing, of this sort and by this writer, and as nothing else. */
const aboutNote = (pairing: string, what: string, person: string): string => about(pairing, `${what} ${person}`);

class Pair {
  private own: Opened | undefined;
  private keyChanged: boolean;
  private told = "";
  private readonly read = new Map<string, Said>();
  /** Notes of one's own that do not say whom they are for: they are sealed to the other when one says so. */
  private asks: Note[] = [];
  private readonly wrong = el("p", { className: "notice bad", role: "alert", hidden: true });
  private readonly shown = new Map<Element, Node[]>();

  constructor(private readonly box: HTMLElement, private readonly opens: HTMLElement, private readonly url: string, private readonly given: Given) {
    this.keyChanged = changed(given.other);
    for (const form of all<HTMLFormElement>("form[data-seal]")) form.addEventListener("submit", (event) => { event.preventDefault(); void this.act(() => this.write(form), form); });
  }

  async begin(): Promise<void> {
    const own = this.given.key && (await held(this.given.key, this.given.csrf));
    return own ? this.unlocked(own) : this.draw();
  }

  /** The other's key; none while it is another than before and nobody has asked about it. */
  private theirs(): OpenKey | null {
    return this.keyChanged ? null : this.given.other.key;
  }

  private readers(): OpenKey[] {
    return [this.given.key, this.theirs()].filter((key): key is OwnKey => !!key);
  }

  /** Does something that the node may refuse; what is typed stays. */
  private async act(what: () => Promise<void>, near: HTMLElement): Promise<void> {
    const buttons = Array.from(near.querySelectorAll("button"));
    this.wrong.hidden = true;
    for (const button of buttons) button.disabled = true;
    try {
      await what();
    } catch (error) {
      this.wrong.textContent = error instanceof Error ? error.message : w("seal-failed");
      this.wrong.hidden = false;
      near.prepend(this.wrong);
      this.wrong.scrollIntoView({ block: "center" });
      for (const button of buttons) button.disabled = false;
      // It is still not sent: leaving the page asks first.
      near.querySelector("textarea")?.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  private async keep(what: string, value: Said, more: Record<string, string>): Promise<void> {
    const envelope = await seal({ ...value, for: this.given.other.id }, aboutNote(this.given.id, what, this.given.me), this.readers());
    await send(`${this.url}/keep`, { what, ...envelope, ...more }, this.given.csrf);
  }

  private async write(form: HTMLFormElement): Promise<void> {
    const what = form.dataset["seal"] ?? "";
    const said = textOf(form, "[data-said]");
    if (!said) throw new Error(w("pair-seal-empty"));
    const step = textOf(form, "[data-step]");
    if (what === "session" && !step) throw new Error(w("pair-seal-step"));
    const goal = form.dataset["goal"];
    await this.keep(what, { said, ...(step ? { step } : {}) }, { held_on: textOf(form, "[data-held]"), ...(goal ? { goal } : {}) });
    this.anew(what === "review" ? "pair-review" : what === "goal" || goal ? "pair-growth" : "pair-timeline");
  }

  /** The page as the node has it now; an open key is held for it. */
  private anew(at: string): void {
    location.hash = at;
    location.reload();
  }

  /** What one wrote in the clear is sealed, and what stood there is destroyed. */
  private async sealOld(): Promise<void> {
    for (const box of all("[data-clear][data-own=true]")) {
      const step = textOf(box, "[data-step]");
      await this.keep(box.dataset["what"] ?? "", { said: textOf(box, "[data-said]"), ...(step ? { step } : {}) }, { note: box.dataset["clear"] ?? "" });
    }
    this.anew("pair-timeline");
  }

  private async unlocked(own: Opened): Promise<void> {
    this.own = own;
    for (const note of this.given.notes) {
      const said = await open<Said>(note, aboutNote(this.given.id, note.what, note.person), own);
      if (said) this.read.set(note.id, said);
      for (const box of all(`[data-sealed="${note.id}"]`)) this.show(box, ...(said ? shownOf(said) : [el("p", { className: "hint" }, w("pair-seal-not-yours", this.given.other.name))]));
      for (const box of all(`[data-step-of="${note.id}"]`)) this.show(box, said ? (said.step ?? "") : w("pair-seal-not-yours", this.given.other.name));
      const mine = note.what === "review" && note.person === this.given.me && document.querySelector<HTMLTextAreaElement>("#pair-review-said");
      if (mine && said && !mine.value) mine.value = said.said;
    }
    this.draw();
    await this.give(own);
  }

  private show(box: Element, ...now: (Node | string)[]): void {
    if (!this.shown.has(box)) this.shown.set(box, Array.from(box.childNodes));
    box.replaceChildren(...now);
  }

  private close(): void {
    this.own = undefined;
    this.read.clear();
    this.asks = [];
    for (const [box, before] of this.shown) box.replaceChildren(...before);
    const review = document.querySelector<HTMLTextAreaElement>("#pair-review-said");
    if (review) review.value = review.defaultValue;
    this.draw();
  }

  /** Whether a note is between these two by what its writer sealed into it; undefined where it does not say. */
  private isOfTheTwo(note: Note): boolean | undefined {
    const { me, other } = this.given;
    if (note.person !== me) return note.person === other.id;
    const to = this.read.get(note.id)?.for;
    return to === undefined ? undefined : to === other.id;
  }

  /** What was written while the other had no key, or another one, is sealed to the one of today as soon as it can be: what
   * was written between these two, whoever the node says now that the other is. */
  private async give(own: Opened): Promise<void> {
    const to = this.theirs();
    if (!to) return;
    const lacking = this.given.notes.filter((note) => this.read.has(note.id) && !isFor(note, to));
    this.asks = lacking.filter((note) => this.isOfTheTwo(note) === undefined);
    await this.hand(own, to, lacking.filter((note) => this.isOfTheTwo(note)));
  }

  private async hand(own: Opened, to: OpenKey, notes: Note[]): Promise<void> {
    let given = 0;
    for (const note of notes) {
      const keys = await more(note, own, to);
      if (!keys) continue;
      await send(`${this.url}/keys`, { note: note.id, keys }, this.given.csrf);
      given += 1;
    }
    this.told = given ? number("pair-seal-given", given, this.given.other.name) : "";
    if (given || this.asks.length) this.draw();
  }

  /** Notes that do not say whom they are for: one looks at the name before they are sealed to somebody. */
  private asking(own: Opened, to: OpenKey): HTMLElement {
    const box = el("div", { className: "notice", id: "pair-asks" });
    const notes = this.asks;
    const yes = (): void => void this.act(async () => {
      this.asks = [];
      await this.hand(own, to, notes);
    }, box);
    box.append(el("div", {}, el("p", {}, number("pair-seal-asks", notes.length, this.given.other.name)), el("p", {}, el("button", { type: "button", onclick: yes }, w("pair-seal-asks-do", this.given.other.name)))));
    return box;
  }

  private draw(): void {
    const { given } = this;
    const parts: (Node | "")[] = [];
    if (!given.key) parts.push(el("div", { className: "sec" }, el("h2", {}, w("pair-seal-key"))), el("p", { className: "hint" }, w("pair-seal-key-why")), makes(given.csrf, false, () => this.anew("pair")));
    else if (this.keyChanged) parts.push(asksOf(given.other, () => { this.keyChanged = false; this.draw(); if (this.own) void this.act(() => this.give(this.own as Opened), this.box); }));
    else if (!given.other.key) parts.push(el("div", { className: "notice", id: "other-none" }, icon("key-round"), el("div", {}, el("p", {}, w("pair-seal-other-none", given.other.name)))));
    if (this.told) parts.push(el("p", { className: "notice ok", role: "status" }, icon("check"), el("span", {}, this.told)));
    const to = this.theirs();
    if (this.own && to && this.asks.length) parts.push(this.asking(this.own, to));
    const old = all("[data-clear][data-own=true]").length;
    if (given.key && to && old) parts.push(this.old(old));
    const sealed = all("[data-sealed]").length > 0;
    const key = given.key;
    const lock: (Node | "")[] = key && sealed && !this.own ? [unlocks(key, given.csrf, (own) => void this.act(() => this.unlocked(own), this.box))] : [];
    if (key && this.own) lock.push(closes(() => this.close()));
    if (key) lock.push(signs(given));
    this.box.replaceChildren(...parts);
    this.opens.replaceChildren(...lock);
    for (const button of all<HTMLButtonElement>("form[data-seal] button")) button.disabled = !given.key;
  }

  private old(n: number): HTMLElement {
    const box = el("details", { id: "pair-old" }, el("summary", {}, number("pair-seal-old", n)), el("p", { className: "hint" }, w("pair-seal-old-hint")));
    box.append(el("p", { className: "acts" }, el("button", { type: "button", id: "do-seal-old", onclick: () => void this.act(() => this.sealOld(), box) }, icon("lock"), w("pair-seal-old-do"))));
    return box;
  }
}

function shownOf(said: Said): Node[] {
  return [el("p", { className: "said" }, said.said), ...(said.step ? [el("p", {}, `${w("pair-next-step")} ${said.step}`)] : [])];
}

async function start(): Promise<void> {
  speakAs((document.documentElement.lang || "zh").slice(0, 2));
  const box = document.querySelector<HTMLElement>("[data-pair]");
  if (!box) return;
  if (!window.isSecureContext) {
    box.replaceChildren(el("p", { className: "notice bad" }, `${w("seal-insecure")} `, el("a", { href: "/trust" }, "https")));
    return;
  }
  const url = box.dataset["pair"] ?? "";
  try {
    await new Pair(box, document.querySelector<HTMLElement>("[data-pair-open]") ?? box.appendChild(el("div")), url, await get<Given>(`${url}/sealed`)).begin();
  } catch (error) {
    box.replaceChildren(el("p", { className: "notice bad" }, error instanceof Error ? error.message : w("seal-failed")));
  }
}

void start();
