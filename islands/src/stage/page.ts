/* The node's own page around the stage: keeps on this device what a package asks to have kept, and where one stopped. */
import { keep, kept } from "../device.ts";

/** Characters that one part of a package may have kept here. */
const MOST = 300_000;

const around = (box: HTMLElement): void => {
  const frame = box.querySelector("iframe");
  const [stage, of, part] = [box.dataset["stage"] ?? "", box.dataset["of"] ?? "", box.dataset["part"] ?? "1"];
  if (!frame) return;
  const last = kept(`part-${of}`);
  const here = new URL(location.href);
  // Who comes back goes on where they stopped; who chose a part gets it.
  if (last && last !== part && !here.searchParams.has("part") && /^\d+$/.test(last)) {
    here.searchParams.set("part", last);
    location.replace(here);
    return;
  }
  keep(`part-${of}`, part === "1" ? "" : part);

  const name = `stage-${of}-${part}`;
  const afresh = document.querySelector<HTMLButtonElement>("[data-afresh]");
  const offer = (): void => {
    if (afresh) afresh.hidden = !kept(name);
  };
  offer();
  let closed = false;
  afresh?.addEventListener("click", () => {
    // What the package says while it ends is not kept either.
    closed = true;
    keep(name, "");
    location.reload();
  });
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== `${location.protocol}//${stage}`) return;
    const said = event.data as { stage?: unknown; state?: unknown } | null;
    if (said?.stage === "ask") {
      frame.contentWindow?.postMessage({ stage: "state", state: kept(name) ?? "null" }, event.origin);
    } else if (said?.stage === "keep" && typeof said.state === "string" && said.state.length <= MOST && !closed) {
      keep(name, said.state);
      offer();
    }
  });

  // A name that this device does not find gives a frame that says nothing: so it is looked for apart.
  const probe = new Image();
  probe.addEventListener("error", () => {
    document.querySelectorAll<HTMLElement>("[data-stage-away]").forEach((element) => (element.hidden = false));
    box.hidden = true;
  });
  probe.src = `//${stage}/static/icon.svg`;

  if (document.fullscreenEnabled) {
    const large = document.createElement("button");
    large.type = "button";
    large.textContent = box.dataset["large"] ?? "";
    large.addEventListener("click", () => void box.requestFullscreen());
    document.querySelector("[data-stage-acts]")?.append(large);
  }
};

/** Settles the stage of a page that has one. */
export function stages(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-stage]").forEach(around);
}
