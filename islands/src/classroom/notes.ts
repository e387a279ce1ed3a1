/* Notes that all who teach in a class write together: a text of Yjs, whose updates go with all else that happens, so that rooms
 * that were cut off write on and come together again. */
import * as Y from "yjs";

/** How long what is typed is gathered before it goes on its way. */
const GATHER_MS = 700;
/** Letters of one piece: the node takes pieces of 12 KB. */
const PIECE = 2000;

export class Notes {
  private doc = new Y.Doc();
  private typed: Uint8Array[] = [];
  private timer: number | undefined;

  constructor(
    private readonly area: HTMLTextAreaElement | null,
    private readonly send: (update: Uint8Array) => void,
  ) {
    this.listen();
    area?.addEventListener("input", () => this.type(area.value));
  }

  get text(): string {
    return this.doc.getText("notes").toString();
  }

  /** Takes in what somebody wrote; what was written here is there already. */
  hear(update: Uint8Array): void {
    const { area } = this;
    const text = this.doc.getText("notes");
    const places = area && document.activeElement === area ? [area.selectionStart, area.selectionEnd].map((at) => Y.createRelativePositionFromTypeIndex(text, at)) : [];
    Y.applyUpdate(this.doc, update, "line");
    if (!area || area.value === this.text) return;
    area.value = this.text;
    const [from, to] = places.map((place) => Y.createAbsolutePositionFromRelativePosition(place, this.doc)?.index ?? 0);
    if (from !== undefined && to !== undefined) area.setSelectionRange(from, to);
  }

  /** Begins anew. */
  clear(): void {
    this.doc = new Y.Doc();
    this.listen();
  }

  /** Sends what was typed. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const update of this.typed.splice(0)) this.send(update);
  }

  private listen(): void {
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === "line") return;
      const last = this.typed[this.typed.length - 1];
      if (last && last.length + update.length < PIECE * 4) this.typed[this.typed.length - 1] = Y.mergeUpdates([last, update]);
      else this.typed.push(update);
      this.timer ??= window.setTimeout(() => this.flush(), GATHER_MS);
    });
  }

  /** Only what differs is written: what others write at the same time stays. */
  private type(now: string): void {
    const text = this.doc.getText("notes");
    const before = text.toString();
    let start = 0;
    while (start < before.length && start < now.length && before[start] === now[start]) start += 1;
    let end = 0;
    while (end < before.length - start && end < now.length - start && before[before.length - 1 - end] === now[now.length - 1 - end]) end += 1;
    if (before.length - end > start) text.delete(start, before.length - end - start);
    const put = now.slice(start, now.length - end);
    for (let at = 0; at < put.length; at += PIECE) text.insert(start + at, put.slice(at, at + PIECE));
  }
}
