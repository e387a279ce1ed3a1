/* A picture of the camera, shown to all: made small here, so that it takes little of the link; and the newest one, once it has come. */
import type { Class } from "./fold.ts";
import type { View } from "./view.ts";

/** Bytes that the node takes are some more. */
const MOST = 38 * 1024;
const SIDES = [1024, 800, 640, 480];
const QUALITIES = [0.7, 0.5, 0.35];
/** How often it is asked whether a picture has come. */
const AGAIN_MS = 2000;

const load = (file: Blob): Promise<HTMLImageElement> =>
  new Promise((resolve, reject) => {
    const picture = new Image();
    picture.addEventListener("load", () => resolve(picture));
    picture.addEventListener("error", reject);
    // An address of the picture's own: a page shows pictures of its node and of itself.
    const reader = new FileReader();
    reader.addEventListener("load", () => (picture.src = String(reader.result)));
    reader.addEventListener("error", reject);
    reader.readAsDataURL(file);
  });

/** A picture in few bytes: drawn anew, so that nothing but its pixels goes on. */
async function small(file: Blob): Promise<Blob | undefined> {
  const picture = await load(file);
  for (const side of SIDES) {
    const by = Math.min(1, side / Math.max(picture.naturalWidth, picture.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.naturalWidth * by));
    canvas.height = Math.max(1, Math.round(picture.naturalHeight * by));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
      if (blob && blob.size <= MOST) return blob;
    }
  }
  return undefined;
}

/** Takes a picture and shows it to all. */
export function takes(view: View): void {
  const form = view.part<HTMLFormElement>("take-still");
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  input?.addEventListener("change", async () => {
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    const said = await (async (): Promise<string> => {
      const blob = await small(file).catch(() => undefined);
      if (!blob) return "still-failed";
      const body = new FormData();
      const token = form.querySelector<HTMLInputElement>("[name=_csrf]");
      if (token) body.append("_csrf", token.value);
      body.append("file", blob, "still.jpg");
      const answer = await fetch(form.action, { method: "POST", body }).catch(() => undefined);
      return answer?.ok ? "still-sent" : "still-failed";
    })();
    view.note(view.word(said));
  });
}

/** Withdraws the picture that is shown, for ever. */
export function withdraws(view: View, shown: () => string | undefined): void {
  const token = view.part<HTMLFormElement>("take-still").querySelector<HTMLInputElement>("[name=_csrf]");
  view.box.querySelector("[data-still-withdraw]")?.addEventListener("click", async () => {
    const id = shown();
    if (!id || !token || !confirm(view.word("still-sure"))) return;
    const body = new URLSearchParams({ _csrf: token.value });
    const answer = await fetch(`${view.given.stills}/${id}/withdraw`, { method: "POST", body }).catch(() => undefined);
    view.note(view.word(answer?.ok ? "still-withdrawn" : "still-failed"));
  });
}

/** Shows the newest picture; asks again until it has come. */
export class Still {
  private shown = "";
  private timer: number | undefined;

  constructor(private readonly view: View) {}

  show(is: Class): void {
    const part = this.view.part("still");
    const now = is.still?.id ?? "";
    part.hidden = now === "";
    const withdraw = part.querySelector<HTMLElement>("[data-still-withdraw]");
    const leads = ["teacher", "co"].includes(this.view.role);
    if (withdraw) withdraw.hidden = !leads && !(this.view.role === "adult" && this.view.room === is.still?.room);
    if (now === this.shown) return;
    this.shown = now;
    clearTimeout(this.timer);
    const picture = part.querySelector("img");
    const of = part.querySelector<HTMLElement>("[data-still-of]");
    if (!picture || !of || !is.still) return;
    const said = this.view.word("still-of").replace("{room}", this.view.title(is.still.room));
    of.textContent = `${said} · ${this.view.word("still-coming")}`;
    picture.alt = said;
    picture.hidden = true;
    const ask = (): void => {
      if (this.shown === now) picture.src = `${this.view.given.stills}/${now}?${Date.now() % 100_000}`;
    };
    picture.onload = () => {
      picture.hidden = false;
      of.textContent = said;
    };
    picture.onerror = () => {
      this.timer = window.setTimeout(ask, AGAIN_MS);
    };
    ask();
  }
}
