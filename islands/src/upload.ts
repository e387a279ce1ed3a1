/**
 * Large files go in pieces: a cut costs one piece, and who comes back with the same file goes on where it stopped.
 * Without this script the form sends them whole.
 */
import { keep, kept } from "./device.ts";

/** Bytes from which on it is worth while. */
const LEAST = 512 << 10;
const pieceOf = (file: File): number => (file.size < 64 << 20 ? 256 << 10 : 4 << 20);

class Refused extends Error {}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Posts until it is answered; a node that cannot be reached is asked again. */
async function post(to: string, body: () => FormData | URLSearchParams, stop: AbortSignal, waits: (yes: boolean) => void): Promise<string> {
  for (let pause = 1000; ; pause = Math.min(pause * 2, 30_000)) {
    try {
      const answer = await fetch(to, { method: "POST", body: body(), signal: stop });
      if (answer.ok) {
        waits(false);
        return await answer.text();
      }
      if (answer.status < 500) throw new Refused(String(answer.status));
    } catch (e) {
      if (e instanceof Refused || stop.aborted) throw e;
    }
    waits(true);
    await sleep(pause);
    if (stop.aborted) throw new Error("stopped");
  }
}

async function send(form: HTMLFormElement, input: HTMLInputElement, files: File[]): Promise<void> {
  const csrf = form.querySelector<HTMLInputElement>("[name=_csrf]")?.value ?? "";
  // Where they go: each room takes in its own.
  const to = input.dataset["pieces"] ?? "/courses/pieces";
  const stop = new AbortController();
  const box = document.createElement("div");
  const bar = document.createElement("progress");
  const said = document.createElement("output");
  const cancel = document.createElement("button");
  box.className = "sending";
  bar.max = files.reduce((sum, file) => sum + file.size, 0);
  bar.value = 0;
  bar.setAttribute("aria-label", input.dataset["sending"] ?? "");
  cancel.type = "button";
  cancel.textContent = input.dataset["cancel"] ?? "";
  cancel.addEventListener("click", () => stop.abort());
  box.append(bar, said, cancel);
  form.append(box);
  const buttons = Array.from(form.querySelectorAll<HTMLButtonElement>("button:not([type=button])"));
  for (const button of buttons) button.disabled = true;
  const waits = (yes: boolean): void => {
    const word = (yes ? input.dataset["waiting"] : input.dataset["sending"]) ?? "";
    said.textContent = `${word} ${Math.floor((bar.value / Math.max(bar.max, 1)) * 100)} %`;
  };
  waits(false);
  try {
    let before = 0;
    for (const file of files) {
      const name = `up-${file.name}-${file.size}-${file.lastModified}`;
      const size = pieceOf(file);
      let receipts = (kept(name) ?? "").split(" ").filter(Boolean);
      let hash = "";
      for (let again = 0; hash === ""; again += 1) {
        for (let at = receipts.length * size; at < file.size; at += size) {
          bar.value = before + at;
          const piece = (): FormData => {
            const body = new FormData();
            body.append("_csrf", csrf);
            body.append("file", new Blob(["z", file.slice(at, at + size)]), "piece");
            return body;
          };
          receipts.push(await post(to, piece, stop.signal, waits));
          keep(name, receipts.join(" "));
        }
        const whole = (): URLSearchParams => {
          const body = new URLSearchParams({ _csrf: csrf, name: file.name });
          for (const receipt of receipts) body.append("piece", receipt);
          return body;
        };
        try {
          hash = await post(`${to}/join`, whole, stop.signal, waits);
        } catch (e) {
          // Pieces of long ago are gone, or belonged to somebody else at this device: once more from the beginning.
          if (!(e instanceof Refused) || again > 0) throw e;
          receipts = [];
        }
        keep(name, "");
      }
      before += file.size;
      bar.value = before;
      const held = document.createElement("input");
      held.type = "hidden";
      held.name = "held";
      held.value = hash;
      form.append(held);
    }
    input.value = "";
    input.required = false;
    form.submit();
  } catch (e) {
    box.remove();
    for (const button of buttons) button.disabled = false;
    // What the node refuses in pieces, it says in words to the whole form.
    if (e instanceof Refused) form.submit();
  }
}

/** Makes the file fields of a part of the page send in pieces. */
export function sends(root: ParentNode): void {
  for (const input of root.querySelectorAll<HTMLInputElement>("input[data-sending]")) {
    const form = input.form;
    if (form === null || form.dataset["pieces"] !== undefined) continue;
    form.dataset["pieces"] = "";
    form.addEventListener("submit", (event) => {
      const files = Array.from(input.files ?? []);
      if (files.reduce((sum, file) => sum + file.size, 0) < LEAST) return;
      event.preventDefault();
      void send(form, input, files);
    });
  }
}
