/* Which voice one hears: what is spoken, or its interpretation, with what is spoken softly behind it. Kept on the device. */
import type { View } from "./view.ts";

const KEY = "zampa-class-hears";
/** How loud what is spoken is behind an interpreter. */
export const BEHIND = 0.2;

/** A sound as loud as this; where a browser leaves that to the device, it is silent instead. */
export function loud(sound: HTMLMediaElement, how: number): void {
  sound.volume = how;
  sound.muted = how < 1 && sound.volume === 1;
}

export class Hears {
  /** The channel that was chosen: 0 is what is spoken. */
  channel = 0;
  private shown = "";
  private readonly select: HTMLSelectElement | null;

  constructor(
    private readonly view: View,
    private readonly chosen: (channel: number) => void,
  ) {
    this.select = view.part("hears").querySelector("select");
    this.select?.addEventListener("change", () => {
      const lang = this.select?.value ?? "";
      try {
        localStorage.setItem(KEY, lang);
      } catch {
        // Then it holds for this page.
      }
      this.choose(lang);
    });
  }

  /** Offers the languages that somebody interprets into. */
  offer(langs: string[]): void {
    const shown = langs.join();
    if (!this.select || shown === this.shown) return;
    this.shown = shown;
    this.view.part("hears").hidden = langs.length === 0;
    this.select.replaceChildren(new Option(this.view.word("original"), ""), ...langs.map((lang) => new Option(this.view.language(lang), lang)));
    let kept = "";
    try {
      kept = localStorage.getItem(KEY) ?? "";
    } catch {
      // As one who has chosen nothing.
    }
    this.choose(langs.includes(kept) ? kept : "");
  }

  private choose(lang: string): void {
    if (this.select) this.select.value = lang;
    const channel = this.view.given.languages.findIndex((l) => l.lang === lang) + 1;
    if (channel === this.channel) return;
    this.channel = channel;
    this.chosen(channel);
  }
}
