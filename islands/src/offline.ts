/*
 * Tells when this device does not reach its node. The page holds the words, in the reader's language:
 *
 * `<div class="strip bad" role="status" data-offline="/health" hidden>` … the value is the address that is asked again.
 *
 * `navigator.onLine` only says whether any network is there, and a node may run on this very machine, so the node itself
 * is asked before anything is said. The link between this node and the others is the link sign's business, not ours.
 */

const AGAIN_MS = 10_000;
const PATIENCE_MS = 8_000;

/** Starts listening; asks the node only when there is a reason to doubt, and then until it answers. */
export function watchNode(): void {
  let timer: number | undefined;

  const say = (lost: boolean): void => {
    for (const element of Array.from(document.querySelectorAll<HTMLElement>("[data-offline]"))) element.hidden = !lost;
  };

  const ask = async (): Promise<void> => {
    window.clearTimeout(timer);
    const address = document.querySelector<HTMLElement>("[data-offline]")?.dataset["offline"];
    if (!address) return;
    const patience = new AbortController();
    const end = window.setTimeout(() => patience.abort(), PATIENCE_MS);
    try {
      await fetch(address, { method: "HEAD", cache: "no-store", signal: patience.signal });
      say(false);
    } catch {
      say(true);
      timer = window.setTimeout(() => void ask(), AGAIN_MS);
    } finally {
      window.clearTimeout(end);
    }
  };

  window.addEventListener("offline", () => void ask());
  window.addEventListener("online", () => void ask());
  document.addEventListener("htmx:error", () => void ask());
  if (!navigator.onLine) void ask();
}
