/*
 * The optional script of every page. Every page works without it; with it, parts swap in place, what is typed is kept,
 * and a lost node is told. It neither evaluates strings nor writes style attributes (CSP: default-src 'self').
 */
import "./zampa.css";
import htmx from "htmx.org";
import { comments } from "./comment.ts";
import { keepDrafts, clearDrafts, restoreDrafts } from "./draft.ts";
import { sounds } from "./heard.ts";
import { watchNode } from "./offline.ts";
import { keys } from "./keys.ts";
import { shows } from "./slides.ts";
import { stages } from "./stage/page.ts";
import { templates } from "./templates.ts";
import { weeks } from "./week.ts";
import { sends } from "./upload.ts";

/** What htmx hands an extension at its start; only the part used here (its type declarations leave it out). */
interface Inside {
  initSecurity(policy: undefined, sync: () => never, async: () => never): void;
}

// htmx would compile `hx-on`, `js:` values and trigger filters. The CSP forbids it; this says so in words.
function refuse(): never {
  throw new Error("Zampa's pages evaluate no strings; use a listener in zampa.js");
}
htmx.registerExtension("no-eval", { init: (inside: Inside) => inside.initSecurity(undefined, refuse, refuse) });

/** Runs on the page and again on every part that htmx swaps in. */
function settle(root: ParentNode): void {
  clearDrafts(root);
  restoreDrafts(root);
  // Before what remembers where a sound stopped.
  sounds(root);
  shows(root);
  stages(root);
  sends(root);
  comments(root);
  templates(root);
  weeks(root);
  root.querySelector<HTMLElement>(".errors")?.focus();
}

// Regular refreshes (`hx-trigger="every 20s"`) rest while nobody looks, and while a person is typing in what would be
// replaced.
document.addEventListener(
  "every",
  (event) => {
    const target = event.target as Element;
    const active = document.activeElement;
    const typing = active !== null && target.contains(active) && active.matches("input, select, textarea");
    if (document.hidden || typing) event.stopImmediatePropagation();
  },
  true,
);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.body.dispatchEvent(new CustomEvent("wake"));
});

// What runs over years and is wider than the page begins with the newest.
for (const years of document.querySelectorAll("[data-newest]")) years.scrollLeft = years.scrollWidth;

// What begins later has not happened yet: whoever gives such a day plans. Who ticks the box again means it.
document.addEventListener("input", (event) => {
  const day = event.target as HTMLInputElement;
  if (day.name !== "starts_on" || day.type !== "date") return;
  const birth = day.form?.querySelector<HTMLElement>("[data-birth]");
  const box = birth?.querySelector<HTMLInputElement>("input[name=_birth]");
  if (!birth || !box || day.value <= (birth.dataset["birth"] ?? "")) return;
  if (box.checked) box.click();
});

// `<button data-dismiss>` closes the toast or notice that it stands in.
document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest("[data-dismiss]");
  button?.closest(".toast, .notice, .strip")?.remove();
});

document.addEventListener("htmx:after:swap", () => settle(document));

document.documentElement.classList.add("js");
keepDrafts();
watchNode();
keys();
settle(document);
