/*
 * `/` goes to the search box, Escape closes what dropped down. A person can turn `/` off (WCAG 2.1.4): the server then
 * writes `data-keys="off"` on the html element.
 */

/** Starts listening. */
export function keys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target as HTMLElement;
    if (event.key === "Escape") {
      const open = at.closest<HTMLDetailsElement>("details.drop[open], details.menu[open]");
      if (!open) return;
      open.open = false;
      open.querySelector<HTMLElement>("summary")?.focus();
      return;
    }
    if (event.key !== "/" || document.documentElement.dataset["keys"] === "off") return;
    if (at.isContentEditable || at.matches("input, select, textarea")) return;
    const menu = document.querySelector<HTMLDetailsElement>("details.menu");
    const search = document.querySelector<HTMLInputElement>("input[type=search]");
    if (!search) return;
    event.preventDefault();
    if (menu && search.closest(".site-more") && menu.offsetParent !== null) menu.open = true;
    search.focus();
    search.select();
  });

  // A click elsewhere closes an open account list.
  document.addEventListener("click", (event) => {
    for (const open of Array.from(document.querySelectorAll<HTMLDetailsElement>("details.drop[open]"))) {
      if (!open.contains(event.target as Node)) open.open = false;
    }
  });
}
