/** Slides one at a time, and where one stopped in a film or a voice: kept on this device and nowhere else. */

import { keep, kept } from "./device.ts";

const button = (icon: string, label: string, act: () => void): HTMLButtonElement => {
  const made = document.createElement("button");
  const sprite = document.querySelector<SVGUseElement>("header.site use")?.getAttribute("href")?.split("#")[0] ?? "";
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.title = label;
  made.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#i-${icon}"/></svg>`;
  made.addEventListener("click", act);
  return made;
};

const oneByOne = (box: HTMLElement): void => {
  const pages = Array.from(box.children) as HTMLElement[];
  if (pages.length < 2) return;
  const name = `slide-${box.dataset["slides"] ?? ""}`;
  const count = document.createElement("output");
  let at = Math.min(Number(kept(name) ?? 0) || 0, pages.length - 1);
  const show = (to: number): void => {
    at = Math.max(0, Math.min(to, pages.length - 1));
    pages.forEach((page, n) => page.classList.toggle("on", n === at));
    // The next page is fetched while this one is looked at.
    const next = pages[at + 1];
    if (next instanceof HTMLImageElement) next.loading = "eager";
    before.disabled = at === 0;
    after.disabled = at === pages.length - 1;
    count.textContent = `${at + 1} / ${pages.length}`;
    keep(name, String(at));
  };
  const before = button("chevron-left", box.dataset["before"] ?? "", () => show(at - 1));
  const after = button("chevron-right", box.dataset["after"] ?? "", () => show(at + 1));
  const bar = document.createElement("div");
  bar.className = "slides-bar";
  bar.append(before, count, after);
  if (document.fullscreenEnabled) {
    bar.append(button("expand", box.dataset["large"] ?? "", () => {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void box.requestFullscreen();
    }));
  }
  box.append(bar);
  box.classList.add("one");
  box.tabIndex = 0;
  const keys: Record<string, () => void> = {
    ArrowRight: () => show(at + 1),
    ArrowLeft: () => show(at - 1),
    PageDown: () => show(at + 1),
    PageUp: () => show(at - 1),
    Home: () => show(0),
    End: () => show(pages.length - 1),
  };
  box.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  show(at);
};

const resume = (media: HTMLMediaElement): void => {
  const name = `at-${media.dataset["resume"] ?? ""}`;
  const at = Number(kept(name) ?? 0) || 0;
  media.addEventListener("loadedmetadata", () => {
    // Who came nearly to the end begins anew.
    if (at > 5 && at < media.duration - 10) media.currentTime = at;
  }, { once: true });
  let last = 0;
  media.addEventListener("timeupdate", () => {
    if (Math.abs(media.currentTime - last) < 3) return;
    last = media.currentTime;
    keep(name, String(Math.floor(last)));
  });
};

/** Another way to play the film, at the place where one is. */
const ways = (links: HTMLElement): void => {
  const media = links.previousElementSibling;
  if (!(media instanceof HTMLMediaElement)) return;
  links.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    if (!link) return;
    event.preventDefault();
    const at = media.currentTime;
    const plays = !media.paused;
    media.src = link.href;
    media.addEventListener("loadedmetadata", () => {
      media.currentTime = at;
      if (plays) void media.play();
    }, { once: true });
  });
};

/** Settles what a page, or a part that came later, shows. */
export function shows(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-slides]:not(.one)").forEach(oneByOne);
  root.querySelectorAll<HTMLMediaElement>("[data-resume]").forEach(resume);
  root.querySelectorAll<HTMLElement>("[data-ways]").forEach(ways);
}
