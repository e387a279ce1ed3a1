/*
 * Observations in the pocket: those that were agreed on come along with the keys of the two. What is noted lies in the vault
 * while it is written; when it is recorded it is sealed to the two at once, and from then on this phone cannot open it.
 */
import { empty, isEmpty, isTooLong, type Content, type Instrument } from "../observation/content.ts";
import { fields } from "../observation/form.ts";
import { about, seal, type OpenKey } from "../sealed/crypt.ts";
import { chance, isKept, type Named, type Pack } from "./kept.ts";
import { called, dateOf, day, el, icon, w, type Called } from "./said.ts";
import type { Vault } from "./sealed.ts";

/** An observation that two have agreed on. */
export interface PlannedSeen {
  id: string;
  teacher: Named;
  key: OpenKey | null;
  day: string;
  instrument: Instrument;
  subject: string;
}

export interface SeenPack {
  words?: Record<string, Record<string, string>>;
  key: OpenKey | null;
  planned: PlannedSeen[];
}

/** An observation as it is recorded here: written, or sealed, and never both. */
export interface Seen {
  id: string;
  made: number;
  chance: number;
  observation: string;
  teacher: string;
  /** The same in other languages. */
  teacher_names?: Called["names"];
  instrument: Instrument;
  held: string;
  content?: Content;
  sealed?: string;
  keys?: string;
  share: boolean;
  state: "draft" | "waiting" | "sent" | "handed" | "refused";
  said?: string;
  handed?: { node: string; at: number };
}

/** Those that are recorded here, the newest first. */
export async function seens(vault: Vault): Promise<Seen[]> {
  const found = await Promise.all((await vault.names("seen:")).map((name) => vault.get<Seen>(name)));
  return found.filter((one): one is Seen => !!one).sort((a, b) => b.made - a.made);
}

export const keepSeen = (vault: Vault, one: Seen): Promise<void> => vault.put(`seen:${one.id}`, one);
export const discardSeen = (vault: Vault, one: Seen): Promise<void> => vault.remove(`seen:${one.id}`);

/** The open keys that this phone knows, by whose they are. A node that gave out a key of its own could read what is sealed to
 * it: a key that is another than before is sealed to only once somebody has asked about it. */
export const known = async (vault: Vault): Promise<Record<string, string>> => (await vault.get<Record<string, string>>("keys")) ?? {};

/** Learns the keys of those of whom none was known yet. */
export async function know(vault: Vault, pack: Pack): Promise<void> {
  const all = await known(vault);
  const given: [string, OpenKey | null | undefined][] = [[pack.person.id, pack.seen?.key], ...(pack.seen?.planned ?? []).map((one): [string, OpenKey | null] => [one.teacher.id, one.key])];
  for (const [who, key] of given) if (key && !all[who]) all[who] = key.public;
  await vault.put("keys", all);
}

export function beginSeen(planned: PlannedSeen): Seen {
  const [today, made, drawn] = [dateOf(new Date()), Date.now(), chance()];
  return {
    id: `${made}-${drawn}`, made, chance: drawn, observation: planned.id, teacher: planned.teacher.name, teacher_names: planned.teacher.names ?? null, instrument: planned.instrument,
    held: planned.day <= today ? planned.day : today, content: empty(planned.instrument), share: true, state: "draft",
  };
}

/** What goes to the node: what is sealed, and nothing of how things stand here. */
export function sentSeen({ id, made, chance, observation, held, sealed, keys, share }: Seen): object {
  return { id, made, chance, observation, held, sealed, keys, share };
}

const teacherOf = (one: Seen): string => called({ name: one.teacher, names: one.teacher_names ?? null });

export const title = (name: string): string => w("observe-of", name);

const STATES: Record<Seen["state"], [string, string]> = {
  draft: ["pocket-draft", ""], waiting: ["pocket-waiting", "wait"], sent: ["pocket-sent", "wait"], handed: ["pocket-handed", "ok"], refused: ["pocket-refused", "bad"],
};

/** The part of the first screen: what was agreed on, and what is recorded. */
export function seenPart(pack: SeenPack | undefined, all: Seen[], begin: (planned: PlannedSeen) => void): HTMLElement | undefined {
  const begun = new Set(all.map((one) => one.observation));
  const planned = (pack?.planned ?? []).filter((one) => !begun.has(one.id));
  if (!planned.length && !all.length) return undefined;
  return el("section", { id: "seen-part" }, el("h2", {}, w("observe-talk")),
    el("ul", { className: "rows" },
      ...planned.map((one) => el("li", {}, icon("calendar"), el("div", {}, el("p", {}, title(called(one.teacher))), el("p", {}, `${day(one.day)} · ${w(`observe-${one.instrument}`)}`)),
        el("button", { type: "button", className: "primary", onclick: () => begin(one) }, w("observe-begin")))),
      ...all.map((one) => el("li", {}, icon("eye"), el("div", {}, el("p", {}, el("a", { href: `#seen/${one.id}` }, title(teacherOf(one)))), el("p", {}, `${day(one.held)} · ${w(`observe-${one.instrument}`)}`)),
        el("span", { className: `tag ${STATES[one.state][1]}` }, w(STATES[one.state][0]))))));
}

/** The screen on which one is recorded. */
export function seenForm(vault: Vault, whole: Pack | undefined, keys: Record<string, string>, one: Seen, ends: { done: (told: string) => void; discard: () => Promise<void>; again: () => void }): Node[] {
  const pack = whole?.seen;
  const back = el("p", {}, el("a", { href: "#" }, w("pocket-home")));
  const head = el("h1", {}, title(teacherOf(one)));
  const told = el("p", { className: "notice bad", role: "alert", id: "wrong", hidden: !one.said }, one.said ?? "");
  const discard = el("details", {}, el("summary", {}, w("pocket-discard")), el("p", {}, w("pocket-discard-sure")), el("button", { type: "button", className: "danger", onclick: () => void ends.discard() }, w("pocket-discard-yes")));
  const { content } = one;
  if (!content) {
    const handed = one.handed && el("p", { className: "notice ok" }, icon("check"), el("span", {}, `${w("pocket-handed-to", one.handed.node)} `, el("a", { href: `${one.handed.node}/observations/${one.observation}` }, w("pocket-open-there"))));
    const end = one.state === "handed" ? el("button", { type: "button", onclick: () => void ends.discard() }, w("pocket-tidy")) : one.state === "refused" ? discard : "";
    const parts: (Node | "" | undefined)[] = [back, head, told, el("p", { className: "notice" }, icon("lock"), el("span", {}, w("observe-sealed-here"))), handed, end];
    return parts.filter((part): part is Node => !!part);
  }
  let timer: number | undefined;
  const changed = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void isKept(keepSeen(vault, one), told), 300);
  };
  const planned = pack?.planned.find((planned) => planned.id === one.observation);
  const isOther = (who: string | undefined, key: OpenKey | null | undefined): boolean => !!who && !!key && !!keys[who] && keys[who] !== key.public;
  const [ownChanged, otherChanged] = [isOther(whole?.person.id, pack?.key), isOther(planned?.teacher.id, planned?.key)];
  const own = ownChanged ? undefined : pack?.key;
  const other = otherChanged ? undefined : planned?.key;
  const accept = async (who: string, key: OpenKey): Promise<void> => {
    await vault.put("keys", { ...keys, [who]: key.public });
    ends.again();
  };
  const asks = (said: string, button: string, who: string, key: OpenKey): HTMLElement => el("div", { className: "notice bad key-changed" }, el("div", {}, el("p", {}, said),
    el("p", {}, el("button", { type: "button", onclick: () => void accept(who, key) }, button))));
  const today = dateOf(new Date());
  const held = el("input", { id: "c-held", type: "date", value: one.held, max: today });
  held.addEventListener("input", () => { if (held.value) one.held = held.value; changed(); });
  const wrong = (key: string): void => {
    told.textContent = w(key);
    told.hidden = false;
    told.scrollIntoView({ block: "center" });
  };
  async function finish(share: boolean): Promise<void> {
    window.clearTimeout(timer);
    if (!(await isKept(keepSeen(vault, one), told))) return;
    if (!content || isEmpty(content)) return wrong("observe-empty");
    if (isTooLong(content)) return wrong("observe-too-long");
    if (one.held > today) return wrong("pocket-no-future");
    if (!own) return wrong(ownChanged ? "pocket-own-key-changed" : "observe-no-own-key");
    const readers = share && other ? [own, other] : [own];
    const envelope = await seal(content, about(one.observation, "seen"), readers);
    const { content: _content, said: _said, ...rest } = one;
    // What can be read is forgotten once what is sealed is on disk.
    const sealed: Seen = { ...rest, ...envelope, share: readers.length > 1, state: "waiting" };
    if (await isKept(keepSeen(vault, sealed), told)) ends.done(w("observe-on-phone"));
  }
  const parts: (Node | "")[] = [
    back, head, told,
    ownChanged && whole && pack?.key ? asks(w("pocket-own-key-changed"), w("pocket-own-key-mine"), whole.person.id, pack.key) : "",
    otherChanged && planned?.key ? asks(w("seal-other-changed", teacherOf(one)), w("seal-other-asked"), planned.teacher.id, planned.key) : "",
    own || ownChanged ? "" : el("p", { className: "notice wait" }, icon("key-round"), el("span", {}, w("observe-no-own-key"))),
    own && !other && !otherChanged ? el("p", { className: "notice wait" }, icon("key-round"), el("span", {}, w("seal-other-no-key", teacherOf(one)))) : "",
    ...fields(one.instrument, content, changed),
    el("div", { className: "field" }, el("label", { htmlFor: "c-held" }, w("observe-held")), held),
    el("p", { className: "acts" },
      other ? el("button", { type: "button", className: "primary", id: "record", onclick: () => void finish(true) }, icon("send"), w("observe-save-share")) : "",
      el("button", { type: "button", id: "keep-own", className: other ? "" : "primary", onclick: () => void finish(false) }, w("observe-save")),
      el("button", { type: "button", id: "later", onclick: () => void isKept(keepSeen(vault, one), told).then((done) => { if (done) location.hash = ""; }) }, w("pocket-later"))),
    discard,
  ];
  return parts.filter((part): part is Node => !!part);
}
