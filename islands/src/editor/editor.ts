/*
 * The editor of a lesson plan: several people write it at once, on one node or on several. Without this script the page
 * shows the plan to read.
 */
import { baseKeymap, chainCommands, toggleMark } from "prosemirror-commands";
import { inputRules, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import { type Command, EditorState, Plugin } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { redo, undo, ySyncPlugin, ySyncPluginKey, yUndoPlugin } from "y-prosemirror";
import * as Y from "yjs";
import { guests, moved, place } from "./guests.ts";
import { chooser, picture, pictures, take } from "./pictures.ts";
import { comment, lead, said, type Said } from "./said.ts";
import { schema } from "./schema.ts";
import { views, type Words } from "./views.ts";
import { connect, type State } from "./wire.ts";

interface Plan { words: Words; live: string; sprite: string; pictures: string; places: Said[] }

/** Milliseconds between two tellings of where one's cursor is. */
const HERE_EVERY = 200;

const { strong, em } = schema.marks as { strong: NonNullable<(typeof schema.marks)["strong"]>; em: NonNullable<(typeof schema.marks)["em"]> };
const node = (name: string) => schema.nodes[name]!;

/** The parts of a plan are its form: typing fills them, and never takes one away. */
const keepParts = new Plugin({
  filterTransaction(tr, state) {
    if (!tr.docChanged || tr.getMeta(ySyncPluginKey) !== undefined) return true;
    const parts = (doc: typeof state.doc): string => { const all: string[] = []; doc.forEach((n) => all.push(String(n.attrs["part"]))); return all.join(); };
    return parts(tr.doc) === parts(state.doc);
  },
});

const lists = inputRules({
  rules: [
    wrappingInputRule(/^\s*[-*•]\s$/, node("bullet_list")),
    wrappingInputRule(/^\s*(?:1|一)[.、.]\s?$/, node("ordered_list")),
  ],
});

function mount(root: HTMLElement): void {
  const { words, live, sprite, pictures: path, places } = JSON.parse(root.dataset["plan"] ?? "{}") as Plan;
  const shown = root.querySelector<HTMLElement>(".plan-doc"), status = root.querySelector<HTMLElement>(".plan-state");
  if (!shown || !status) return;
  const doc = new Y.Doc();
  let view: EditorView | null = null;
  let hereTold = 0;

  const wire = connect(live, doc, {
    state(state: State) {
      status.hidden = false;
      status.textContent = words[state] ?? "";
      status.className = `plan-state ${state}`;
    },
    guest(guest) {
      if (!view) return;
      // Somebody new does not know where we are.
      const fresh = guest.at !== null && !root.querySelector(`.guest-${guest.who % 6}`);
      moved(view, guest);
      if (fresh) wire.here(place(view.state));
    },
    ready() {
      const editor = document.createElement("div");
      editor.className = "plan-doc plan-editor";
      const bar = toolbar(words, sprite, (command, stay) => { if (view) { command(view.state, view.dispatch, view); if (stay) view.focus(); } });
      // Beside the line that says whether all is saved, which changes while one types.
      const told = document.createElement("p");
      told.className = "plan-told hint";
      told.setAttribute("role", "status");
      const taking = { path, words, say: (said: string) => { told.textContent = said; } };
      const add = (camera: boolean, icon: string, word: string): void => {
        const input = chooser(camera, (files) => { if (view) take(view, files, view.state.selection.to, taking); });
        const button = tool(sprite, icon, words[word] ?? "", () => input.click());
        if (camera) button.classList.add("camera");
        bar.append(button, input);
      };
      add(false, "image", "picture-add");
      add(true, "camera", "picture-camera");
      const fragment = doc.getXmlFragment("prosemirror");
      view = new EditorView(editor, {
        state: EditorState.create({
          schema,
          plugins: [
            ySyncPlugin(fragment), yUndoPlugin(), guests(), said(places, () => drawn(sprite, "message-square"), words["to-comment"] ?? ""), pictures(taking), keepParts, lists,
            keymap({
              "Mod-z": undo, "Mod-y": redo, "Mod-Shift-z": redo, "Mod-b": toggleMark(strong), "Mod-i": toggleMark(em),
              Enter: splitListItem(node("list_item")), Tab: sinkListItem(node("list_item")), "Shift-Tab": liftListItem(node("list_item")),
            }),
            keymap(baseKeymap),
          ],
        }),
        nodeViews: { ...views(words), image: picture(words) },
        attributes: { role: "textbox", "aria-multiline": "true", "aria-label": words["text"] ?? "" },
        // `this`, since the document is drawn before the view has a name.
        dispatchTransaction(this: EditorView, tr) {
          this.updateState(this.state.apply(tr));
          if ((tr.selectionSet || tr.docChanged) && hereTold === 0) {
            hereTold = window.setTimeout(() => { hereTold = 0; if (view?.hasFocus()) wire.here(place(view.state)); }, HERE_EVERY);
          }
        },
      });
      lead(view);
      shown.replaceWith(bar, told, editor);
      root.dataset["ready"] = "";
    },
  });
}

function drawn(sprite: string, icon: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#i-${icon}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function toolbar(words: Words, sprite: string, run: (command: Command, stay: boolean) => void): HTMLElement {
  const bar = document.createElement("div");
  bar.className = "plan-bar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", words["toolbar"] ?? "");
  const list = (name: string): Command => chainCommands(wrapInList(node(name)), liftListItem(node("list_item")));
  const buttons: readonly [string, string, Command][] = [
    ["strong", "bold", toggleMark(strong)], ["em", "italic", toggleMark(em)],
    ["list", "list", list("bullet_list")], ["numbers", "list-ordered", list("ordered_list")],
    ["undo", "undo-2", undo], ["redo", "redo-2", redo],
    ["comment", "message-square", (_state, _dispatch, view) => { if (view) comment(view); return true; }],
  ];
  for (const [key, icon, command] of buttons) bar.append(tool(sprite, icon, words[key] ?? "", () => run(command, key !== "comment")));
  return bar;
}

function tool(sprite: string, icon: string, word: string, run: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.append(drawn(sprite, icon));
  button.title = word;
  button.setAttribute("aria-label", word);
  // The selection must stay where it is.
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", run);
  return button;
}

for (const root of document.querySelectorAll<HTMLElement>("[data-plan]")) mount(root);
