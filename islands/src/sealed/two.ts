/* The two of an envelope as their pages show them: whether the other's key is the one that is known, and both keys' signs. */
import { forget } from "./held.ts";
import { sign, type OpenKey, type OwnKey } from "./crypt.ts";
import { el, icon, w } from "../pocket/said.ts";

/** The keys of the two, as a node gives them. */
export interface Keys {
  key: OwnKey | null;
  other: { id: string; name: string; key: OpenKey | null };
  csrf: string;
}

/** Whether the other's key is another than the one that this browser knows. A node that gave out a key of its own could read
 * what is sealed to it: this tells, until somebody has asked. */
export function changed(other: Keys["other"]): boolean {
  const before = localStorage.getItem(`zampa-key-${other.id}`);
  if (!before) knows(other);
  return !!before && !!other.key && before !== other.key.public;
}

function knows(other: Keys["other"]): void {
  if (other.key) localStorage.setItem(`zampa-key-${other.id}`, other.key.public);
}

/** Says that the other's key is another than before, until one has asked them. */
export function asksOf(other: Keys["other"], done: () => void): HTMLElement {
  const asked = (): void => {
    knows(other);
    done();
  };
  return el("div", { className: "notice bad", id: "other-changed" }, el("div", {}, el("p", {}, w("seal-other-changed", other.name)),
    el("p", {}, el("button", { type: "button", onclick: asked }, w("seal-other-asked")))));
}

/** The signs of both keys, to compare. */
export function signs({ key, other }: Keys): HTMLElement {
  const rows = [[w("seal-key-sign"), key], [other.name, other.key]] as const;
  return el("details", { className: "observe-signs" }, el("summary", {}, w("seal-key-sign")), el("p", { className: "hint" }, w("seal-key-sign-hint")),
    el("dl", { className: "fields" }, ...rows.map(([name, one]) => {
      const code = el("code", { className: "fingerprint" }, "–");
      if (one) void sign(one).then((text) => { code.textContent = text; });
      return el("div", {}, el("dt", {}, name), el("dd", {}, code));
    })));
}

/** Closes what is open, before somebody else sits down here. */
export function closes(done: () => void): HTMLElement {
  const close = (): void => {
    forget();
    done();
  };
  return el("p", {}, el("button", { type: "button", className: "plain", id: "close-sealed", onclick: close }, icon("lock"), w("seal-close")));
}
