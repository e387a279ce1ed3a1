/* A class that is played again: what happened is folded up to a time, and the voices follow the same clock. */
import { clock } from "../micro/play.ts";
import { Class } from "./fold.ts";
import { BEHIND, Hears, loud } from "./hears.ts";
import { draw, Pens } from "./ink.ts";
import { Notes } from "./notes.ts";
import { View, type Given } from "./view.ts";
import { each, Saying, type Happened } from "./wire.ts";

interface Voice {
  src: string;
  at: number;
  ms: number;
  /** 0 is what is spoken; others are languages of interpreters, from 1. */
  channel: number;
}

/** How far a voice may be from the clock before it is put right, in milliseconds. */
const APART_MS = 300;

/** What is left out of the time of a class before anybody had begun it. */
const beginning = (events: Happened[]): number => {
  const is = new Class();
  return events.find((event) => is.take(event) && is.began)?.t ?? 0;
};

export async function replays(box: HTMLElement): Promise<void> {
  const given = JSON.parse(box.dataset["replay"] ?? "{}") as Given & { events: string; voices: Voice[] };
  const answer = await fetch(given.events);
  if (!answer.ok) return;
  const events = each(new Uint8Array(await answer.arrayBuffer()));
  const from = beginning(events);
  const end = Math.max(from, events[events.length - 1]?.t ?? 0, ...given.voices.map((v) => v.at + v.ms)) - from;
  const view = new View(box, given);
  const part = <T extends HTMLElement>(what: string): T | null => box.querySelector<T>(what);
  const [button, line, time, speed] = [
    part<HTMLButtonElement>("[data-micro-play]"), part<HTMLInputElement>("[data-replay-line]"), part("[data-replay-time]"), part<HTMLSelectElement>("[data-replay-speed]"),
  ];
  if (!button || !line || !time) return;
  line.max = String(end);

  const voices = given.voices.map((voice) => {
    const sound = new Audio(voice.src);
    sound.preload = "auto";
    return { ...voice, sound };
  });

  let is = new Class();
  let pens = new Pens();
  const notes = new Notes(null, () => {});
  let next = 0;
  let at = 0;
  let last = -1;
  let plays = false;
  let since = 0;

  /** Shows the class as it was at a time. */
  const show = (ms: number): void => {
    const whole = ms < last || ms - last > 1500;
    if (ms < last) {
      is = new Class();
      pens = new Pens();
      next = 0;
      view.board.clear();
      notes.clear();
    }
    last = ms;
    let redraw = whole;
    for (let event = events[next]; event && event.t <= ms + from; event = events[next]) {
      if (event.said[0] === Saying.Pen) {
        const drawn = pens.read(event);
        if (drawn) draw(view.board, drawn);
        redraw = true;
      } else if (event.said[0] === Saying.Notes) notes.hear(event.said.slice(1));
      else if (is.take(event)?.k === "page") view.board.act({ kind: "page", page: is.page });
      next += 1;
    }
    view.show(is, ms + from, redraw);
    view.part("notes-text").textContent = notes.text;
    line.value = String(ms);
    line.setAttribute("aria-valuetext", clock(ms));
    time.textContent = `${clock(ms)} / ${clock(end)}`;
  };
  let hears: Hears;
  /** Plays of the voices what belongs to a time. */
  const speak = (ms: number): void => {
    for (const voice of voices) {
      const own = ms + from - voice.at;
      const on = plays && own >= 0 && own < voice.ms && (voice.channel === 0 || voice.channel === hears.channel);
      if (!on) {
        if (!voice.sound.paused) voice.sound.pause();
        continue;
      }
      if (Math.abs(voice.sound.currentTime * 1000 - own) > APART_MS) voice.sound.currentTime = own / 1000;
      if (voice.channel === 0) loud(voice.sound, interpreted(ms) ? BEHIND : 1);
      voice.sound.playbackRate = Number(speed?.value ?? 1);
      if (voice.sound.paused) void voice.sound.play().catch(() => {});
    }
  };
  /** Whether the interpreter who was chosen speaks. */
  const interpreted = (ms: number): boolean =>
    hears.channel > 0 && voices.some((voice) => voice.channel === hears.channel && ms + from >= voice.at && ms + from < voice.at + voice.ms);
  const tick = (): void => {
    if (!plays) return;
    const now = performance.now();
    at = Math.min(end, at + (now - since) * Number(speed?.value ?? 1));
    since = now;
    show(at);
    speak(at);
    if (at >= end) settle(false);
    else setTimeout(tick, 50);
  };
  const settle = (yes: boolean): void => {
    plays = yes;
    button.classList.toggle("on", yes);
    button.setAttribute("aria-pressed", String(yes));
    since = performance.now();
    speak(at);
    if (yes) tick();
  };
  button.addEventListener("click", () => {
    if (at >= end) at = 0;
    settle(!plays);
  });
  line.addEventListener("input", () => {
    at = Number(line.value);
    show(at);
    speak(at);
  });
  hears = new Hears(view, () => speak(at));
  hears.offer(given.languages.map((l) => l.lang).filter((_, n) => voices.some((voice) => voice.channel === n + 1)));
  show(0);
  box.dataset["ready"] = "true";
}
