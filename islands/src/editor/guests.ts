/* Where the others are: a thin line with a name in the text, kept at its place while everybody types. */
import type { EditorState } from "prosemirror-state";
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view";
import { absolutePositionToRelativePosition, relativePositionToAbsolutePosition, ySyncPluginKey } from "y-prosemirror";
import * as Y from "yjs";
import type { Guest } from "./wire.ts";

interface Binding { doc: Y.Doc; type: Y.XmlFragment; binding: { mapping: Map<Y.AbstractType<unknown>, unknown> } | null }

const key = new PluginKey<Map<number, Guest>>("guests");

/** One's own place, as others can find it whatever is typed meanwhile. */
export function place(state: EditorState): unknown {
  const sync = ySyncPluginKey.getState(state) as Binding | undefined;
  if (!sync?.binding) return null;
  const at = absolutePositionToRelativePosition(state.selection.head, sync.type, sync.binding.mapping as never);
  return Y.relativePositionToJSON(at as Y.RelativePosition) as unknown;
}

/** Somebody has come, moved or left. */
export function moved(view: EditorView, guest: Guest): void {
  view.dispatch(view.state.tr.setMeta(key, guest));
}

function mark(guest: Guest): HTMLElement {
  const line = document.createElement("span");
  line.className = `guest guest-${guest.who % 6}`;
  const name = document.createElement("span");
  name.textContent = guest.name ?? "";
  line.append(name);
  return line;
}

export const guests = (): Plugin => new Plugin<Map<number, Guest>>({
  key,
  state: {
    init: () => new Map(),
    apply(tr, all) {
      const guest = tr.getMeta(key) as Guest | undefined;
      if (!guest) return all;
      const next = new Map(all);
      if (guest.at === null) next.delete(guest.who); else next.set(guest.who, guest);
      return next;
    },
  },
  props: {
    decorations(state) {
      const sync = ySyncPluginKey.getState(state) as Binding | undefined;
      if (!sync?.binding) return null;
      const marks: Decoration[] = [];
      for (const guest of key.getState(state)?.values() ?? []) {
        const at = relativePositionToAbsolutePosition(
          sync.doc, sync.type, Y.createRelativePositionFromJSON(guest.at), sync.binding.mapping as never,
        );
        if (at !== null) marks.push(Decoration.widget(Math.min(at, state.doc.content.size), () => mark(guest), { key: `g${guest.who}`, side: 10 }));
      }
      return DecorationSet.create(state.doc, marks);
    },
  },
});
