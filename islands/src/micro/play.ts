/* A micro-lesson is played: the voice says when, and the board follows. */
import { keep, kept } from "../device.ts";
import { Board, type Page } from "./board.ts";
import { read, type Done } from "./pen.ts";

export const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** Shows the board as it is at a time of the lesson. */
class Follow {
  private next = 0;
  private last = -1;

  constructor(
    private readonly board: Board,
    private readonly acts: Done[],
  ) {}

  at(ms: number): void {
    const whole = ms < this.last || ms - this.last > 1500;
    if (ms < this.last) {
      this.board.clear();
      this.next = 0;
    }
    this.last = ms;
    let [redraw, live] = [whole, false];
    for (let done = this.acts[this.next]; done && done.at <= ms; done = this.acts[this.next]) {
      this.board.act(done.act);
      if (["begin", "go", "pointer", "away"].includes(done.act.kind)) live = true;
      else redraw = true;
      this.next += 1;
    }
    if (redraw) this.board.draw();
    else if (live) this.board.drawLive();
  }
}

export interface Lesson {
  pages: Page[];
  acts: Done[];
  ms: number;
  voice: string;
}

/** Fills a player: its buttons stand in the page, in the reader's language. */
export function player(box: HTMLElement, lesson: Lesson, name: string | undefined): () => void {
  const part = <T extends HTMLElement>(what: string): T | null => box.querySelector<T>(`[data-micro-${what}]`);
  const [sheet, button, line, time, speed, large] = [
    part("sheet"), part<HTMLButtonElement>("play"), part<HTMLInputElement>("line"), part("time"), part<HTMLSelectElement>("speed"), part<HTMLButtonElement>("large"),
  ];
  if (!sheet || !button || !line || !time) return () => {};
  sheet.textContent = "";
  const board = new Board(sheet, lesson.pages, (n) => `${box.dataset["page"] ?? ""} ${n + 1}`);
  const follow = new Follow(board, lesson.acts);
  const audio = new Audio(lesson.voice);
  audio.preload = "auto";
  line.max = String(lesson.ms);
  const show = (): void => {
    const ms = Math.min(audio.currentTime * 1000, lesson.ms);
    follow.at(ms);
    line.value = String(ms);
    line.setAttribute("aria-valuetext", clock(ms));
    time.textContent = `${clock(ms)} / ${clock(lesson.ms)}`;
  };
  let frame = 0;
  let noted = 0;
  const go = (): void => {
    show();
    if (name && Math.abs(audio.currentTime - noted) > 3) {
      noted = audio.currentTime;
      keep(name, String(Math.floor(noted)));
    }
    frame = audio.paused ? 0 : requestAnimationFrame(go);
  };
  const sign = (): void => {
    button.setAttribute("aria-pressed", String(!audio.paused));
    button.classList.toggle("on", !audio.paused);
  };
  button.addEventListener("click", () => {
    if (audio.paused) void audio.play();
    else audio.pause();
  });
  audio.addEventListener("play", () => {
    sign();
    if (!frame) frame = requestAnimationFrame(go);
  });
  for (const what of ["pause", "ended"]) audio.addEventListener(what, sign);
  for (const what of ["seeked", "loadedmetadata"]) audio.addEventListener(what, show);
  const seek = (ms: number): void => {
    const to = Math.max(0, Math.min(ms, lesson.ms));
    audio.currentTime = to / 1000;
    line.value = String(to);
  };
  line.addEventListener("input", () => seek(Number(line.value)));
  speed?.addEventListener("change", () => (audio.playbackRate = Number(speed.value) || 1));
  if (large && document.fullscreenEnabled) {
    large.hidden = false;
    large.addEventListener("click", () => {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void box.requestFullscreen();
    });
  }
  box.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const step = { ArrowLeft: -5000, ArrowRight: 5000 }[event.key];
    if (step) seek(audio.currentTime * 1000 + step);
    else if (event.key === " " && event.target !== button) button.click();
    else return;
    event.preventDefault();
  });
  const from = name ? Number(kept(name) ?? 0) : 0;
  if (from > 5 && from * 1000 < lesson.ms - 10_000) audio.addEventListener("loadedmetadata", () => seek(from * 1000), { once: true });
  show();
  return () => {
    audio.pause();
    audio.removeAttribute("src");
  };
}

/** The player of a resource. */
export async function plays(box: HTMLElement): Promise<void> {
  const at = box.dataset["micro"] ?? "";
  try {
    const about = (await (await fetch(`${at}/lesson.json`)).json()) as { ms: number; voice: string; pen: string; pages: { path: string | null; width: number; height: number }[] };
    const pen = new Uint8Array(await (await fetch(`${at}/${about.pen}`)).arrayBuffer());
    const pages = about.pages.map((p) => ({ ...p, src: p.path === null ? null : `${at}/${p.path}` }));
    player(box, { pages, acts: read(pen), ms: about.ms, voice: `${at}/${about.voice}` }, `at-${box.dataset["of"] ?? ""}`);
    box.classList.add("ready");
  } catch {
    box.querySelector<HTMLElement>("[data-micro-broken]")?.removeAttribute("hidden");
  }
}
