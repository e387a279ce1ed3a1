/*
 * What stands around a SCORM package on the stage: the package looks for its player in the windows around it, and finds
 * it here. What it wants to have kept goes to the node's own page around this one, which keeps it on the device.
 */

/** What both players of scorm-again share. */
interface Player {
  on(name: string, act: () => void): void;
  loadFromJSON(json: Record<string, unknown>): void;
  renderCMIToJSONObject(): unknown;
}

/** A player's class. */
export type Made = new (settings: Record<string, unknown>) => Player;

/** How long the page around is waited for before the package begins without it. */
const PATIENCE_MS = 3000;
/** Characters that a package may have kept: SCORM 2004 allows 64,000 of its own, and there are answers beside. */
const MOST = 300_000;

/** Begins the package when what was kept of it is there. */
export function begin(player: Player, kinds: string[]): void {
  const home = location.origin.replace("//stage.", "//");
  const at = document.body.dataset["at"] ?? "";
  let begun = false;

  const start = (kept: unknown): void => {
    if (begun) return;
    begun = true;
    if (kept && typeof kept === "object") {
      try {
        player.loadFromJSON(kept as Record<string, unknown>);
      } catch {
        // What another version kept is not worth a lesson that does not begin.
      }
    }
    const frame = document.createElement("iframe");
    frame.title = document.title;
    frame.style.cssText = "display:block;width:100%;height:100%;border:0";
    frame.src = at;
    document.body.append(frame);
  };

  const keep = (): void => {
    const state = JSON.stringify({ cmi: player.renderCMIToJSONObject() });
    if (state.length <= MOST) parent.postMessage({ stage: "keep", state }, home);
  };

  document.documentElement.style.height = "100%";
  document.body.style.cssText = "margin:0;height:100%";
  for (const kind of kinds) player.on(kind, keep);
  addEventListener("pagehide", keep);
  addEventListener("message", (event) => {
    if (event.origin !== home || event.source !== parent) return;
    const said = event.data as { stage?: string; state?: string } | null;
    if (said?.stage !== "state") return;
    try {
      start((JSON.parse(said.state ?? "null") as { cmi?: unknown } | null)?.cmi);
    } catch {
      start(undefined);
    }
  });
  parent.postMessage({ stage: "ask" }, home);
  setTimeout(() => start(undefined), PATIENCE_MS);
}
