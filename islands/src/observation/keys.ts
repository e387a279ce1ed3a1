/* One's own key: made, opened, given another passphrase, replaced. A passphrase never leaves the page. */
import { send } from "./ask.ts";
import { LEAST_PASS, makeKey, openKey, relock, sign, type Opened, type OwnKey } from "./crypt.ts";
import { el, icon, w } from "../pocket/said.ts";

function passField(id: string, label: string, fresh: boolean, hint = ""): HTMLElement {
  const input = el("input", { id, name: id, type: "password", autocomplete: fresh ? "new-password" : "current-password", required: true });
  return el("div", { className: "field" }, el("label", { htmlFor: id }, label), hint ? el("p", { className: "hint" }, hint) : "", input);
}

/** A form whose button does something that takes a while; what is wrong stands above it. */
function asks(button: string, done: (value: (name: string) => string) => Promise<void>, ...parts: Node[]): HTMLFormElement {
  const wrong = el("p", { className: "notice bad", role: "alert", hidden: true });
  const go = el("button", { className: "primary" }, button);
  const form = el("form", { className: "form" }, wrong, ...parts, go);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    wrong.hidden = true;
    go.disabled = true;
    const value = (name: string): string => String(new FormData(form).get(name) ?? "");
    done(value).catch((error: unknown) => {
      wrong.textContent = error instanceof Error ? error.message : String(error);
      wrong.hidden = false;
    }).finally(() => { go.disabled = false; });
  });
  return form;
}

function checked(pass: string, again: string): string {
  if (pass.length < LEAST_PASS) throw new Error(w("observe-pass-short"));
  if (pass !== again) throw new Error(w("observe-pass-differs"));
  return pass;
}

/** Two fields, one button: a key is made, kept by the node, and open in this page. */
export function makes(csrf: string, replace: boolean, done: (own: OwnKey, opened: Opened) => void): HTMLElement {
  const button = w(replace ? "observe-key-new-yes" : "observe-key-make");
  return el("div", { id: "make-key" }, el("p", {}, w(replace ? "observe-key-new-sure" : "observe-key-none")), asks(button, async (value) => {
    const pass = checked(value("pass-new"), value("pass-again"));
    const made = await makeKey(pass);
    const { id } = await send("/observations/key", { ...made, ...(replace ? { replace: "yes" } : {}) }, csrf);
    const own = { ...made, id: String(id) };
    const opened = await openKey(pass, own);
    if (opened) done(own, opened);
  }, passField("pass-new", w("observe-pass-new"), true, w("observe-pass-hint")), passField("pass-again", w("observe-pass-again"), true)));
}

/** Asks for the passphrase and opens the key, for as long as this page is there. */
export function unlocks(own: OwnKey, done: (opened: Opened) => void): HTMLElement {
  return el("div", { id: "unlock" }, el("p", {}, icon("lock"), " ", w("observe-unlock-intro")), asks(w("observe-unlock"), async (value) => {
    const opened = await openKey(value("pass"), own);
    if (!opened) throw new Error(w("observe-pass-wrong"));
    done(opened);
  }, passField("pass", w("observe-pass"), false)));
}

/** The page of one's own key. */
export function keyPage(box: HTMLElement, given: { key: OwnKey | null; csrf: string }): void {
  const draw = (key: OwnKey | null, told = ""): void => {
    if (!key) {
      box.replaceChildren(makes(given.csrf, false, (own) => draw(own, w("observe-key-is-there"))));
      return;
    }
    const shown = el("code", { className: "fingerprint" });
    void sign(key).then((text) => { shown.textContent = text; });
    const change = el("details", { id: "change" }, el("summary", {}, w("observe-key-change")), asks(w("observe-key-change"), async (value) => {
      const next = checked(value("pass-new"), value("pass-again"));
      const sealed = await relock(value("pass"), next, key);
      if (!sealed) throw new Error(w("observe-pass-wrong"));
      await send("/observations/key/again", { private: sealed }, given.csrf);
      draw({ ...key, private: sealed }, w("observe-key-changed"));
    }, passField("pass", w("observe-key-now"), false), passField("pass-new", w("observe-pass-new"), true, w("observe-pass-hint")), passField("pass-again", w("observe-pass-again"), true)));
    const replace = el("details", { id: "replace" }, el("summary", {}, w("observe-key-new")));
    replace.addEventListener("toggle", () => {
      if (replace.open && replace.children.length === 1) replace.append(makes(given.csrf, true, (own) => draw(own, w("observe-key-is-there"))));
    });
    box.replaceChildren(
      told ? el("p", { className: "notice ok", role: "status" }, icon("check"), el("span", {}, told)) : "",
      el("dl", { className: "fields" }, el("div", {}, el("dt", {}, w("observe-key-sign")), el("dd", {}, shown))), el("p", { className: "hint" }, w("observe-key-sign-hint")),
      change, replace);
  };
  draw(given.key);
}
