/*
 * What a person types is kept in the tab's session storage and put back after an error, a reload or a lost node.
 *
 * `<form data-draft="KEY">`       keeps this form; KEY names person, record and its last entry, so that a draft never
 *                                 lands in another person's form or on a record that has moved on.
 * `<p data-draft-note hidden>`    inside the form: shown when something was put back.
 * `<button data-draft-discard>`   inside the note: throws the draft away.
 * `<any data-draft-clear="KEY">`  on the page that confirms: the draft has served. `*` clears all (signing out).
 *                                 A page with a note of what was done confirms the form that was sent last.
 * `<form data-guard>`             asks before leaving with something typed and not sent.
 */

const PREFIX = "zampa:draft:";
/** The key of the form that was sent last. */
const SENT = "zampa:sent";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
/** Name, position among controls of that name, value: text, or whether it is ticked, or what is chosen. */
type Kept = [name: string, index: number, value: string | boolean | string[]];

function storage(): Storage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined; // blocked by the browser: nothing is kept, nothing breaks
  }
}

function controls(form: HTMLFormElement): [Control, number][] {
  const seen = new Map<string, number>();
  const found: [Control, number][] = [];
  for (const element of Array.from(form.elements)) {
    const known =
      element instanceof HTMLInputElement ||
      element instanceof HTMLSelectElement ||
      element instanceof HTMLTextAreaElement;
    if (!known || !element.name || element.closest("[data-draft-skip]")) continue;
    if (["password", "hidden", "file", "submit", "button", "image", "reset"].includes(element.type)) continue;
    const index = seen.get(element.name) ?? 0;
    seen.set(element.name, index + 1);
    found.push([element, index]);
  }
  return found;
}

function read(control: Control): string | boolean | string[] {
  if (control instanceof HTMLSelectElement) return Array.from(control.selectedOptions, (option) => option.value);
  if (control.type === "checkbox" || control.type === "radio") return (control as HTMLInputElement).checked;
  return control.value;
}

function write(control: Control, value: string | boolean | string[]): void {
  if (control instanceof HTMLSelectElement) {
    for (const option of Array.from(control.options)) {
      option.selected = Array.isArray(value) && value.includes(option.value);
    }
  } else if (typeof value === "boolean") {
    (control as HTMLInputElement).checked = value;
  } else if (typeof value === "string") {
    control.value = value;
  }
}

function snapshot(form: HTMLFormElement): Kept[] {
  return controls(form).map(([control, index]) => [control.name, index, read(control)]);
}

function save(form: HTMLFormElement): void {
  const key = form.dataset["draft"];
  if (!key) return;
  try {
    storage()?.setItem(PREFIX + key, JSON.stringify(snapshot(form)));
  } catch {
    // Full: the draft is a courtesy, typing goes on.
  }
}

/** Puts kept drafts back into the forms under `root`; shows the form's note where anything changed by it. */
export function restoreDrafts(root: ParentNode): void {
  for (const form of Array.from(root.querySelectorAll<HTMLFormElement>("form[data-draft]"))) {
    if (form.dataset["draftRead"] !== undefined) continue;
    form.dataset["draftRead"] = "";
    const text = storage()?.getItem(PREFIX + form.dataset["draft"]);
    if (!text) continue;
    let kept: Kept[];
    try {
      kept = JSON.parse(text) as Kept[];
    } catch {
      continue;
    }
    const before = JSON.stringify(snapshot(form));
    for (const [control, index] of controls(form)) {
      const entry = kept.find(([name, at]) => name === control.name && at === index);
      if (entry) write(control, entry[2]);
    }
    const note = form.querySelector<HTMLElement>("[data-draft-note]");
    if (note && JSON.stringify(snapshot(form)) !== before) note.hidden = false;
  }
}

/** Forgets the drafts that the page under `root` says have served. */
export function clearDrafts(root: ParentNode): void {
  const store = storage();
  if (!store) return;
  for (const mark of Array.from(root.querySelectorAll<HTMLElement>("[data-draft-clear]"))) {
    const key = mark.dataset["draftClear"] ?? "";
    const all = Object.keys(store).filter((name) => name.startsWith(PREFIX));
    for (const name of all) if (key === "*" || name === PREFIX + key) store.removeItem(name);
  }
  const sent = store.getItem(SENT);
  if (sent !== null && root.querySelector(".toasts") !== null) {
    store.removeItem(PREFIX + sent);
    store.removeItem(SENT);
  }
}

/** Starts keeping, discarding and guarding, for all forms that are or will be on the page. */
export function keepDrafts(): void {
  const waiting = new Map<HTMLFormElement, number>();
  const unsent = new Set<HTMLFormElement>();

  const typed = (event: Event): void => {
    const form = (event.target as Element).closest("form");
    if (!form) return;
    if (form.hasAttribute("data-guard")) unsent.add(form);
    if (!form.hasAttribute("data-draft")) return;
    window.clearTimeout(waiting.get(form));
    waiting.set(form, window.setTimeout(() => { waiting.delete(form); save(form); }, 300));
  };
  document.addEventListener("input", typed);
  document.addEventListener("change", typed);

  const flush = (): void => {
    for (const [form, timer] of waiting) {
      window.clearTimeout(timer);
      save(form);
    }
    waiting.clear();
  };
  window.addEventListener("pagehide", flush);

  document.addEventListener("submit", (event) => {
    flush();
    const form = event.target as HTMLFormElement;
    unsent.delete(form);
    const key = form.dataset["draft"];
    if (key !== undefined) storage()?.setItem(SENT, key);
  });
  // A request that never arrived leaves the form as it was: still unsent.
  document.addEventListener("htmx:error", (event) => {
    const form = (event.target as Element).closest?.("form");
    if (form?.hasAttribute("data-guard")) unsent.add(form);
  });

  document.addEventListener("click", (event) => {
    const form = (event.target as Element).closest("[data-draft-discard]")?.closest("form");
    if (!form) return;
    event.preventDefault();
    storage()?.removeItem(PREFIX + (form.dataset["draft"] ?? ""));
    form.reset();
    unsent.delete(form);
    const note = form.querySelector<HTMLElement>("[data-draft-note]");
    if (note) note.hidden = true;
  });

  window.addEventListener("beforeunload", (event) => {
    if (!Array.from(unsent).some((form) => form.isConnected)) return;
    event.preventDefault();
    event.returnValue = "";
  });
}
