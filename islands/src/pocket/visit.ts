/* The screen on which a visit is recorded: last advice first, then who was there, then what is left behind. */
import { chance, daysOf, hostOf, isKept, keep, pictureName, places, type Day, type Host, type Item, type Named, type Pack, type Place, type Planned } from "./kept.ts";
import { shrink } from "./meet.ts";
import type { Vault } from "./sealed.ts";
import { called, dateOf, day, el, icon, inOrder, w } from "./said.ts";

const KINDS = ["workshop", "demonstration_lesson", "lecture", "training", "research_meeting"];
const CATEGORIES = ["local_teachers", "pupils", "parents", "others"];
const MOST_PICTURES = 12;
/** People who sign in on one day. */
const MOST_SIGNED = 400;
/** Colleagues who are offered at once. */
const NEAR = 8;

export interface Ends {
  done: (told: string) => void;
  discard: () => Promise<void>;
}

/** A new record: of a visit that was planned, or of none. */
export function begin(pack: Pack | undefined, planned?: Planned): Item {
  const today = dateOf(new Date());
  const made = Date.now();
  const drawn = chance();
  const me = pack?.person.id;
  // What was planned for a day that has come was held then, though it may be written up later; what is still to come is held today.
  const days = planned && planned.starts <= today ? planned : { starts: today, ends: today };
  const host = places(pack).find((one) => one.id === planned?.host);
  return {
    id: `${made}-${drawn}`, made, chance: drawn,
    ...(planned ? { visit: planned.id, base: planned.base } : {}),
    ...(host ? { at: { title: host.title, names: host.names ?? {} } } : {}),
    purpose: planned?.purpose ?? "", host: planned?.host ?? "", from: planned?.from ?? pack?.schools[0]?.id ?? "",
    starts: days.starts, ends: days.ends,
    visitors: planned?.visitors.length ? planned.visitors : me ? [me] : [],
    lessons: 0, advice: "", follow_up: "", follow_up_on: "", kind: "workshop", days: [], pictures: [], state: "draft",
  };
}

function field(label: string, control: HTMLElement, hint = ""): HTMLElement {
  const id = control.id || `c-${Math.random().toString(36).slice(2)}`;
  control.id = id;
  return el("div", { className: "field" }, el("label", { htmlFor: id }, label), hint ? el("p", { className: "hint" }, hint) : "", control);
}

/** What a visit left with a host, and what the host asked for. */
function advice(last: Host["last"] | undefined, asked: string | undefined): HTMLElement[] {
  const left = last ? el("div", { className: "notice", id: "last" }, icon("message-square"), el("div", {},
    el("p", {}, el("b", {}, w("visit-last-advice")), ` · ${day(last.day)}`), el("p", {}, last.advice),
    last.follow_up ? el("p", {}, last.follow_up) : "", last.due ? el("p", {}, `${w("visit-follow_up_on")}: ${day(last.due)}`) : "")) : undefined;
  const wish = asked ? el("p", { className: "notice", id: "asked" }, icon("school"), el("span", {}, el("b", {}, `${w("visit-asked")}: `), asked)) : undefined;
  const parts: (HTMLElement | undefined)[] = [left, wish];
  return parts.filter((part): part is HTMLElement => !!part);
}

/** A planned visit as it is read before one goes. */
export function plan(pack: Pack, visit: Planned, record: () => void): Node[] {
  const host = places(pack).find((one) => one.id === visit.host);
  const last = pack.hosts.find((one) => one.id === visit.host)?.last;
  const days = visit.ends === visit.starts ? day(visit.starts) : `${day(visit.starts)} – ${day(visit.ends)}`;
  const who = visit.visitors.map((id) => called(whoever(pack).find((one) => one.id === id))).filter(Boolean).join(" · ");
  const facts: [string, string][] = [
    [w("field-starts_on"), days], [w("visit-from_school"), called(pack.schools.find((one) => one.id === visit.from))],
    [w("trip"), [visit.trip, visit.route].filter(Boolean).join(" · ")], [w("visit-visitors"), who],
  ];
  return [
    el("p", {}, el("a", { href: "#" }, w("pocket-home"))),
    el("div", { className: "head" }, el("div", {}, el("h1", {}, called(host) || w("pocket-untitled")), el("p", {}, visit.purpose))),
    ...advice(last, visit.asked),
    el("dl", { className: "fields", id: "plan" }, ...facts.filter(([, said]) => said).map(([what, said]) => el("div", {}, el("dt", {}, what), el("dd", {}, said)))),
    el("p", { className: "acts" }, el("button", { type: "button", className: "primary", id: "begin", onclick: record }, icon("pencil"), w("pocket-record"))),
  ];
}

/** Everybody whom the phone knows by name. */
const whoever = (pack: Pack | undefined): Named[] => [...(pack ? [pack.person] : []), ...(pack?.colleagues ?? []), ...(pack?.hosts ?? []).flatMap((one) => one.people)];

/** Letters of a person's code, which are the end of their id. */
const CODE = /^[0-9a-z]{8}$/;

/** The option that stands for a host that no list has. */
const OTHER = "other";

/** Where the visit went: one of those near, of the others, or what somebody writes. */
function hostField(pack: Pack | undefined, item: Item, changed: () => void): HTMLElement {
  const option = (one: Place): HTMLElement => el("option", { value: one.id, selected: one.id === item.host }, called(one));
  const group = (label: string, all: Place[]): HTMLElement | undefined => all.length ? el("optgroup", { label }, ...all.map(option)) : undefined;
  // Where one can sign in by name comes first.
  const [hosts, far] = [inOrder(pack?.hosts ?? []), inOrder(pack?.far ?? [])];
  const near = [...hosts.filter((one) => one.people.length > 0), ...hosts.filter((one) => one.people.length === 0)];
  const select = el("select", { id: "c-host", required: true }, el("option", { value: "" }, "—"),
    group(w("pocket-host-near"), near), group(w("pocket-host-far"), far), el("option", { value: OTHER, selected: !item.host && item.host_said !== undefined }, w("pocket-host-other")));
  const said = el("input", { id: "c-host-said", value: item.host_said ?? "", maxLength: 120 });
  const typed = field(w("pocket-host-said"), said, w("pocket-host-said-hint"));
  typed.hidden = select.value !== OTHER;
  select.addEventListener("change", () => {
    const found = places(pack).find((one) => one.id === select.value);
    typed.hidden = select.value !== OTHER;
    item.host = found?.id ?? "";
    if (found) item.at = { title: found.title, names: found.names ?? {} };
    else delete item.at;
    if (select.value === OTHER) item.host_said = said.value;
    else delete item.host_said;
    changed();
  });
  said.addEventListener("input", () => { item.host_said = said.value; changed(); });
  return el("div", {}, field(w("visit-host"), select), typed);
}

/** Buttons that are on or off, one for each name. */
function toggles(list: Named[], chosen: string[], changed: () => void, id: string): HTMLElement {
  const buttons = list.map((one) => {
    const button = el("button", { type: "button", className: "pocket-name", "aria-pressed": String(chosen.includes(one.id)) }, called(one));
    button.addEventListener("click", () => {
      const at = chosen.indexOf(one.id);
      if (at < 0) chosen.push(one.id);
      else chosen.splice(at, 1);
      button.setAttribute("aria-pressed", String(at < 0));
      changed();
    });
    return button;
  });
  const all = el("button", { type: "button", className: "plain", onclick: () => {
    const here = list.map((one) => one.id);
    const every = here.some((one) => !chosen.includes(one));
    const others = chosen.filter((one) => !here.includes(one));
    chosen.splice(0, chosen.length, ...others, ...(every ? here : []));
    for (const button of buttons) button.setAttribute("aria-pressed", String(every));
    changed();
  } }, w("pocket-all"));
  return el("div", { className: "pocket-names", id }, ...buttons, list.length > 2 ? all : "");
}

function stepper(label: string, value: number, set: (n: number) => void, id: string): HTMLElement {
  const input = el("input", { id, type: "number", min: "0", max: "500", inputmode: "numeric", value: String(value) });
  const put = (n: number): void => {
    input.value = String(Math.max(0, Math.min(500, n)));
    set(Number(input.value));
  };
  input.addEventListener("input", () => set(Number(input.value) || 0));
  const step = (sign: number, text: string): HTMLElement => el("button", { type: "button", "aria-label": `${label} ${text}`, onclick: () => put((Number(input.value) || 0) + sign) }, text);
  return el("div", { className: "field" }, el("label", { htmlFor: id }, label), el("div", { className: "pocket-step" }, step(-1, "−"), input, step(1, "+")));
}

/** The screen's parts. What is typed is kept at once. */
export function form(vault: Vault, pack: Pack | undefined, item: Item, ends: Ends): Node[] {
  const back = el("p", {}, el("a", { href: "#" }, w("pocket-home")));
  if (item.state === "handed" || item.state === "sent") return [back, ...closed(item, pack, ends)];
  let timer: number | undefined;
  const wrong = el("p", { className: "notice bad", role: "alert", id: "wrong", hidden: true });
  const changed = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void isKept(keep(vault, item), wrong), 300);
  };
  const count = el("output", { className: "tag" });
  const people = el("div");
  const told = el("p", { className: "notice bad", role: "alert", hidden: !item.said }, item.said ?? "");
  const last = el("div");
  /** A code that was typed and not taken, which must not be lost. */
  let unread = (): boolean => false;

  const drawLast = (): void => {
    const at = pack?.hosts.find((one) => one.id === item.host);
    last.replaceChildren(...advice(at?.last, pack?.visits.find((one) => one.id === item.visit)?.asked));
  };
  let which = 0;
  const drawPeople = (): void => {
    const at = pack?.hosts.find((one) => one.id === item.host);
    const days = daysOf(item.starts, item.ends);
    item.days = days.map((d) => item.days.find((one) => one.day === d) ?? { day: d, people: [], codes: [], counts: [] });
    which = Math.min(which, Math.max(0, item.days.length - 1));
    const today = item.days[which];
    const tally = (): void => {
      count.textContent = w("pocket-signed").replace("{n}", String(today ? today.people.length + today.codes.length : 0));
      changed();
    };
    people.replaceChildren(...(today ? dayParts(today, at?.people ?? [], tally) : []));
    if (days.length > 1) {
      const choice = el("select", { onchange: () => { which = choice.selectedIndex; drawPeople(); } }, ...days.map((d, n) => el("option", { value: d, selected: n === which }, day(d))));
      people.prepend(field(w("pocket-day"), choice));
    }
    tally();
  };
  const date = (name: "starts" | "ends", label: string): HTMLElement => {
    const input = el("input", { id: `c-${name}`, type: "date", value: item[name], required: true });
    input.addEventListener("input", () => {
      item[name] = input.value;
      if (name === "starts" && item.ends < item.starts) {
        item.ends = item.starts;
        const other = document.getElementById("c-ends");
        if (other instanceof HTMLInputElement) other.value = item.ends;
      }
      if (item.starts && item.ends >= item.starts) drawPeople();
    });
    return field(label, input);
  };
  const text = (name: "advice" | "follow_up", label: string, hint: string): HTMLElement => {
    const input = el("textarea", { id: `c-${name}`, value: item[name], maxLength: 4000, rows: 3 });
    input.addEventListener("input", () => { item[name] = input.value; changed(); });
    return field(label, input, hint);
  };
  const due = el("input", { id: "c-follow_up_on", type: "date", value: item.follow_up_on ?? "" });
  due.addEventListener("input", () => { item.follow_up_on = due.value; changed(); });
  // Who goes is known mostly; the whole school would hide the button that records.
  const colleagues = [...(pack?.colleagues ?? [])];
  if (pack && !colleagues.some((one) => one.id === pack.person.id)) colleagues.unshift(pack.person);
  const near = colleagues.filter((one, n) => item.visitors.includes(one.id) || n < NEAR);
  const far = colleagues.filter((one) => !near.includes(one));
  const parts: (Node | string)[] = [back, el("h1", {}, (item.host && hostOf(pack, item)) || w("visit-new")), told, last];
  if (!item.visit) {
    const purpose = el("input", { id: "c-purpose", value: item.purpose, maxLength: 120, required: true });
    purpose.addEventListener("input", () => { item.purpose = purpose.value; changed(); });
    let at = item.host;
    const hosts = hostField(pack, item, () => {
      if (at !== item.host) {
        item.days.forEach((d) => { d.people = []; });
        at = item.host;
        drawLast();
        drawPeople();
      }
      changed();
    });
    parts.push(field(w("visit-purpose"), purpose), hosts);
    if ((pack?.schools.length ?? 0) > 1) {
      const from = el("select", { id: "c-from" }, ...(pack?.schools ?? []).map((one) => el("option", { value: one.id, selected: one.id === item.from }, called(one))));
      from.addEventListener("change", () => { item.from = from.value; changed(); });
      parts.push(field(w("visit-from_school"), from));
    }
  }
  parts.push(
    el("div", { className: "pocket-two" }, date("starts", w("field-starts_on")), date("ends", w("field-ends_on"))),
    el("div", { className: "sec" }, el("h2", {}, w("pocket-signs")), count), people,
    stepper(w("visit-lessons"), item.lessons, (n) => { item.lessons = n; changed(); }, "c-lessons"),
    text("advice", w("visit-advice"), w("visit-advice-hint")), text("follow_up", w("visit-follow_up"), ""), field(w("visit-follow_up_on"), due),
    el("h2", {}, w("visit-visitors")), toggles(near, item.visitors, changed, "visitors"),
    far.length ? el("details", {}, el("summary", {}, w("pocket-more-visitors")), toggles(far, item.visitors, changed, "more-visitors")) : "",
    pictures(vault, item), wrong,
    el("p", { className: "acts" },
      el("button", { type: "button", className: "primary", id: "record", onclick: () => void finish() }, icon("check"), w("visit-new")),
      el("button", { type: "button", id: "later", onclick: () => void later() }, w("pocket-later"))),
    el("details", {}, el("summary", {}, w("pocket-discard")), el("p", {}, w("pocket-discard-sure")), el("button", { type: "button", className: "danger", onclick: () => void ends.discard() }, w("pocket-discard-yes"))),
  );
  async function finish(): Promise<void> {
    const problem = unread() ? "pocket-code-wrong" : wrongWith(item);
    if (problem) {
      wrong.hidden = false;
      wrong.textContent = w(problem);
      wrong.scrollIntoView({ block: "center" });
      return;
    }
    window.clearTimeout(timer);
    const { said: _said, ...rest } = item;
    // It is done once it is on disk: until then the screen stays as it is.
    if (await isKept(keep(vault, { ...rest, state: "waiting" }), wrong)) ends.done(w("pocket-safe"));
  }
  async function later(): Promise<void> {
    window.clearTimeout(timer);
    if (await isKept(keep(vault, item), wrong)) location.hash = "";
  }
  drawLast();
  drawPeople();
  return parts.filter((part): part is Node => typeof part !== "string");

  function dayParts(today: Day, names: Named[], tally: () => void): Node[] {
    const code = el("input", { id: "c-code", autocomplete: "off", autocapitalize: "none", maxLength: 12 });
    const codes = el("ul", { className: "chips" });
    const wrongCode = el("p", { className: "error", id: "code-wrong", role: "alert", hidden: true });
    // Whose code it is can be told where the phone knows them.
    const whose = (one: string): string => called(whoever(pack).find((person) => person.id.endsWith(one))) || one;
    const drawCodes = (): void => codes.replaceChildren(...today.codes.map((one) => el("li", {}, el("button", { type: "button", className: "chip", "aria-label": `${w("pocket-remove")} ${whose(one)}`, onclick: () => { today.codes.splice(today.codes.indexOf(one), 1); drawCodes(); tally(); } }, whose(one), icon("x")))));
    const say = (key: string): void => {
      wrongCode.textContent = key && w(key);
      wrongCode.hidden = !key;
      if (key) code.setAttribute("aria-invalid", "true");
      else code.removeAttribute("aria-invalid");
    };
    const add = (): void => {
      const typed = code.value.trim().toLowerCase();
      if (!typed) return say("");
      if (!CODE.test(typed)) return say("pocket-code-wrong");
      const twice = today.codes.includes(typed) || today.people.some((one) => one.endsWith(typed));
      if (!twice) today.codes.push(typed);
      code.value = "";
      say(twice ? "pocket-code-twice" : "");
      drawCodes();
      tally();
    };
    unread = () => {
      add();
      return code.value.trim() !== "";
    };
    code.setAttribute("aria-describedby", "code-wrong");
    code.addEventListener("input", () => { say(""); if (code.value.trim().length === 8) add(); });
    code.addEventListener("change", add);
    code.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } });
    drawCodes();
    const head = CATEGORIES.map((category) => {
      const found = today.counts.find((one) => one.category === category);
      const number = el("input", { id: `c-n-${category}`, type: "number", min: "0", max: "100000", inputmode: "numeric", value: found ? String(found.number) : "" });
      const basis = el("select", { "aria-label": `${w(`word-${category}`)}: ${w("headcount-basis")}` }, ...["counted", "estimated"].map((one) => el("option", { value: one, selected: one === (found?.basis ?? "counted") }, w(`word-${one}`))));
      const set = (): void => {
        today.counts = today.counts.filter((one) => one.category !== category);
        if (number.value !== "") today.counts.push({ category, number: Number(number.value), basis: basis.value });
        tally();
      };
      number.addEventListener("input", set);
      basis.addEventListener("change", set);
      return el("div", { className: "pocket-count" }, el("label", { htmlFor: number.id }, w(`word-${category}`)), number, basis);
    });
    const kind = el("select", { id: "c-kind" }, ...KINDS.map((one) => el("option", { value: one, selected: one === item.kind }, w(`word-${one}`))));
    kind.addEventListener("change", () => { item.kind = kind.value; changed(); });
    return [
      // Where there are no names, what else there is stands open.
      names.length ? toggles(names, today.people, tally, "people") : item.host || item.host_said ? el("p", { className: "hint", id: "no-names" }, w("pocket-no-names")) : "",
      el("details", { open: !names.length || today.codes.length + today.counts.length > 0 }, el("summary", {}, w("pocket-more-signs")),
        field(w("pocket-code"), code, w("pocket-code-hint")), wrongCode, codes,
        el("p", { className: "hint" }, w("pocket-count-hint")), ...head, field(w("field-kind"), kind)),
    ].filter((part): part is HTMLElement => part !== "");
  }
}

/** What is wrong with a record, as the key of the words that say so. */
function wrongWith(item: Item): string | undefined {
  if (!item.purpose.trim()) return "pocket-no-purpose";
  if (!item.host && !item.host_said?.trim()) return "pocket-no-host";
  if (!item.from) return "pocket-no-from";
  if (!item.starts || !item.ends) return "error-not-understood";
  if (item.ends < item.starts) return "rule-dates-in-order";
  if (item.starts > dateOf(new Date())) return "pocket-no-future";
  if (!Number.isInteger(item.lessons)) return "pocket-no-lessons";
  if (item.days.some((one) => one.day > dateOf(new Date()) && one.people.length + one.codes.length + one.counts.length > 0)) return "pocket-no-future";
  if (item.follow_up_on && item.follow_up_on < item.starts) return "rule-visit-follow-early";
  if (item.visitors.length === 0) return "pocket-no-visitors";
  if (item.days.some((one) => one.people.length + one.codes.length > MOST_SIGNED)) return "pocket-no-many";
  if (item.days.some((one) => one.counts.some((count) => !(count.number >= 0 && count.number <= 100_000)))) return "error-out-of-range";
  return undefined;
}

/** Pictures, shrunk and freed of what a camera writes into them before they are kept. */
function pictures(vault: Vault, item: Item): HTMLElement {
  const shown = el("div", { className: "pocket-pictures" });
  const note = el("p", { className: "hint", role: "status" }, w("pocket-pictures-hint"));
  const input = el("input", { id: "c-pictures", type: "file", accept: "image/*", multiple: true });
  const drawAll = async (): Promise<void> => {
    const all = await Promise.all(item.pictures.map(async (picture) => {
      const bytes = await vault.bytes(pictureName(item, picture));
      if (!bytes) return undefined;
      const url = await new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result));
        reader.readAsDataURL(new Blob([bytes], { type: "image/jpeg" }));
      });
      const remove = async (): Promise<void> => {
        item.pictures.splice(item.pictures.indexOf(picture), 1);
        await vault.remove(pictureName(item, picture));
        await keep(vault, item);
        await drawAll();
      };
      return el("figure", {}, el("img", { src: url, alt: "" }), el("button", { type: "button", className: "plain", onclick: () => void remove() }, w("pocket-remove")));
    }));
    shown.replaceChildren(...all.filter((one): one is HTMLElement => !!one));
  };
  input.addEventListener("change", () => void (async () => {
    for (const file of Array.from(input.files ?? []).slice(0, MOST_PICTURES - item.pictures.length)) {
      try {
        const picture = { made: Date.now(), chance: chance(), sent: false };
        await vault.putBytes(pictureName(item, picture), await (await shrink(file)).arrayBuffer());
        item.pictures.push(picture);
        await keep(vault, item);
      } catch (error) {
        const full = error instanceof DOMException && error.name === "QuotaExceededError";
        note.textContent = w(full ? "pocket-not-kept" : "pocket-picture-broken");
      }
    }
    input.value = "";
    await drawAll();
  })());
  void drawAll();
  return el("div", {}, el("h2", {}, w("pocket-pictures")), note, field(w("pocket-pictures-add"), input), shown);
}

/** A record that is no longer changed here. */
function closed(item: Item, pack: Pack | undefined, ends: Ends): Node[] {
  const named = (who: string): string => called(whoever(pack).find((one) => one.id === who || CODE.test(who) && one.id.endsWith(who))) || who;
  const people = item.days.reduce((sum, one) => sum + one.people.length + one.codes.length, 0);
  const heads = item.days.flatMap((one) => one.counts.map((count) => `${w(`word-${count.category}`)}: ${count.number} (${w(`word-${count.basis}`)})`));
  const left = item.left ?? [];
  const parts: (HTMLElement | undefined)[] = [
    el("h1", {}, item.purpose), el("p", {}, [hostOf(pack, item), day(item.starts), w("pocket-signed").replace("{n}", String(people))].filter(Boolean).join(" · ")),
    // A number that is typed is one's word; it is in no figure before somebody else has put their name to it.
    heads.length ? el("div", { id: "heads" }, el("p", {}, heads.join(" · ")), el("p", { className: "quiet" }, w("pocket-count-waits"))) : undefined,
    item.state === "sent" ? el("p", { className: "notice wait" }, w("pocket-sent-intro")) : undefined,
    item.handed ? el("p", { className: "notice ok" }, icon("check"), el("span", {}, `${w("pocket-handed-to", item.handed.node)} `, el("a", { href: `${item.handed.node}/visits/${item.handed.visit}` }, w("pocket-open-there")))) : undefined,
    left.length ? el("div", { className: "notice bad" }, el("div", {}, el("p", {}, el("b", {}, w("pocket-left-intro"))), el("ul", {}, ...left.map((one) => el("li", {}, `${named(one.who)}: ${one.said}`))))) : undefined,
    item.advice ? el("p", {}, item.advice) : undefined,
    item.handed && item.pictures.every((one) => one.sent) ? el("button", { type: "button", onclick: () => void ends.discard() }, w("pocket-tidy")) : undefined,
  ];
  return parts.filter((part): part is HTMLElement => !!part);
}
