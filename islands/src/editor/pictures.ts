/*
 * Pictures in the text: dropped, pasted, chosen or taken with the phone. While a file is on its way a placeholder stands
 * in the text, with how far it is and a way to stop; after a cut it is sent again. Files that are no pictures stand
 * beside the plan.
 */
import type { Node, NodeType } from "prosemirror-model";
import { type EditorState, Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet, type EditorView, type NodeView } from "prosemirror-view";
import { absolutePositionToRelativePosition, relativePositionToAbsolutePosition, ySyncPluginKey } from "y-prosemirror";
import * as Y from "yjs";
import { ID } from "./schema.ts";
import type { Words } from "./views.ts";

interface Binding { doc: Y.Doc; type: Y.XmlFragment; binding: { mapping: Map<Y.AbstractType<unknown>, unknown> } | null }
interface Taken { id: string; picture: boolean }
/** A file on its way; `null` instead of one takes it away. */
interface Way { at: Y.RelativePosition; dom: HTMLElement }
interface Step { key: number; way: Way | null }

/** Milliseconds before a file is sent again: at first, and at most. */
const AGAIN = 1000, LONGEST = 30_000;
/** Milliseconds after which a picture that has not come is asked for again. */
const LOOK = 15_000;

const key = new PluginKey<Map<number, Way>>("pictures");
let count = 0;

const sync = (state: EditorState): Binding | undefined => ySyncPluginKey.getState(state) as Binding | undefined;

function put(view: EditorView, step: Step): void {
  view.dispatch(view.state.tr.setMeta(key, step));
}

/** Where a picture can stand, at a place or after the paragraph that the place is in. */
function spot(doc: Node, pos: number, type: NodeType): number | null {
  const at = doc.resolve(Math.max(0, Math.min(pos, doc.content.size)));
  for (let depth = at.depth; depth >= 0; depth -= 1) {
    const index = at.indexAfter(depth);
    if (at.node(depth).canReplaceWith(index, index, type)) return depth === at.depth ? at.pos : at.after(depth + 1);
  }
  return null;
}

/** What the node says of a file that it does not take. */
function refused(answer: string, words: Words): string {
  const said = new DOMParser().parseFromString(answer, "text/html").querySelector(".happened h1")?.textContent;
  return said ?? words["file-refused"] ?? "";
}

/** Sends a file; a node that cannot be reached is asked again. */
async function post(to: string, file: File, stop: AbortSignal, tell: (part: number | null) => void, words: Words): Promise<Taken> {
  for (let pause = AGAIN; ; pause = Math.min(pause * 2, LONGEST)) {
    const answer = await new Promise<{ status: number; text: string }>((done) => {
      const asked = new XMLHttpRequest();
      const over = (): void => done({ status: asked.status, text: asked.responseText });
      asked.open("POST", to);
      asked.upload.onprogress = (event) => tell(event.total > 0 ? event.loaded / event.total : 0);
      asked.onloadend = over;
      stop.addEventListener("abort", () => asked.abort());
      const body = new FormData();
      body.append("_csrf", document.querySelector<HTMLInputElement>("[name=_csrf]")?.value ?? "");
      body.append("file", file, file.name);
      asked.send(body);
    });
    if (stop.aborted) throw new Error("");
    if (answer.status === 200) {
      const [taken] = JSON.parse(answer.text) as Taken[];
      if (taken) return taken;
    }
    if (answer.status >= 400 && answer.status < 500) throw new Error(refused(answer.text, words));
    tell(null);
    await new Promise((next) => setTimeout(next, pause));
    if (stop.aborted) throw new Error("");
  }
}

/** The list of the plan's files, as it is now. */
async function renew(): Promise<void> {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("section.files > ul");
  const there = document.querySelector("section.files > ul");
  if (now && there) there.replaceWith(document.importNode(now, true));
}

export interface Taking { path: string; words: Words; say(said: string): void }

/** Takes files into the plan: pictures into its text at a place, others beside it. */
export function take(view: EditorView, files: readonly File[], pos: number, { path, words, say }: Taking): void {
  for (const file of files) {
    const own = sync(view.state), me = (count += 1);
    if (!own?.binding) return;
    const at = absolutePositionToRelativePosition(Math.max(1, pos), own.type, own.binding.mapping as never) as Y.RelativePosition;
    const dom = document.createElement("div"), bar = document.createElement("progress"), text = document.createElement("span"), cancel = document.createElement("button");
    const stop = new AbortController();
    dom.className = "plan-coming";
    dom.contentEditable = "false";
    bar.max = 1; bar.value = 0;
    bar.setAttribute("aria-label", words["sending"] ?? "");
    text.textContent = file.name;
    cancel.type = "button";
    cancel.textContent = words["cancel"] ?? "";
    cancel.addEventListener("click", () => stop.abort());
    dom.append(bar, text, cancel);
    put(view, { key: me, way: { at, dom } });
    const tell = (part: number | null): void => {
      bar.value = part ?? 0;
      text.textContent = part === null ? `${file.name} · ${words["sending-again"] ?? ""}` : file.name;
    };
    void post(path, file, stop.signal, tell, words).then(
      (taken) => {
        const type = view.state.schema.nodes["image"], here = sync(view.state);
        const found = here?.binding ? relativePositionToAbsolutePosition(here.doc, here.type, at, here.binding.mapping as never) : null;
        const place = type && taken.picture ? spot(view.state.doc, found ?? view.state.selection.to, type) : null;
        put(view, { key: me, way: null });
        if (type && place !== null) {
          view.dispatch(view.state.tr.insert(place, type.create({ file: taken.id })));
          say(words["picture-taken"] ?? "");
        } else {
          say((words["file-taken"] ?? "").replace("{name}", file.name));
        }
        void renew();
      },
      (e: Error) => {
        put(view, { key: me, way: null });
        if (e.message) say(`${file.name}: ${e.message}`);
      },
    );
  }
}

/** Files of a drop or a paste. Office programs paste a picture of a text beside the text: then the text is meant. */
const filesOf = (data: DataTransfer | null): File[] =>
  data && !data.types.includes("text/plain") ? Array.from(data.files) : [];

export const pictures = (taking: Taking): Plugin => new Plugin<Map<number, Way>>({
  key,
  state: {
    init: () => new Map(),
    apply(tr, all) {
      const step = tr.getMeta(key) as Step | undefined;
      if (!step) return all;
      const next = new Map(all);
      if (step.way) next.set(step.key, step.way); else next.delete(step.key);
      return next;
    },
  },
  props: {
    decorations(state) {
      const own = sync(state);
      if (!own?.binding) return null;
      const marks: Decoration[] = [];
      for (const [n, { at, dom }] of key.getState(state) ?? []) {
        const pos = relativePositionToAbsolutePosition(own.doc, own.type, at, own.binding.mapping as never) ?? state.doc.content.size;
        marks.push(Decoration.widget(Math.min(pos, state.doc.content.size), dom, { key: `p${n}`, stopEvent: () => true }));
      }
      return DecorationSet.create(state.doc, marks);
    },
    handleDrop(view, event) {
      const files = filesOf(event.dataTransfer);
      if (files.length === 0) return false;
      event.preventDefault();
      take(view, files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? view.state.selection.to, taking);
      return true;
    },
    handlePaste(view, event) {
      const files = filesOf(event.clipboardData);
      if (files.length === 0) return false;
      take(view, files, view.state.selection.to, taking);
      return true;
    },
  },
});

/** A field for files that the toolbar opens: any, or a picture that the phone takes now. */
export function chooser(camera: boolean, chosen: (files: File[]) => void): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "file";
  input.hidden = true;
  if (camera) {
    input.accept = "image/*";
    input.setAttribute("capture", "environment");
  } else {
    input.multiple = true;
  }
  input.addEventListener("change", () => { chosen(Array.from(input.files ?? [])); input.value = ""; });
  return input;
}

/** A picture in the text, with the words for who does not see it. */
export function picture(words: Words): (node: Node, view: EditorView, at: () => number | undefined) => NodeView {
  return (node, view, at) => {
    const dom = document.createElement("figure"), img = document.createElement("img"), coming = document.createElement("p");
    const label = document.createElement("label"), alt = document.createElement("input"), drop = document.createElement("button");
    dom.className = "plan-picture";
    dom.contentEditable = "false";
    coming.className = "hint";
    coming.textContent = words["picture-coming"] ?? "";
    coming.hidden = true;
    alt.value = String(node.attrs["alt"]);
    alt.maxLength = 200;
    label.append(words["picture-alt"] ?? "", alt);
    drop.type = "button";
    drop.className = "plain";
    drop.textContent = words["picture-remove"] ?? "";
    dom.append(img, coming, label, drop);
    let timer = 0;
    const load = (): void => {
      const id = String(node.attrs["file"]);
      if (ID.test(id)) img.src = `/files/${id}/content`; else img.removeAttribute("src");
    };
    img.addEventListener("error", () => {
      coming.hidden = false;
      img.hidden = true;
      timer = window.setTimeout(() => { img.removeAttribute("src"); load(); }, LOOK);
    });
    img.addEventListener("load", () => { coming.hidden = true; img.hidden = false; });
    img.alt = alt.value;
    load();
    alt.addEventListener("change", () => {
      const place = at();
      if (place !== undefined) view.dispatch(view.state.tr.setNodeAttribute(place, "alt", alt.value.trim()));
    });
    drop.addEventListener("click", () => {
      const place = at();
      if (place !== undefined) view.dispatch(view.state.tr.delete(place, place + node.nodeSize));
      view.focus();
    });
    return {
      dom,
      update(next) {
        if (next.type !== node.type || next.attrs["file"] !== node.attrs["file"]) return false;
        node = next;
        img.alt = String(next.attrs["alt"]);
        if (document.activeElement !== alt) alt.value = img.alt;
        return true;
      },
      ignoreMutation: () => true,
      stopEvent: (event) => label.contains(event.target as globalThis.Node) || drop.contains(event.target as globalThis.Node),
      destroy: () => window.clearTimeout(timer),
    };
  };
}
