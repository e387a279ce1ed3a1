/*
 * A micro-lesson is recorded: slides, voice, and the pen with its times. Twelve kilobits a second carry speech well, so a
 * lesson of forty minutes has under four megabytes of voice; the pen takes four bytes a point.
 */
import { Board, type Page } from "./board.ts";
import { forget, left, note } from "./journal.ts";
import { Writer, read, type Act } from "./pen.ts";
import { clock, player } from "./play.ts";

const VOICE_BITS = 12_000;
/** How often what was recorded is kept on the device. */
const PIECE_MS = 4000;
/** An hour and a half is longer than any lesson. */
const MOST_MS = 90 * 60_000;
const WIDTHS = [26, 52, 120];

const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

type State = "ready" | "runs" | "rests" | "done";

export async function records(box: HTMLElement): Promise<void> {
  const part = <T extends HTMLElement>(what: string): T => {
    const found = box.querySelector<T>(`[data-micro-${what}]`);
    if (!found) throw new Error(`the page has no ${what}`);
    return found;
  };
  const say = (key: string): void => {
    part("said").textContent = box.dataset[key] ?? "";
  };
  const of = box.dataset["course"] ?? "";
  const pages = JSON.parse(box.dataset["pages"] ?? "[]") as Page[];
  if (pages.length === 0) pages.push({ src: null, width: 1280, height: 720 });

  const kind = typeof MediaRecorder === "undefined" ? undefined : KINDS.find((k) => MediaRecorder.isTypeSupported(k));
  if (!window.isSecureContext || !navigator.mediaDevices || !kind) {
    say(window.isSecureContext ? "old" : "insecure");
    part("trust").hidden = window.isSecureContext;
    // Nothing here would do anything.
    for (const what of ["sheet", "tools", "voice"]) part(what).hidden = true;
    return;
  }

  const board = new Board(part("sheet"), pages, (n) => `${box.dataset["page"] ?? ""} ${n + 1}`);
  let pen = new Writer();
  let voice: Blob[] = [];
  let state: State = "ready";
  let recorder: MediaRecorder | undefined;
  let [before, since] = [0, 0];
  let [colour, width] = [0, WIDTHS[0] ?? 26];
  let tool: "pen" | "pointer" = "pen";

  const now = (): number => before + (state === "runs" ? performance.now() - since : 0);
  const about = (): string => JSON.stringify({ ms: Math.round(now()), pages });
  const act = (what: Act): void => {
    board.act(what);
    if (state === "runs" || state === "rests") pen.act(now(), what);
  };

  const settle = (): void => {
    box.dataset["state"] = state;
    part<HTMLButtonElement>("record").hidden = state === "runs" || state === "done";
    part<HTMLButtonElement>("rest").hidden = state !== "runs";
    part<HTMLButtonElement>("stop").hidden = state === "ready" || state === "done";
    part("after").hidden = state !== "done";
    part("tools").hidden = state === "done";
    part("sheet").hidden = state === "done";
    part("voice").hidden = state === "done";
    part("place").textContent = `${board.page + 1} / ${pages.length}`;
    part<HTMLButtonElement>("back").disabled = board.page === 0;
    part<HTMLButtonElement>("on").disabled = board.page >= pages.length - 1;
  };
  const turn = (to: number): void => {
    if (to < 0 || to >= pages.length) return;
    act({ kind: "page", page: to });
    board.draw();
    settle();
  };

  // The pen.
  let held: number | undefined;
  const sheet = part("sheet");
  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || held !== undefined) return;
    event.preventDefault();
    held = event.pointerId;
    sheet.setPointerCapture(event.pointerId);
    const at = board.place(event);
    if (tool === "pointer") act({ kind: "pointer", x: at.x, y: at.y });
    else act({ kind: "begin", colour, width, at });
    board.drawLive();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (event.pointerId !== held) return;
    // All the places between two frames, where the browser tells them.
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length > 0 && tool === "pen" ? between : [event]) {
      const at = board.place(one);
      act(tool === "pointer" ? { kind: "pointer", x: at.x, y: at.y } : { kind: "go", at });
    }
    board.drawLive();
  });
  const lift = (event: PointerEvent): void => {
    if (event.pointerId !== held) return;
    held = undefined;
    act(tool === "pointer" ? { kind: "away" } : { kind: "end" });
    board.draw();
  };
  sheet.addEventListener("pointerup", lift);
  sheet.addEventListener("pointercancel", lift);

  part("tools").addEventListener("click", (event) => {
    const pressed = (event.target as Element).closest<HTMLButtonElement>("button");
    if (!pressed) return;
    const [chosen, size, how] = [pressed.dataset["colour"], pressed.dataset["size"], pressed.dataset["tool"]];
    if (chosen !== undefined) colour = Number(chosen);
    if (size !== undefined) width = WIDTHS[Number(size)] ?? width;
    if (how === "pen" || how === "pointer") tool = how;
    if (chosen !== undefined || size !== undefined) tool = "pen";
    if (how === "undo" || how === "wipe") {
      act({ kind: how });
      board.draw();
    }
    box.querySelectorAll<HTMLButtonElement>("[data-colour]").forEach((b) => b.setAttribute("aria-pressed", String(tool === "pen" && Number(b.dataset["colour"]) === colour)));
    box.querySelectorAll<HTMLButtonElement>("[data-size]").forEach((b) => b.setAttribute("aria-pressed", String(tool === "pen" && WIDTHS[Number(b.dataset["size"])] === width)));
    box.querySelectorAll<HTMLButtonElement>("[data-tool=pointer]").forEach((b) => b.setAttribute("aria-pressed", String(tool === "pointer")));
  });
  part("back").addEventListener("click", () => turn(board.page - 1));
  part("on").addEventListener("click", () => turn(board.page + 1));
  part("blank").addEventListener("click", () => {
    const last = pages[pages.length - 1] ?? { width: 1280, height: 720 };
    pages.push({ src: null, width: last.width, height: last.height });
    turn(pages.length - 1);
  });
  addEventListener("keydown", (event) => {
    if (state === "done" || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return;
    const to = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (!to) return;
    event.preventDefault();
    turn(board.page + to);
  });

  // The voice.
  const level = part<HTMLMeterElement>("level");
  const listen = (stream: MediaStream): void => {
    const context = new AudioContext();
    const ear = context.createAnalyser();
    ear.fftSize = 512;
    context.createMediaStreamSource(stream).connect(ear);
    const heard = new Uint8Array(ear.fftSize);
    const tick = (): void => {
      if (state === "done") {
        void context.close();
        return;
      }
      ear.getByteTimeDomainData(heard);
      level.value = Math.max(...Array.from(heard, (v) => Math.abs(v - 128))) / 128;
      part("clock").textContent = clock(now());
      if (now() > MOST_MS) stop();
      setTimeout(tick, 100);
    };
    tick();
  };
  const begin = async (): Promise<void> => {
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    } catch {
      say("deaf");
      return;
    }
    say("");
    recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: VOICE_BITS });
    recorder.addEventListener("dataavailable", (event) => {
      if (event.data.size === 0) return;
      voice.push(event.data);
      void note(of, voice.length - 1, event.data, pen.bytes(), about());
    });
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      finish();
    });
    await forget(of);
    recorder.start(PIECE_MS);
    since = performance.now();
    state = "runs";
    // What was tried on the board before is not part of the lesson.
    const page = board.page;
    board.clear();
    act({ kind: "page", page });
    board.draw();
    listen(stream);
    settle();
  };
  const rest = (): void => {
    before = now();
    state = "rests";
    recorder?.pause();
    settle();
  };
  const stop = (): void => {
    before = now();
    state = "done";
    recorder?.stop();
    settle();
  };
  part("record").addEventListener("click", () => {
    if (state === "ready") {
      void begin();
      return;
    }
    recorder?.resume();
    since = performance.now();
    state = "runs";
    settle();
  });
  part("rest").addEventListener("click", rest);
  part("stop").addEventListener("click", stop);

  // What is recorded is looked at, and saved or thrown away.
  let close = (): void => {};
  const finish = (): void => {
    const whole = new Blob(voice, { type: kind.split(";")[0] ?? kind });
    const bytes = pen.bytes();
    const ms = Math.round(before);
    const size = whole.size + bytes.length;
    part("size").textContent = `${clock(ms)} · ${size < 1e6 ? `${Math.ceil(size / 1000)} KB` : `${(size / 1e6).toFixed(1)} MB`}`;
    const preview = part("preview");
    close();
    const voiced = URL.createObjectURL(whole);
    close = player(preview, { pages, acts: read(bytes), ms, voice: voiced }, undefined);
    settle();
  };
  const form = part<HTMLFormElement>("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = new FormData(form);
    body.append("about", JSON.stringify({ ms: Math.round(before), pages: pages.map((p) => (p.src === null ? { width: p.width, height: p.height } : { name: p.src.split("/").pop() })) }));
    body.append("voice", new Blob(voice, { type: kind }), "voice");
    body.append("pen", new Blob([pen.bytes()]), "pen");
    const button = form.querySelector<HTMLButtonElement>("button.primary");
    if (button) button.disabled = true;
    say("saving");
    fetch(form.action, { method: "POST", body })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        await forget(of);
        clean = true;
        location.href = answer.url;
      })
      .catch(() => {
        say("unsaved");
        if (button) button.disabled = false;
      });
  });
  let clean = false;
  part("again").addEventListener("click", () => {
    if (!confirm(box.dataset["sure"] ?? "")) return;
    clean = true;
    void forget(of).then(() => location.reload());
  });
  addEventListener("beforeunload", (event) => {
    if (!clean && (state === "runs" || state === "rests" || state === "done")) event.preventDefault();
  });

  // What was recorded here and never saved.
  const found = await left(of);
  if (found) {
    const lost = part("left");
    lost.hidden = false;
    part("take").addEventListener("click", () => {
      const said = JSON.parse(found.about) as { ms: number; pages: Page[] };
      pages.splice(0, pages.length, ...said.pages);
      voice = found.voice;
      pen = new Writer();
      for (const done of read(found.pen)) pen.act(done.at, done.act);
      before = said.ms;
      state = "done";
      lost.hidden = true;
      finish();
    });
    part("drop").addEventListener("click", () => {
      lost.hidden = true;
      void forget(of);
    });
  }
  settle();
}
