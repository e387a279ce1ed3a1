/* The script of the pages on which a micro-lesson is recorded or played. */
import { plays } from "./play.ts";
import { records } from "./record.ts";

document.querySelectorAll<HTMLElement>("[data-micro]").forEach((box) => void plays(box));
document.querySelectorAll<HTMLElement>("[data-micro-recorder]").forEach((box) => void records(box));
