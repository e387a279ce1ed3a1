/* One's own key: made, opened, given another passphrase, replaced. A passphrase never leaves the page. */
import { send } from "./ask.ts";
import { hold } from "./held.ts";
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
  if (pass.length < LEAST_PASS) throw new Error(w("seal-pass-short"));
  if (pass !== again) throw new Error(w("seal-pass-differs"));
  return pass;
}

/** Two fields, one button: a key is made, kept by the node, and open in this page. */
export function makes(csrf: string, replace: boolean, done: (own: OwnKey, opened: Opened) => void): HTMLElement {
  const button = w(replace ? "seal-key-new-yes" : "seal-key-make");
  return el("div", { id: "make-key" }, el("p", {}, w(replace ? "seal-key-new-sure" : "seal-key-none")), asks(button, async (value) => {
    const pass = checked(value("pass-new"), value("pass-again"));
    const made = await makeKey(pass);
    const { id } = await send("/observations/key", { ...made, ...(replace ? { replace: "yes" } : {}) }, csrf);
    const own = { ...made, id: String(id) };
    const opened = await openKey(pass, own);
    if (opened) done(own, opened);
  }, passField("pass-new", w("seal-pass-new"), true, w("seal-pass-hint")), passField("pass-again", w("seal-pass-again"), true)));
}

/** Asks for the passphrase and opens the key: for this page, and for a while for those that this tab opens after it. */
export function unlocks(own: OwnKey, csrf: string, done: (opened: Opened) => void): HTMLElement {
  return el("div", { id: "unlock" }, el("p", {}, icon("lock"), " ", w("seal-unlock-intro")), asks(w("seal-unlock"), async (value) => {
    const opened = await openKey(value("pass"), own, (half) => hold(own, half, csrf));
    if (!opened) throw new Error(w("seal-pass-wrong"));
    done(opened);
  }, passField("pass", w("seal-pass"), false)));
}

/** The page of one's own key. */
export function keyPage(box: HTMLElement, given: { key: OwnKey | null; csrf: string }): void {
  const draw = (key: OwnKey | null, told = ""): void => {
    if (!key) {
      box.replaceChildren(makes(given.csrf, false, (own) => draw(own, w("seal-key-is-there"))));
      return;
    }
    const shown = el("code", { className: "fingerprint" });
    void sign(key).then((text) => { shown.textContent = text; });
    const change = el("details", { id: "change" }, el("summary", {}, w("seal-key-change")), asks(w("seal-key-change"), async (value) => {
      const next = checked(value("pass-new"), value("pass-again"));
      const sealed = await relock(value("pass"), next, key);
      if (!sealed) throw new Error(w("seal-pass-wrong"));
      await send("/observations/key/again", { private: sealed }, given.csrf);
      draw({ ...key, private: sealed }, w("seal-key-changed"));
    }, passField("pass", w("seal-key-now"), false), passField("pass-new", w("seal-pass-new"), true, w("seal-pass-hint")), passField("pass-again", w("seal-pass-again"), true)));
    const replace = el("details", { id: "replace" }, el("summary", {}, w("seal-key-new")));
    replace.addEventListener("toggle", () => {
      if (replace.open && replace.children.length === 1) replace.append(makes(given.csrf, true, (own) => draw(own, w("seal-key-is-there"))));
    });
    box.replaceChildren(
      told ? el("p", { className: "notice ok", role: "status" }, icon("check"), el("span", {}, told)) : "",
      el("dl", { className: "fields" }, el("div", {}, el("dt", {}, w("seal-key-sign")), el("dd", {}, shown))), el("p", { className: "hint" }, w("seal-key-sign-hint")),
      change, replace);
  };
  draw(given.key);
}
