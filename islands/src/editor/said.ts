/* The words that comments are about: marked in the text, wherever typing has moved them. */
import { type EditorState, Plugin, TextSelection } from "prosemirror-state";
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view";
import { absolutePositionToRelativePosition, relativePositionToAbsolutePosition, ySyncPluginKey } from "y-prosemirror";
import * as Y from "yjs";
import { fill } from "../comment.ts";

/** The place of a comment's words, as the node writes it: length of the beginning, beginning, end; base 32. */
export interface Said { id: string; place: string }
interface Binding { doc: Y.Doc; type: Y.XmlFragment; binding: { mapping: Map<Y.AbstractType<unknown>, unknown> } | null }

const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

const encode = (bytes: Uint8Array): string => {
  let out = "", held = 0, bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5;) out += LETTERS[(held >> (bits -= 5)) & 31] ?? "";
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? out + (LETTERS[(held << (5 - bits)) & 31] ?? "") : out;
};

const decode = (text: string): Uint8Array => {
  const out: number[] = [];
  let held = 0, bits = 0;
  for (const letter of text) {
    held = (held << 5) | LETTERS.indexOf(letter);
    if ((bits += 5) >= 8) out.push((held >> (bits -= 8)) & 255);
    held &= (1 << bits) - 1;
  }
  return Uint8Array.from(out);
};

/** What is marked in the editor: the words, and their place. `null` where nothing is. */
function marked(state: EditorState): { quote: string; place: string } | null {
  const sync = ySyncPluginKey.getState(state) as Binding | undefined;
  const { from, to, empty } = state.selection;
  if (empty || !sync?.binding) return null;
  // From the first letter to the last: where a mark ends in an empty paragraph, it has no letter to stick to.
  let start = -1, end = -1;
  state.doc.nodesBetween(from, to, (node, at) => {
    if (!node.isText) return;
    if (start < 0) start = Math.max(from, at);
    end = Math.min(to, at + node.nodeSize);
  });
  if (start < 0) return null;
  const at = (pos: number): Y.RelativePosition =>
    absolutePositionToRelativePosition(pos, sync.type, sync.binding?.mapping as never) as Y.RelativePosition;
  const last = Y.createAbsolutePositionFromRelativePosition(at(end), sync.doc);
  if (!last) return null;
  const first = Y.encodeRelativePosition(at(start));
  const until = Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(last.type, last.index, -1));
  return { quote: state.doc.textBetween(start, end, " ").slice(0, 120), place: encode(Uint8Array.from([first.length, ...first, ...until])) };
}

/** Whether the editor knows each part of the document, and so where positions in it are. */
const drawn = (type: Y.XmlFragment, mapping: Map<Y.AbstractType<unknown>, unknown>): boolean =>
  type.toArray().every((part) => mapping.has(part as unknown as Y.AbstractType<unknown>));

/** Where the words of each comment stood when they were drawn last. */
const where = new Map<string, { from: number; to: number }>();

/** The sign after the words that leads to the comment: the words themselves stay for the cursor, and to be mended. */
function sign(id: string, icon: () => Element, word: string): HTMLElement {
  const link = document.createElement("a");
  link.className = "plan-lead";
  link.href = `#comment-${id}`;
  link.title = word;
  link.setAttribute("aria-label", word);
  link.contentEditable = "false";
  link.append(icon());
  link.addEventListener("click", (event) => {
    event.preventDefault();
    // The address alone would not lead there a second time.
    history.replaceState(null, "", link.href);
    const there = document.getElementById(`comment-${id}`);
    there?.setAttribute("tabindex", "-1");
    there?.focus({ preventScroll: true });
    there?.scrollIntoView({ block: "center" });
  });
  return link;
}

export function said(all: readonly Said[], icon: () => Element, word: string): Plugin {
  const places = all.map(({ id, place }) => {
    const bytes = decode(place), cut = 1 + (bytes[0] ?? 0);
    return { id, start: Y.decodeRelativePosition(bytes.slice(1, cut)), end: Y.decodeRelativePosition(bytes.slice(cut)) };
  });
  return new Plugin({
    props: {
      decorations(state) {
        const sync = ySyncPluginKey.getState(state) as Binding | undefined;
        // Until the document is drawn for the first time, nothing has a place.
        if (!sync?.binding || !drawn(sync.type, sync.binding.mapping)) return null;
        const marks: Decoration[] = [];
        const find = (at: Y.RelativePosition): number | null => {
          try {
            return relativePositionToAbsolutePosition(sync.doc, sync.type, at, sync.binding?.mapping as never);
          } catch {
            return null; // a part within that is not drawn yet: the next drawing finds it
          }
        };
        for (const { id, start, end } of places) {
          const from = find(start), to = find(end);
          const stands = from !== null && to !== null && from < to && to <= state.doc.content.size;
          if (stands) where.set(id, { from, to }); else where.delete(id);
          if (stands) {
            marks.push(Decoration.inline(from, to, { class: "plan-said", "data-said": id }));
            marks.push(Decoration.widget(to, () => sign(id, icon, word), { key: `said-${id}`, side: 1, stopEvent: () => true, ignoreSelection: true }));
          }
          const gone = document.querySelector<HTMLElement>(`#comment-${id} .gone`);
          if (gone) gone.hidden = stands;
        }
        return DecorationSet.create(state.doc, marks);
      },
    },
  });
}

/** From a comment to its words, and from marked words to the comment's form. */
export function lead(view: EditorView): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[href^="#words-"]');
    const id = link?.hash.slice("#words-".length) ?? "", at = where.get(id);
    if (!at) return;
    event.preventDefault();
    view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, at.from, at.to)));
    view.focus();
    view.dom.querySelector(`[data-said="${id}"]`)?.scrollIntoView({ block: "center" });
  });
  const box = document.querySelector<HTMLDetailsElement>("[data-comment]"), form = box?.querySelector("form");
  if (!box || !form) return;
  box.addEventListener("toggle", () => {
    const found = box.open ? marked(view.state) : null;
    if (found) fill(form, { ...found, which: "" });
    if (box.open) form.querySelector("textarea")?.focus();
  });
  // Words that somebody types into the form are looked for in the text.
  form.querySelector("[name=quote]")?.addEventListener("input", () => fill(form, { place: "" }));
}

/** Opens the comment's form with what is marked. */
export function comment(view: EditorView): void {
  const box = document.querySelector<HTMLDetailsElement>("[data-comment]"), form = box?.querySelector("form");
  const found = marked(view.state);
  if (!box || !form) return;
  if (found) fill(form, { ...found, which: "" });
  if (!box.open) box.open = true;
  box.scrollIntoView({ block: "center" });
  form.querySelector("textarea")?.focus();
}
