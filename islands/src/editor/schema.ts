/*
 * What a plan is made of. The node builds the same outline for a new plan (features/lessons/src/outline.rs) and reads
 * the same elements for print and search, so a name that changes here changes there.
 */
import { Schema } from "prosemirror-model";
import { bulletList, listItem, orderedList } from "prosemirror-schema-list";

/** An id as the node writes it. */
export const ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

const cell = { content: "block+", isolating: true, defining: true };

export const schema = new Schema({
  nodes: {
    doc: { content: "(section | steps)+" },
    section: {
      content: "block+", attrs: { part: { default: "" } }, isolating: true, defining: true,
      toDOM: () => ["section", 0],
    },
    steps: {
      content: "step+", attrs: { part: { default: "" } }, isolating: true, defining: true,
      toDOM: () => ["table", ["tbody", 0]],
    },
    step: { content: "stage teacher pupils adult", isolating: true, toDOM: () => ["tr", 0] },
    stage: { content: "text*", attrs: { minutes: { default: "0" } }, isolating: true, defining: true, toDOM: () => ["th", 0] },
    teacher: { ...cell, toDOM: () => ["td", 0] },
    pupils: { ...cell, toDOM: () => ["td", 0] },
    adult: { ...cell, toDOM: () => ["td", 0] },
    paragraph: { group: "block", content: "text*", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    bullet_list: { ...bulletList, group: "block", content: "list_item+" },
    ordered_list: { ...orderedList, attrs: {}, parseDOM: [{ tag: "ol" }], toDOM: () => ["ol", 0], group: "block", content: "list_item+" },
    list_item: { ...listItem, content: "paragraph block*" },
    // Only a file of the plan's own, by its id: nothing is shown from elsewhere.
    image: {
      group: "block", atom: true, draggable: true,
      attrs: { file: { default: "", validate: "string" }, alt: { default: "", validate: "string" } },
      parseDOM: [{
        tag: "img[data-file]",
        getAttrs: (dom) => (ID.test(dom.dataset["file"] ?? "") ? { file: dom.dataset["file"], alt: dom.getAttribute("alt") ?? "" } : false),
      }],
      toDOM: (node) => ["img", { "data-file": String(node.attrs["file"]), alt: String(node.attrs["alt"]) }],
    },
    text: {},
  },
  marks: {
    strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
    em: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
  },
});
