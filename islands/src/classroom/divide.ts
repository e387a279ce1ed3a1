/* Where who leads divides the class into small groups: how many, how long, at what, and on which page. */
import { ROUNDS, type Class } from "./fold.ts";
import type { View } from "./view.ts";

export function groupWork(view: View, standing: () => Class, tell: (said: object) => void): void {
  const part = view.part("group-work");
  const form = part.querySelector("form");
  const page = part.querySelector<HTMLSelectElement>("[data-groups-page]");
  if (!form || !page) return;
  /** The pages that there are: white ones come to them. */
  part.addEventListener("toggle", () => {
    const is = standing();
    page.replaceChildren(
      new Option(view.word("groups-empty-sheet"), ""),
      ...view.given.pages.map((_, n) => new Option(`${view.word("page")} ${n + 1}${n === is.page ? ` · ${view.word("groups-this-page")}` : ""}`, String(n))),
    );
  });
  const value = (name: string): string => form.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-groups-${name}]`)?.value ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // The number of a round is that of the room that begins it, and its own: what comes late finds its sheet by it.
    const own = view.room * ROUNDS;
    const last = Math.max(own, ...[...standing().rounds.keys()].filter((id) => Math.floor(id / ROUNDS) === view.room));
    tell({
      k: "groups",
      r: last + 1,
      n: Number(value("n")),
      s: Number(value("minutes")) * 60,
      task: value("task").replace(/\s+/g, " ").trim(),
      shared: form.querySelector<HTMLInputElement>("[data-groups-shared]")?.checked ?? false,
      ...(page.value === "" ? {} : { p: Number(page.value) }),
    });
    part.removeAttribute("open");
    view.box.querySelector(".class-main")?.scrollIntoView({ block: "nearest" });
  });
}
