/*
 * Comments on a plan: what is marked in a text that one reads goes into the comment's form, and `@` in a comment offers
 * those who can be asked to look. Without this script one types the words, and ticks who should see the comment.
 */

/** Names that are offered at once. */
const OFFERED = 6;

interface Marked { quote: string; which: number }

/** What is marked in the text: the words within one paragraph, and which time they stand in the whole. */
function marked(text: Element): Marked | null {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0).cloneRange();
  const at = range.startContainer instanceof Element ? range.startContainer : range.startContainer.parentElement;
  const own = at?.closest("p, .plan-stage");
  if (!own || !text.contains(own)) return null;
  if (!own.contains(range.endContainer)) range.setEnd(own, own.childNodes.length);
  const said = range.toString(), quote = said.trim().slice(0, 120);
  if (quote === "") return null;
  const before = document.createRange();
  before.setStart(own, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length + said.length - said.trimStart().length;
  let which = 0;
  for (const block of text.querySelectorAll("p:not(.plan-foot), .plan-stage")) {
    const all = block.textContent ?? "";
    for (let found = all.indexOf(quote); found >= 0; found = all.indexOf(quote, found + quote.length)) {
      if (block === own && found >= start) return { quote, which };
      which += 1;
    }
    if (block === own) break;
  }
  return { quote, which };
}

/** Puts values into the fields of a form. */
export function fill(form: HTMLFormElement, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value;
  }
}

/** What is marked in a text without an editor is what a comment is about. */
function quotes(root: ParentNode): void {
  const box = root.querySelector<HTMLDetailsElement>("[data-comment]");
  const form = box?.querySelector("form"), text = document.querySelector(".plan-doc");
  if (!box || !form || !text || box.dataset["quotes"] !== undefined || document.querySelector("[data-plan]")) return;
  box.dataset["quotes"] = "";
  // A tap on the button takes the mark away: what was marked last counts.
  let last: Marked | null = null;
  const look = (): void => { last = marked(text) ?? last; };
  document.addEventListener("selectionchange", look);
  box.addEventListener("pointerdown", look);
  box.addEventListener("toggle", () => {
    if (box.open && last) fill(form, { quote: last.quote, which: String(last.which), place: "" });
    if (box.open) form.querySelector("textarea")?.focus();
  });
}

/** The name before the cursor that begins with `@`. */
function named(area: HTMLTextAreaElement): string | null {
  return /@([^\s@]{0,20})$/u.exec(area.value.slice(0, area.selectionStart))?.[1] ?? null;
}

interface Person { value: string; name: string }

async function colleagues(form: HTMLFormElement, typed: string): Promise<Person[]> {
  if (typed === "" || !form.querySelector("input[name=ask][list]")) return [];
  const answer = await fetch(`/pick/person?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (!answer?.ok) return [];
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return Array.from(page.querySelectorAll("option"), (o) => ({ value: o.value, name: o.getAttribute("label") ?? o.value }));
}

function mentions(form: HTMLFormElement): void {
  const area = form.querySelector("textarea"), ask = form.querySelector<HTMLElement>("[data-ask]");
  const boxes = ask?.querySelector<HTMLElement>(".opts");
  if (!area || !ask || !boxes || form.dataset["mentions"] !== undefined) return;
  form.dataset["mentions"] = "";
  const offer = document.createElement("div");
  offer.className = "offer";
  offer.setAttribute("role", "group");
  offer.setAttribute("aria-label", ask.querySelector("legend")?.textContent ?? "");
  offer.hidden = true;
  area.after(offer);

  const choose = (person: Person): void => {
    const all = Array.from(boxes.querySelectorAll<HTMLInputElement>("input"));
    let box = all.find((b) => b.value === person.value);
    if (!box) {
      const label = document.createElement("label");
      box = document.createElement("input");
      box.type = "checkbox"; box.name = "ask"; box.value = person.value;
      label.append(box, person.name);
      boxes.append(label);
    }
    box.checked = true;
    const end = area.selectionStart, start = end - (named(area)?.length ?? 0), name = person.name.split(" · ")[0] ?? "";
    area.setRangeText(`${name} `, start, end, "end");
    offer.hidden = true;
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  let asked = 0;
  area.addEventListener("input", () => {
    const typed = named(area), time = (asked += 1);
    if (typed === null) { offer.hidden = true; return; }
    const wanted = typed.toLocaleLowerCase();
    const here = Array.from(boxes.querySelectorAll<HTMLInputElement>("input"), (b) => ({ value: b.value, name: b.parentElement?.textContent ?? "" }))
      .filter((p) => p.name.toLocaleLowerCase().includes(wanted));
    const show = (people: Person[]): void => {
      offer.replaceChildren(...people.slice(0, OFFERED).map((person) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = person.name;
        button.addEventListener("click", () => choose(person));
        return button;
      }));
      offer.hidden = people.length === 0;
    };
    show(here);
    void colleagues(form, typed).then((more) => {
      if (time !== asked) return;
      show([...here, ...more.filter((m) => !here.some((h) => m.value.endsWith(h.value)))]);
    });
  });
  form.addEventListener("keydown", (event) => {
    if (offer.hidden) return;
    const buttons = Array.from(offer.querySelectorAll("button")), at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape") { offer.hidden = true; area.focus(); event.preventDefault(); }
    if (event.key === "ArrowDown" && (at >= 0 || event.target === area)) { buttons[at + 1]?.focus(); event.preventDefault(); }
    if (event.key === "ArrowUp" && at >= 0) { (buttons[at - 1] ?? area).focus(); event.preventDefault(); }
  });
}

/** Makes the comment forms of a part of the page take what is marked, and offer names. */
export function comments(root: ParentNode): void {
  quotes(root);
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-comment-form]")) mentions(form);
}
