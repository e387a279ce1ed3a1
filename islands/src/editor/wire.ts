/*
 * The line to the node (features/lessons/src/room.rs). What is typed here is kept until the node says that it is on
 * disk; when the line breaks, all that is not is sent again as soon as the node answers.
 */
import * as Y from "yjs";

const HELLO = 0, TYPED = 1, HERE = 2, SAVED = 3, REFUSED = 4;

/** Bytes that the node takes at once. */
const MOST = 48 * 1024;
/** Milliseconds in which typing is gathered before it is sent: a frame. */
const GATHER = 16;
/** Milliseconds after which a broken line is told; shorter ones mend unseen. */
const TOLD_AFTER = 1500;

export type State = "saving" | "saved" | "apart" | "refused";

export interface Guest { who: number; name?: string; at: unknown }

export interface Wire {
  /** Says where one's cursor is. */
  here(at: unknown): void;
  /** Whether all that was typed is on the node's disk. */
  settled(): boolean;
}

export interface Ears {
  /** The document has come for the first time. */
  ready(): void;
  state(state: State): void;
  guest(guest: Guest): void;
}

/** Keeps `doc` and the node's document one. */
export function connect(path: string, doc: Y.Doc, ears: Ears): Wire {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let socket: WebSocket | null = null;
  let open = false, known = false, timer = 0, wait = 250, said = "";
  let apart = 0;
  /** Typed and not on the node's disk: first what is sent, then what is not. */
  let sent: Uint8Array[] = [], typed: Uint8Array[] = [];
  let saved = 0;

  const tell = (state: State): void => { if (state !== said) { said = state; ears.state(state); } };
  const settled = (): boolean => sent.length === 0 && typed.length === 0;

  const say = (kind: number, body: Uint8Array): void => {
    const message = new Uint8Array(body.length + 1);
    message[0] = kind;
    message.set(body, 1);
    socket?.send(message);
  };

  const flush = (): void => {
    timer = 0;
    if (!open) return;
    while (typed.length > 0) {
      let take = 1, size = typed[0]!.length;
      while (take < typed.length && size + typed[take]!.length <= MOST) size += typed[take++]!.length;
      const group = Y.mergeUpdates(typed.splice(0, take));
      sent.push(group);
      say(TYPED, group);
    }
    tell(settled() ? "saved" : "saving");
  };

  doc.on("update", (update: Uint8Array, origin: unknown) => {
    if (origin === connect) return;
    typed.push(update);
    if (open) tell("saving");
    if (timer === 0) timer = window.setTimeout(flush, GATHER);
  });

  const hear = (event: MessageEvent<ArrayBuffer>): void => {
    const message = new Uint8Array(event.data);
    const body = message.subarray(1);
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    switch (message[0]) {
      case HELLO: {
        const vector = view.getUint32(0);
        Y.applyUpdate(doc, body.slice(4 + vector), connect);
        open = true;
        wait = 250;
        window.clearTimeout(apart);
        apart = 0;
        // What was sent and not acknowledged may be lost: it goes again, and changes nothing if it is not.
        typed = [...sent, ...typed];
        sent = [];
        saved = 0;
        flush();
        if (!known) { known = true; ears.ready(); }
        break;
      }
      case TYPED: Y.applyUpdate(doc, body.slice(), connect); break;
      case HERE: ears.guest(JSON.parse(new TextDecoder().decode(body)) as Guest); break;
      case SAVED: {
        const count = view.getUint32(0);
        sent.splice(0, count - saved);
        saved = count;
        if (settled()) tell("saved");
        break;
      }
      case REFUSED: sent.shift(); tell("refused"); break;
    }
  };

  const dial = (): void => {
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => say(HELLO, Y.encodeStateVector(doc));
    socket.onmessage = hear;
    socket.onclose = () => {
      open = false;
      if (apart === 0) apart = window.setTimeout(() => tell("apart"), TOLD_AFTER);
      window.setTimeout(dial, wait);
      wait = Math.min(wait * 2, 8000);
    };
  };
  dial();
  window.addEventListener("online", () => { if (!open && socket?.readyState === WebSocket.CLOSED) dial(); });
  window.addEventListener("beforeunload", (event) => { if (!settled()) event.preventDefault(); });

  return {
    here: (at) => { if (open) say(HERE, new TextEncoder().encode(JSON.stringify(at))); },
    settled,
  };
}
