/*
 * On a study tour: the list that the leader's phone took along, roll-calls with no network, and whom to call. Contacts are
 * kept apart from the list, and only while the tour is under way; that one was opened is handed over like a roll-call.
 */
import { chance, isKept } from "./kept.ts";
import { clear, type Vault } from "./sealed.ts";
import { dateOf, day, el, icon, w } from "./said.ts";

interface Leg {
  id: string;
  day: string;
  at: string;
  from: string;
  to: string;
  how: string;
  adult: string;
}

interface Pupil {
  id: string;
  code: string;
  name: string;
  class: string;
  withdrawn: boolean;
  contact?: string | null;
}

/** A tour as it was taken along. */
export interface Tour {
  id: string;
  title: string;
  starts: string;
  ends: string;
  /** The last day on which any of it is kept. */
  until: string;
  legs: Leg[];
  pupils: Pupil[];
  /** The node it is from: who was missing is told there and nowhere else. */
  from: string;
  /** A node has said that the tour is over; such a one has nothing else. */
  over?: boolean;
}

/** A roll-call, or that contacts were opened. */
export interface Roll {
  id: string;
  made: number;
  chance: number;
  tour: string;
  from: string;
  leg?: string;
  day?: string;
  at?: string;
  here?: number;
  who: string[];
  opened: { pupil: string; made: number; chance: number }[];
  /** `counted`: a node knows how many, and the school's is still to learn who. */
  state: "waiting" | "sent" | "counted" | "handed" | "refused";
  said?: string;
}

export const tours = async (vault: Vault): Promise<Tour[]> => (await vault.get<Tour[]>("tours")) ?? [];

export async function rolls(vault: Vault): Promise<Roll[]> {
  const found = await Promise.all((await vault.names("roll:")).map((name) => vault.get<Roll>(name)));
  return found.filter((roll): roll is Roll => !!roll).sort((a, b) => b.made - a.made);
}

const keep = (vault: Vault, roll: Roll): Promise<void> => vault.put(`roll:${roll.id}`, roll);

/** Forgets a tour: its list, its contacts, and what was handed over. What waits stays. */
async function forget(vault: Vault, tour: string): Promise<void> {
  await vault.remove(`contacts:${tour}`);
  for (const roll of await rolls(vault)) if (roll.tour === tour && roll.state === "handed") await vault.remove(`roll:${roll.id}`);
}

/** Forgets tours whose last day has passed, also where no node is met any more. */
export async function expire(vault: Vault): Promise<void> {
  const today = dateOf(new Date());
  const all = await tours(vault);
  const left = all.filter((tour) => tour.until >= today);
  if (left.length === all.length) return;
  await vault.put("tours", left);
  for (const tour of all) if (tour.until < today) await forget(vault, tour.id);
}

/** Whether the PIN is as long as contacts of pupils ask for. */
const isLong = async (): Promise<boolean> => (await clear())?.long === true;

/** Whether contacts of a tour stay away until the PIN is longer. */
export const lacksContacts = async (vault: Vault): Promise<boolean> => !(await isLong()) && (await tours(vault)).length > 0;

/** Takes along what a node gave. A node speaks for the tours that came from it; that one is over, any may say. */
export async function takeAlong(vault: Vault, given: Tour[], node: string): Promise<void> {
  const over = given.filter((tour) => tour.over).map((tour) => tour.id);
  const fresh = given.filter((tour) => !tour.over);
  const before = await tours(vault);
  const kept = before.filter((tour) => tour.from !== node && !over.includes(tour.id) && !fresh.some((one) => one.id === tour.id));
  // Whom to call lies on no phone that six digits open.
  const long = await isLong();
  for (const tour of fresh) {
    if (long) await vault.put(`contacts:${tour.id}`, Object.fromEntries(tour.pupils.map((pupil) => [pupil.id, pupil.contact ?? ""])));
    kept.push({ ...tour, from: node, pupils: tour.pupils.map(({ contact: _contact, ...rest }) => rest) });
  }
  await vault.put("tours", kept);
  // Nobody sets out before the names can be read; otherwise the letters come by the way.
  const brought = letters();
  if (fresh.some((tour) => tour.pupils.some((pupil) => /[\u0f00-\u0fff]/.test(pupil.name)))) await brought;
  for (const tour of before) if (!kept.some((one) => one.id === tour.id)) await forget(vault, tour.id);
}

/** Keeps the letters of Tibetan, in which the pocket itself can be read: on the way no node gives them, and an old phone has
 * none. */
async function letters(): Promise<void> {
  const path = "/static/tibetan-400.woff2";
  try {
    // There is a cache to keep them in once the worker is at work.
    if (await navigator.serviceWorker?.getRegistration("/pocket")) await navigator.serviceWorker.ready;
    for (const name of await caches.keys()) {
      const cache = name.startsWith("pocket-") ? await caches.open(name) : undefined;
      if (cache && !(await cache.match(path))) await cache.add(path);
    }
  } catch (error) {
    console.warn(error);
  }
}

/** Hands over roll-calls and openings. `post` gives the node's answer. */
export async function handOver(vault: Vault, node: string, post: (items: object[]) => Promise<{ id: string; taken?: boolean; whole?: boolean; said?: string }[]>): Promise<void> {
  const known = await tours(vault);
  const home = (roll: Roll): boolean => (known.find((tour) => tour.id === roll.tour)?.from ?? roll.from) === node;
  const all = (await rolls(vault)).reverse();
  const due = all.filter((roll) => roll.state === "waiting" || roll.state === "sent" || (roll.state === "counted" && home(roll)));
  if (due.length === 0) return;
  for (const roll of due) if (roll.state === "waiting") await keep(vault, Object.assign(roll, { state: "sent" }));
  const sent = due.map((roll) => {
    const { who, opened, state: _state, said: _said, from: _from, day: _day, at: _at, ...rest } = roll;
    const counted = roll.day ? { missing: who.length } : {};
    return home(roll) ? { ...rest, ...counted, who, opened } : { ...rest, ...counted };
  });
  for (const answer of await post(sent)) {
    const roll = due.find((one) => one.id === answer.id);
    if (!roll) continue;
    const whole = answer.taken && home(roll) && answer.whole;
    if (whole && !roll.day) await vault.remove(`roll:${roll.id}`);
    else await keep(vault, { ...roll, state: whole || (answer.taken && roll.day && roll.who.length === 0) ? "handed" : answer.taken ? "counted" : "refused", ...(answer.said ? { said: answer.said } : {}) });
  }
}

const TAGS: Record<Roll["state"], [string, string]> = {
  waiting: ["pocket-waiting", "wait"], sent: ["pocket-sent", "wait"], counted: ["pocket-roll-counted", "wait"], handed: ["pocket-handed", "ok"], refused: ["pocket-refused", "bad"],
};

/** How many roll-calls wait for a node. */
export const waiting = async (vault: Vault): Promise<number> => (await rolls(vault)).filter((roll) => roll.state === "waiting" || roll.state === "sent").length;

/** The tours on the first screen. */
export async function tourRows(vault: Vault): Promise<HTMLElement | undefined> {
  const all = await tours(vault);
  if (all.length === 0) return undefined;
  return el("section", {}, el("h2", {}, w("study_tour")), el("ul", { className: "rows", id: "tours" }, ...all.map((tour) =>
    el("li", {}, icon("users"), el("div", {}, el("p", {}, tour.title), el("p", {}, `${day(tour.starts)} – ${day(tour.ends)} · ${w("pocket-roll-n").replace("{n}", String(tour.pupils.length))}`)),
      el("a", { className: "button primary", href: `#tour/${tour.id}` }, w("pocket-roll"))))));
}

function clock(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

const legName = (leg: Leg): string => `${day(leg.day)} ${leg.at} ${leg.from} → ${leg.to}`.replace("  ", " ");

/** The leg that is next: the first of today that was not called yet, or the nearest day's. */
function nextLeg(tour: Tour, called: Roll[]): Leg | undefined {
  const today = dateOf(new Date());
  const left = tour.legs.filter((leg) => !called.some((roll) => roll.leg === leg.id));
  return left.find((leg) => leg.day >= today) ?? left[0] ?? tour.legs[tour.legs.length - 1];
}

/** The screen on which the roll is called. */
export async function rollCall(vault: Vault, id: string, done: (told: string, missing: number) => void): Promise<Node[] | undefined> {
  const tour = (await tours(vault)).find((one) => one.id === id);
  if (!tour) return undefined;
  const called = (await rolls(vault)).filter((roll) => roll.tour === id && roll.day);
  // Who was missing when the roll was called last today is looked for until it is called again.
  const last = called[0]?.day === dateOf(new Date()) ? called[0] : undefined;
  const missing = tour.pupils.map((pupil) => pupil.id).filter((pupil) => last?.who.includes(pupil));
  let leg = missing.length > 0 ? tour.legs.find((one) => one.id === last?.leg) : nextLeg(tour, called);
  const about = el("p", { className: "hint" });
  const wrong = el("p", { className: "notice bad", role: "alert", id: "wrong", hidden: true });
  const cards = el("div", { id: "cards" });
  const button = el("button", { type: "button", className: "primary pocket-big", id: "call" });
  const legs = el("select", { id: "c-leg" }, ...tour.legs.map((one) => el("option", { value: one.id, selected: one === leg }, legName(one))));
  legs.addEventListener("change", () => { leg = tour.legs.find((one) => one.id === legs.value); tell(); });
  const tell = (): void => {
    about.textContent = leg ? [leg.how, leg.adult].filter(Boolean).join(" · ") : "";
    button.textContent = missing.length === 0
      ? w("pocket-roll-all").replace("{n}", String(tour.pupils.length))
      : w("pocket-roll-record").replace("{n}", String(missing.length));
  };
  const draw = (): void => {
    tell();
    // A card that stands stays: a contact that was opened is not closed by the next tap.
    for (const card of Array.from(cards.children)) if (!missing.includes((card as HTMLElement).dataset["pupil"] ?? "")) card.remove();
    for (const pupil of tour.pupils) {
      if (missing.includes(pupil.id) && !cards.querySelector(`[data-pupil="${pupil.id}"]`)) cards.append(card(vault, tour, pupil));
    }
  };
  const names = tour.pupils.map((pupil) => {
    const one = el("button", { type: "button", className: "pocket-name pocket-missing", "aria-pressed": String(missing.includes(pupil.id)) }, `${pupil.code} ${pupil.name}`, pupil.withdrawn ? el("small", {}, ` ${w("pocket-roll-withdrawn")}`) : "");
    one.addEventListener("click", () => {
      const at = missing.indexOf(pupil.id);
      if (at < 0) missing.push(pupil.id);
      else missing.splice(at, 1);
      one.setAttribute("aria-pressed", String(at < 0));
      draw();
      if (at < 0) cards.lastElementChild?.scrollIntoView({ block: "center" });
    });
    return one;
  });
  button.addEventListener("click", () => void (async () => {
    const now = new Date();
    const made = now.getTime();
    const drawn = chance();
    const call = keep(vault, {
      id: `${made}-${drawn}`, made, chance: drawn, tour: id, from: tour.from, ...(leg ? { leg: leg.id } : {}), day: dateOf(now), at: clock(now),
      here: tour.pupils.length - missing.length, who: [...missing], opened: [], state: "waiting",
    });
    if (await isKept(call, wrong)) done(missing.length === 0 ? w("pocket-roll-safe") : w("pocket-roll-safe-missing").replace("{n}", String(missing.length)), missing.length);
  })());
  draw();
  return [
    el("p", {}, el("a", { href: "#" }, w("pocket-home"))), el("h1", {}, tour.title),
    tour.legs.length ? el("div", { className: "field" }, el("label", { htmlFor: "c-leg" }, w("pocket-roll-leg")), legs) : el("span"), about,
    el("h2", {}, w("pocket-roll-missing")), el("p", { className: "hint" }, w("pocket-roll-hint")),
    el("div", { className: "pocket-names", id: "pupils" }, ...names), cards, wrong, el("p", { className: "pocket-foot" }, button),
    called.length ? el("section", {}, el("h2", {}, w("pocket-roll-called")), el("ul", { className: "rows", id: "called" }, ...called.map((roll) => row(tour, roll)))) : el("span"),
    el("p", { className: "hint" }, `${w("pocket-roll-until")} ${day(tour.until)}`),
  ];
}

function row(tour: Tour, roll: Roll): HTMLElement {
  const leg = tour.legs.find((one) => one.id === roll.leg);
  const who = roll.who.map((id) => tour.pupils.find((pupil) => pupil.id === id)?.name ?? "").filter(Boolean).join(", ");
  const [key, how] = TAGS[roll.state];
  const said = roll.who.length === 0 ? w("pocket-roll-all").replace("{n}", String(roll.here ?? 0)) : `${w("pocket-roll-some").replace("{n}", String(roll.who.length))}: ${who}`;
  return el("li", {}, icon("users"), el("div", {}, el("p", {}, leg ? `${leg.from} → ${leg.to}` : w("pocket-roll")), el("p", {}, `${roll.at ?? ""} · ${said}${roll.said ? ` · ${roll.said}` : ""}`)),
    el("span", { className: `tag ${how}` }, w(key)));
}

/** What to do when somebody is missing, and whom to call. */
function card(vault: Vault, tour: Tour, pupil: Pupil): HTMLElement {
  const shown = el("p", { className: "pocket-contact", role: "status" });
  const open = el("button", { type: "button", className: "open-contact" }, icon("key-round"), w("pocket-roll-contact"));
  open.addEventListener("click", () => void (async () => {
    const now = new Date();
    const [made, drawn] = [now.getTime(), chance()];
    const opened = { pupil: pupil.id, made, chance: chance() };
    // That it was opened is kept before it is shown.
    const opening = keep(vault, { id: `${made}-${drawn}`, made, chance: drawn, tour: tour.id, from: tour.from, who: [], opened: [opened], state: "waiting" });
    if (!(await isKept(opening, shown))) return;
    const all = await vault.get<Record<string, string>>(`contacts:${tour.id}`);
    shown.textContent = all?.[pupil.id] || w("pocket-roll-no-contact");
    open.remove();
  })());
  return el("div", { className: "notice bad", "data-pupil": pupil.id }, icon("triangle-alert"), el("div", {}, el("p", {}, el("b", {}, `${pupil.code} ${pupil.name}`)), el("p", {}, w("pocket-roll-do")), open, shown));
}
