/*
 * The pocket: a visit is recorded in a village with no network, kept sealed on the phone, and handed to the next node that
 * is met. Screens: prepare, unlock, home, one visit, this phone. All words are in the page, in three languages.
 */
import { aged, discard, hostOf, isKept, items, keep, pending, places, type Item, type Pack, type Planned } from "./kept.ts";
import { enrol, meet, pictures, reached } from "./meet.ts";
import { clear, LEAST_PIN, setClear, Vault, whenWiped, wipe } from "./sealed.ts";
import { also, called, dateOf, day, el, icon, language, mark, moment, speak, w } from "./said.ts";
import { beginSeen, discardSeen, keepSeen, known, seenForm, seenPart, seens, type PlannedSeen } from "./seen.ts";
import { begin, form, plan } from "./visit.ts";
import { expire, lacksContacts, rollCall, tourRows, waiting as calls } from "./way.ts";

const LANGS: [string, string][] = [["zh", "中文"], ["bo", "བོད་ཡིག"], ["en", "English"]];
/** A phone that lies there is locked after so long. */
const IDLE_MS = 10 * 60_000;
const AGAIN_MS = 60_000;
/** How often a picture that does not get through is tried by itself; whoever asks for it tries once more. */
const TRIES = 3;

let vault: Vault | undefined;
let pack: Pack | undefined;
let idle: number | undefined;
let busy = false;
let wrong = 0;
/** What was open when the phone locked itself: a lesson is longer than its patience. */
let left = "";

const main = el("main", { id: "main", className: "narrow" });
const said = el("p", { className: "notice", role: "status", hidden: true });

function tell(text: string, how = ""): void {
  said.className = `notice ${how}`;
  said.textContent = text;
  delete said.dataset["unkept"];
  said.hidden = !text;
}

function head(): HTMLElement {
  const langs = LANGS.map(([tag, name]) =>
    // The Tibetan name is drawn: its letters alone weigh more than all the rest.
    el("button", { type: "button", className: "plain", lang: tag, "aria-label": name, "aria-pressed": String(tag === language()), onclick: () => void choose(tag) },
      tag === "bo" ? mark("bodyig") : name));
  const brand = el("a", { className: "brand", href: "#" }, mark("mark"), el("span", {}, "Zampa"));
  return el("header", { className: "site" }, brand, el("nav", { className: "langs", "aria-label": w("languages") }, ...langs));
}

async function choose(tag: string): Promise<void> {
  speak(tag);
  // What was told is in the language of before.
  tell("");
  await setClear({ lang: tag });
  await show();
}

function draw(...parts: (Node | undefined)[]): void {
  const strip = document.body.dataset["demonstration"] === undefined ? undefined : el("div", { className: "strip", role: "note" }, el("p", {}, w("demonstration-strip")));
  document.body.replaceChildren(...[strip, head(), main].filter((part): part is HTMLElement => !!part));
  main.replaceChildren(said, ...parts.filter((part): part is Node => !!part));
}

/** A form with a button; what happens with it is refused by the words that are thrown. */
function asked(button: string, done: (data: FormData) => Promise<void>, ...fields: Node[]): HTMLFormElement {
  const made = el("form", { className: "form" }, ...fields, el("button", { className: "primary" }, button));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("");
    done(new FormData(made)).catch((error: unknown) => {
      tell(w(error instanceof Error ? error.message : String(error)), "bad");
      said.scrollIntoView({ block: "center" });
    });
  });
  return made;
}

function pinField(label: string, hint: string, name = "pin"): HTMLElement {
  const input = el("input", { id: `c-${name}`, name, type: "password", inputmode: "numeric", autocomplete: "off", required: true });
  return el("div", { className: "field" }, el("label", { htmlFor: `c-${name}` }, label), hint ? el("p", { className: "hint" }, hint) : "", input);
}

/** A PIN that somebody chose, typed twice. */
function newPin(data: FormData): string {
  const pin = String(data.get("pin"));
  if (pin.length < LEAST_PIN) throw new Error("pocket-pin-short");
  if (pin !== data.get("again")) throw new Error("pocket-pin-differs");
  return pin;
}

async function prepare(): Promise<void> {
  const device = el("input", { id: "c-device", name: "device", required: true, maxLength: 60, value: w("pocket-device-mine") });
  draw(
    el("h1", {}, w("pocket-prepare")), el("p", {}, w("pocket-prepare-intro")),
    window.isSecureContext ? undefined : el("p", { className: "notice bad" }, `${w("pocket-insecure")} `, el("a", { href: "/trust" }, w("trust"))),
    asked(w("pocket-prepare-now"), async (data) => {
      const pin = newPin(data);
      const made = await enrol(String(data.get("device")));
      if (made === "sign-in") {
        location.assign("/sign-in?back=%2Fpocket");
        return;
      }
      if (typeof made === "string") throw new Error(made);
      vault = await Vault.make(made.id, pin, [], language());
      await vault.put("secret", made.secret);
      // So that a full phone does not throw away what waits.
      await navigator.storage?.persist?.().catch(() => false);
      await hand();
    },
    el("div", { className: "field" }, el("label", { htmlFor: "c-device" }, w("pocket-device")), device),
    pinField(w("pocket-pin"), w("pocket-pin-hint")), pinField(w("pocket-pin-again"), "", "again")),
  );
}

async function unlock(): Promise<void> {
  draw(
    el("h1", {}, w("pocket-locked")), el("p", {}, w("pocket-locked-intro")),
    asked(w("pocket-unlock"), async (data) => {
      // Whoever guesses waits longer each time; nothing is thrown away for a child who plays with the phone.
      if (wrong > 2) await new Promise((resolve) => window.setTimeout(resolve, Math.min(60_000, 1000 * 2 ** (wrong - 2))));
      vault = await Vault.open(String(data.get("pin")));
      if (!vault) {
        wrong += 1;
        throw new Error("pocket-pin-wrong");
      }
      wrong = 0;
      if (left) location.hash = left;
      left = "";
      await show();
      void hand(true);
    }, pinField(w("pocket-pin"), "")),
  );
  main.querySelector("input")?.focus();
}

function lock(): void {
  vault?.close();
  vault = pack = undefined;
  if (location.hash) left = location.hash;
  location.hash = "";
  void show();
}

/** Whether a record waits to be handed over, or a picture that is worth another try. */
async function waits(): Promise<boolean> {
  const visits = vault ? await items(vault) : [];
  if (visits.some((item) => pending(item).some((picture) => (picture.failed ?? 0) < TRIES))) return true;
  const all = vault ? [...visits, ...(await seens(vault))] : [];
  return all.some((item) => item.state === "waiting" || item.state === "sent") || (!!vault && (await calls(vault)) > 0);
}

/** Meets a node. By itself it says nothing where none is there. */
async function hand(quietly = false): Promise<void> {
  if (!vault || busy) return;
  busy = true;
  try {
    const bar = el("progress", { max: 1, value: 0 });
    const met = await meet(vault, (done, all) => {
      bar.max = Math.max(1, all);
      bar.value = done;
      if (!quietly || all > 0) tell(`${w("pocket-handing")} ${done}/${all}`);
    });
    if (met?.is === "lost") return gone();
    if (met?.is === "ended") {
      pack = undefined;
      tell(w("pocket-ended"), "bad");
    } else if (met) tell(w("pocket-met", met.node), "ok");
    else if (!quietly) tell(w("pocket-nobody"), "wait");
    const follow = async (): Promise<boolean> => !!vault && (await items(vault)).some((item) => pending(item).length > 0);
    if (met && (await follow())) {
      if (met.is === "in_use") tell(w("pocket-met-pictures", met.node), "ok");
      await redraw();
      // What was taken stays told, whatever becomes of a picture.
      await pictures(vault, met.node).catch((error: unknown) => console.warn(error));
      if (met.is === "in_use" && !(await follow())) tell(w("pocket-met", met.node), "ok");
    }
  } catch (error) {
    if (!quietly) tell(w(error instanceof Error && /^40[13]$/.test(error.message) ? "pocket-not-known" : "pocket-nobody"), "wait");
  } finally {
    busy = false;
  }
  await redraw();
}

/** Draws anew what is not being written on. */
async function redraw(): Promise<void> {
  if (!/^#(visit|tour|seen|plan)\//.test(location.hash)) await show();
}

function gone(): void {
  vault?.close();
  vault = pack = undefined;
  draw(el("h1", {}, w("pocket-gone")), el("p", {}, w("pocket-gone-intro")));
}

const TAGS: Record<Item["state"], [string, string]> = {
  draft: ["pocket-draft", ""], waiting: ["pocket-waiting", "wait"], sent: ["pocket-sent", "wait"], handed: ["pocket-handed", "ok"], refused: ["pocket-refused", "bad"],
};

function itemRow(item: Item): HTMLElement {
  const host = hostOf(pack, item);
  const [key, how] = item.left?.length ? ["pocket-left", "bad"] : TAGS[item.state];
  return el("li", {}, icon("map-pin"), el("div", {},
    el("p", {}, el("a", { href: `#visit/${item.id}` }, item.purpose || w("pocket-untitled"))), el("p", {}, [host, day(item.starts)].filter(Boolean).join(" · ")),
    pending(item).length ? el("p", { className: "quiet" }, w("pocket-pictures-wait").replace("{n}", String(pending(item).length))) : ""),
    el("span", { className: `tag ${how}` }, w(key)));
}

async function record(visit: Planned): Promise<void> {
  if (!vault) return;
  const item = begin(pack, visit);
  if (await isKept(keep(vault, item), said)) location.hash = `visit/${item.id}`;
}

function plannedRow(visit: Planned): HTMLElement {
  const host = called(places(pack).find((one) => one.id === visit.host));
  // Whose day has passed was held or not; somebody has yet to say.
  const passed = visit.ends < dateOf(new Date());
  return el("li", {}, icon("calendar"), el("div", {},
    el("p", {}, el("a", { href: `#plan/${visit.id}` }, host || w("pocket-untitled"))), el("p", {}, `${day(visit.starts)} · ${visit.purpose}${visit.trip ? ` · ${visit.trip}` : ""}`),
    passed ? el("p", {}, el("span", { className: "tag wait" }, w("pocket-passed"))) : ""),
    el("button", { type: "button", className: "primary", onclick: () => void record(visit) }, w("pocket-record")));
}

/** A visit that is to come, to be read: nothing is begun by that. */
async function planned(id: string): Promise<void> {
  if (!vault) return;
  pack ??= await vault.get<Pack>("pack");
  const visit = pack?.visits.find((one) => one.id === id);
  if (!pack || !visit) {
    location.hash = "";
    return;
  }
  tell("");
  draw(...plan(pack, visit, () => void record(visit)));
  window.scrollTo(0, 0);
}

async function home(): Promise<void> {
  if (!vault) return;
  pack = await vault.get<Pack>("pack");
  if (pack && !pack.stale && pack.until < Date.now()) {
    pack = aged(pack);
    await vault.put("pack", pack);
  }
  await expire(vault);
  also(pack?.seen?.words);
  const [all, seen] = [await items(vault), await seens(vault)];
  const queued = [...all, ...seen].filter((item) => item.state === "waiting" || item.state === "sent").length;
  const waiting = queued + (await calls(vault));
  const begun = new Set(all.map((item) => item.visit));
  const come = (pack?.visits ?? []).filter((visit) => !begun.has(visit.id));
  // Who writes no visit is not asked to record one that nobody would take.
  const visits = pack?.visits_too ?? true;
  const fresh = async (): Promise<void> => {
    if (!vault) return;
    const item = begin(pack);
    if (await isKept(keep(vault, item), said)) location.hash = `visit/${item.id}`;
  };
  const observe = async (one: PlannedSeen): Promise<void> => {
    if (!vault) return;
    const item = beginSeen(one);
    if (await isKept(keepSeen(vault, item), said)) location.hash = `seen/${item.id}`;
  };
  draw(
    el("div", { className: "head" }, el("div", {}, el("h1", {}, w("pocket-home")), el("p", {}, called(pack?.person))),
      el("p", { className: "acts" },
        el("button", { type: "button", className: waiting ? "primary" : "", id: "hand", onclick: () => void hand() }, icon("send"), waiting ? `${w("pocket-hand")} (${waiting})` : w("pocket-take")),
        el("a", { className: "button", href: "#phone" }, icon("settings"), w("pocket-phone")))),
    pack && !pack.stale ? undefined : el("p", { className: "notice wait" }, w("pocket-no-pack")),
    (await lacksContacts(vault)) ? el("p", { className: "notice bad", id: "longer" }, icon("key-round"), el("span", {}, `${w("pocket-pin-longer")} `, el("a", { href: "#phone" }, w("pocket-pin-change")))) : undefined,
    await tourRows(vault),
    ...(visits ? [
      el("div", { className: "sec" }, el("h2", {}, w("pocket-planned")), el("button", { type: "button", id: "unplanned", onclick: () => void fresh() }, icon("plus"), w("pocket-unplanned"))),
      come.length ? el("ul", { className: "rows", id: "planned" }, ...come.map(plannedRow)) : el("p", { className: "empty" }, w("pocket-planned-none")),
    ] : []),
    seenPart(pack?.seen, seen, (one) => void observe(one)),
    visits || all.length ? el("h2", {}, w("pocket-recorded")) : undefined,
    !visits && !all.length ? undefined : all.length ? el("ul", { className: "rows", id: "recorded" }, ...all.map(itemRow)) : el("p", { className: "empty" }, w("pocket-recorded-none")),
    pack && !pack.stale ? el("p", { className: "hint" }, `${w("pocket-taken-at", called({ name: pack.node, names: pack.node_names ?? null }))} ${moment(pack.made)} · ${w("pocket-until")} ${moment(pack.until)}`) : undefined,
  );
}

async function phone(): Promise<void> {
  const is = await clear();
  const list = el("ul", { className: "rows" }, ...(is?.nodes ?? []).map((node) => el("li", {}, el("div", {}, el("p", {}, node)),
    el("button", { type: "button", className: "danger", onclick: () => void setClear({ nodes: (is?.nodes ?? []).filter((one) => one !== node) }).then(phone) }, w("pocket-forget-node")))));
  const sure = el("details", {}, el("summary", {}, w("pocket-wipe")), el("p", {}, w("pocket-wipe-sure")),
    el("button", { type: "button", className: "danger", onclick: () => void wipe().then(() => location.replace("/pocket")) }, w("pocket-wipe-yes")));
  const change = asked(w("pocket-pin-change"), async (data) => {
    if (!(await Vault.change(String(data.get("now")), newPin(data)))) throw new Error("pocket-pin-wrong");
    location.hash = "";
    // What a longer PIN lets come along comes now.
    await hand();
    tell(w("pocket-pin-changed"), "ok");
  }, pinField(w("pocket-pin-now"), "", "now"), pinField(w("pocket-pin"), w("pocket-pin-hint")), pinField(w("pocket-pin-again"), "", "again"));
  change.querySelector("button")?.classList.remove("primary");
  draw(
    el("p", {}, el("a", { href: "#" }, w("pocket-home"))), el("h1", {}, w("pocket-phone")),
    el("h2", {}, w("pocket-nodes")), el("p", {}, w("pocket-nodes-intro")), list,
    asked(w("pocket-nodes-add"), async (data) => {
      let url: URL;
      try {
        url = new URL(String(data.get("node")));
      } catch {
        throw new Error("pocket-node-wrong");
      }
      if (!/^https?:$/.test(url.protocol)) throw new Error("pocket-node-wrong");
      await setClear({ nodes: [...(is?.nodes ?? []).filter((one) => one !== url.origin), url.origin] });
      await phone();
    }, el("div", { className: "field" }, el("label", { htmlFor: "c-node" }, w("pocket-node")), el("input", { id: "c-node", name: "node", type: "url", required: true, placeholder: "https://192.168.1.20:7400" }))),
    el("h2", {}, w("pocket-safety")), el("p", {}, w("pocket-safety-intro")),
    el("p", { className: "acts" }, el("button", { type: "button", onclick: lock }, icon("lock"), w("pocket-lock"))),
    el("details", { id: "new-pin", open: !is?.long }, el("summary", {}, w("pocket-pin-change")), change),
    sure,
  );
}

async function one(id: string): Promise<void> {
  if (!vault) return;
  pack ??= await vault.get<Pack>("pack");
  const item = (await items(vault)).find((found) => found.id === id);
  if (!item) {
    location.hash = "";
    return;
  }
  const mine = vault;
  draw(...form(mine, pack, item, {
    done: (told) => {
      location.hash = "";
      tell(told, "ok");
      void hand(true);
    },
    discard: async () => {
      await discard(mine, item);
      location.hash = "";
    },
  }));
  window.scrollTo(0, 0);
}

async function tour(id: string): Promise<void> {
  if (!vault) return;
  await expire(vault);
  const parts = await rollCall(vault, id, (told, missing) => {
    tell(told, missing > 0 ? "bad" : "ok");
    // Where somebody is missing, whom to call and what to do stay in sight.
    if (missing > 0) void tour(id);
    else location.hash = "";
    void hand(true);
  });
  if (!parts) {
    location.hash = "";
    return;
  }
  draw(...parts);
  window.scrollTo(0, 0);
}

async function oneSeen(id: string): Promise<void> {
  if (!vault) return;
  pack ??= await vault.get<Pack>("pack");
  const item = (await seens(vault)).find((found) => found.id === id);
  if (!item) {
    location.hash = "";
    return;
  }
  const mine = vault;
  draw(...seenForm(mine, pack, await known(mine), item, {
    done: (told) => {
      location.hash = "";
      tell(told, "ok");
      void hand(true);
    },
    discard: async () => {
      await discardSeen(mine, item);
      location.hash = "";
    },
    again: () => void oneSeen(id),
  }));
  window.scrollTo(0, 0);
}

async function show(): Promise<void> {
  const is = await clear();
  if (!is) return prepare();
  if (!vault) return unlock();
  const id = /^#visit\/(.+)$/.exec(location.hash)?.[1];
  if (id) return one(id);
  const led = /^#tour\/(.+)$/.exec(location.hash)?.[1];
  if (led) return tour(led);
  const to = /^#plan\/(.+)$/.exec(location.hash)?.[1];
  if (to) return planned(to);
  const seen = /^#seen\/(.+)$/.exec(location.hash)?.[1];
  if (seen) return oneSeen(seen);
  return location.hash === "#phone" ? phone() : home();
}

async function start(): Promise<void> {
  const is = await clear().catch(() => undefined);
  const asked = /(?:^|; )zampa_lang=(\w+)/.exec(document.cookie)?.[1];
  speak(is?.lang ?? asked ?? (document.documentElement.lang || "zh").slice(0, 2));
  whenWiped(gone);
  window.addEventListener("hashchange", () => void show());
  for (const name of ["pointerdown", "keydown"]) {
    window.addEventListener(name, () => {
      window.clearTimeout(idle);
      idle = window.setTimeout(lock, IDLE_MS);
    });
  }
  const meets = async (): Promise<void> => {
    if (vault) await hand(true);
    else if ((await reached())?.is === "lost") gone();
  };
  window.addEventListener("online", () => void meets());
  window.setInterval(() => {
    if (vault && !document.hidden) void waits().then((some) => some ? hand(true) : undefined);
  }, AGAIN_MS);
  if ("serviceWorker" in navigator) await navigator.serviceWorker.register("/pocket-worker.js", { scope: "/pocket" }).catch((error: unknown) => console.warn(error));
  await show();
  if (is && (await reached())?.is === "lost") gone();
}

void start();
