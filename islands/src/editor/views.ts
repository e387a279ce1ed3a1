/* How the parts of a plan stand on the page: each under its name; the process as a table, on a phone as cards. */
import type { Node } from "prosemirror-model";
import type { EditorView, NodeView } from "prosemirror-view";

export type Words = Readonly<Record<string, string>>;
type Place = () => number | undefined;

const make = <K extends keyof HTMLElementTagNameMap>(tag: K, name = "", text = ""): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
};

/** What stands in the editor and is no text of the plan. */
const fixed = <E extends HTMLElement>(element: E): E => { element.contentEditable = "false"; return element; };

export function views(words: Words): Record<string, (node: Node, view: EditorView, at: Place) => NodeView> {
  const said = (key: string): string => words[key] ?? key;
  const named = (node: Node): HTMLElement => fixed(make("h2", "", said(`part-${node.attrs["part"] as string}`)));
  const cell = (column: string) => (): NodeView => {
    const dom = make("td");
    dom.dataset["label"] = said(`column-${column}`);
    const contentDOM = make("div");
    dom.append(contentDOM);
    return { dom, contentDOM };
  };
  return {
    section(node) {
      const dom = make("section", "plan-part"), contentDOM = make("div");
      dom.append(named(node), contentDOM);
      return { dom, contentDOM };
    },
    steps(node, view, at) {
      const dom = make("section", "plan-part"), table = make("table", "plan-steps"), contentDOM = make("tbody");
      const head = fixed(make("thead")), row = make("tr");
      for (const column of ["stage", "teacher", "pupils", "adult"]) {
        const th = make("th", "", said(`column-${column}`));
        th.scope = "col";
        row.append(th);
      }
      head.append(row);
      table.append(head, contentDOM);
      const foot = fixed(make("p", "plan-foot")), add = make("button", "", said("add-step")), sum = make("span");
      add.type = "button";
      add.addEventListener("click", () => {
        const place = at(), steps = place === undefined ? null : view.state.doc.nodeAt(place);
        const step = view.state.schema.nodes["step"]?.createAndFill();
        if (place !== undefined && steps && step) view.dispatch(view.state.tr.insert(place + steps.nodeSize - 1, step).scrollIntoView());
        view.focus();
      });
      foot.append(add, sum);
      dom.append(named(node), table, foot);
      const count = (of: Node): void => {
        let minutes = 0;
        of.forEach((step) => { minutes += Number(step.firstChild?.attrs["minutes"]) || 0; });
        sum.textContent = said("sum").replace("{n}", String(minutes));
      };
      count(node);
      return {
        dom, contentDOM,
        update(next) { if (next.type !== node.type) return false; node = next; count(next); return true; },
        ignoreMutation: (mutation) => !contentDOM.contains(mutation.target),
        stopEvent: (event) => foot.contains(event.target as globalThis.Node),
      };
    },
    stage(node, view, at) {
      const dom = make("th"), contentDOM = make("div", "plan-stage");
      dom.scope = "row";
      dom.dataset["label"] = said("column-stage");
      const aside = fixed(make("div", "plan-minutes")), label = make("label"), input = make("input"), drop = make("button", "plain", "×");
      input.type = "number"; input.min = "0"; input.max = "240"; input.value = String(node.attrs["minutes"]);
      label.append(input, ` ${said("column-minutes")}`);
      drop.type = "button";
      drop.title = said("remove-step");
      drop.setAttribute("aria-label", said("remove-step"));
      input.addEventListener("change", () => {
        const place = at(), minutes = String(Math.max(0, Math.min(240, Math.round(Number(input.value) || 0))));
        if (place !== undefined) view.dispatch(view.state.tr.setNodeAttribute(place, "minutes", minutes));
      });
      drop.addEventListener("click", () => {
        const place = at();
        if (place === undefined) return;
        const around = view.state.doc.resolve(place), steps = around.node(around.depth - 1);
        if (steps.childCount > 1) view.dispatch(view.state.tr.delete(around.before(), around.after()));
        view.focus();
      });
      aside.append(label, drop);
      dom.append(contentDOM, aside);
      return {
        dom, contentDOM,
        update(next) {
          if (next.type !== node.type) return false;
          node = next;
          if (document.activeElement !== input) input.value = String(next.attrs["minutes"]);
          return true;
        },
        ignoreMutation: (mutation) => !contentDOM.contains(mutation.target),
        stopEvent: (event) => aside.contains(event.target as globalThis.Node),
      };
    },
    teacher: cell("teacher"),
    pupils: cell("pupils"),
    adult: cell("adult"),
  };
}
