/* The script of a class's page: what people do becomes sayings, what happened in the class is shown. */
import { Class } from "./fold.ts";
import { Hears } from "./hears.ts";
import { groupWork } from "./divide.ts";
import { Ink, WIDTHS } from "./ink.ts";
import { Media } from "./media.ts";
import { Notes } from "./notes.ts";
import { Devices, pupil } from "./pupils.ts";
import type { Answered } from "./question.ts";
import { replays } from "./replay.ts";
import { takes, withdraws } from "./still.ts";
import { View, type Given } from "./view.ts";
import { Saying, Wire, type Happened } from "./wire.ts";

/** A number of this tab's own, kept when the page is loaded again. */
function own(): number {
  const name = "zampa-class";
  try {
    const kept = Number(sessionStorage.getItem(name));
    if (kept) return kept;
    const made = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
    sessionStorage.setItem(name, String(made));
    return made;
  } catch {
    return crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  }
}

/** A page that the browser kept when it was left, and shows again: what it was told since is missing, and its wire is closed. */
addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-class], [data-pupil]")) location.reload();
});

function attend(box: HTMLElement): void {
  const given = JSON.parse(box.dataset["class"] ?? "{}") as Given;
  const view = new View(box, given);
  const is = new Class();
  /** What was said here and is not in the class yet: shown as if it were. */
  let waiting: Happened[] = [];
  /** When the class began, in this page's own time. */
  let began = 0;
  const now = (): number => (began === 0 ? 0 : performance.now() - began);
  let whole = false;
  let drawn = false;
  let lookedOn = false;

  /** Whose page it is of what waits here: a room that is cut off leads itself, and who leads from elsewhere sees at once what they do. */
  const alone = (): number | undefined => (view.cut || view.role === "co" ? view.room : undefined);
  const show = (): void => {
    let shown = is;
    if (waiting.length > 0) {
      shown = is.copy();
      waiting.forEach((event) => shown.take(event, alone()));
    }
    view.show(shown, now(), !drawn);
    drawn = true;
    hears.offer([...shown.interpreters.values()]);
    if (ink.tool !== "none" && view.part("tools").hidden) {
      ink.tool = "none";
      tools();
    }
    // A guest has a microphone only to interpret with.
    if (view.role === "guest") mic.hidden = !mayspeak();
  };

  const wire = new Wire(given.live, own(), {
    hello: (me) => {
      view.as(me.role, me.room);
      // A node that was started again has forgotten the devices' page: they find it where it was.
      if (devices.name) wire.open(true, devices.name);
      if (me.t > 0) began = performance.now() - me.t;
      show();
      if (me.role !== "guest") void media.listen();
      // Who was let in before is told so in the same breath.
      else if (!lookedOn) view.looksOn("asks");
    },
    looksOn: (yes) => {
      lookedOn = yes;
      if (yes) {
        view.looksOn("in");
        show();
        void media.listen();
      } else {
        media.end();
        wire.close();
        view.say("");
        view.looksOn("out");
      }
    },
    event: (event: Happened) => {
      if (began === 0) began = performance.now() - event.t;
      if (event.said[0] === Saying.Pen) ink.hear(event);
      else if (event.said[0] === Saying.Notes) notes.hear(event.said.slice(1));
      else {
        const said = is.take(event);
        if (said?.k === "page") drawn = false;
        if (said?.k === "end") media.end();
        if (said?.k === "floor" || said?.k === "interpret" || said?.k === "end") settleFloor();
        if (said?.k === "tally") devices.again();
      }
      show();
    },
    state: (rooms, cut) => {
      view.state(rooms, cut);
      show();
    },
    waiting: (all) => {
      waiting = all;
      for (const event of all) if (event.said[0] === Saying.Notes) notes.hear(event.said.slice(1));
      ink.ahead(all);
      show();
    },
    pupils: (now) => {
      devices.pupils(now);
      view.groups.devices = now?.groups ?? {};
      show();
    },
    drawing: (device, ink) => devices.drawing(device, ink),
    totals: (how) => {
      view.totals = how;
      show();
    },
    answer: (way, sdp, n) => media.answered(way, sdp, n),
    refused: (why) => {
      view.groups.refused(why);
      view.say(view.word(`refused-${why}`));
    },
    sheets: () => {},
    link: (yes) => {
      if (whole !== yes || !yes) view.say(yes ? "" : view.word("node-away"));
      whole = yes;
    },
  });
  /** Shows which tool is taken up: with one a finger draws, without it scrolls. */
  const tools = (): void => {
    view.sheet.classList.toggle("drawn-on", ink.tool !== "none");
    const press = (of: string, yes: (b: HTMLButtonElement) => boolean): void => {
      box.querySelectorAll<HTMLButtonElement>(of).forEach((b) => b.setAttribute("aria-pressed", String(yes(b))));
    };
    press("[data-colour]", (b) => ink.tool === "pen" && Number(b.dataset["colour"]) === ink.colour);
    press("[data-size]", (b) => ink.tool === "pen" && WIDTHS[Number(b.dataset["size"])] === ink.width);
    press("[data-tool=pointer]", () => ink.tool === "pointer");
  };
  const ink = new Ink(view.board, view.sheet, wire, () => view.room, () => {
    if (view.part("tools").hidden) return false;
    ink.tool = "pen";
    tools();
    return true;
  });
  view.groups.by = wire.page;
  view.groups.say = (piece) => wire.say(Saying.Sheet, piece);
  view.groups.tell = (said) => wire.json(said);
  /** The class as this page has it, with what is not in it yet. */
  const standing = (): Class => {
    const now = is.copy();
    waiting.forEach((event) => now.take(event, alone()));
    return now;
  };
  groupWork(view, standing, (said) => wire.json(said));
  const media = new Media(wire, view.part<HTMLAudioElement>("audio"), view.part<HTMLVideoElement>("picture"), (playing) => {
    view.part("sound").hidden = playing;
  });

  const on = (what: string, act: () => void): void => view.part(what).addEventListener("click", act);
  const turn = (to: number): void => {
    if (to >= 0 && to < given.pages.length) wire.json({ k: "page", p: to });
  };
  on("ask-in", () => location.reload());
  const notes = new Notes(box.querySelector<HTMLTextAreaElement>("[data-class-notes]"), (update) => wire.say(Saying.Notes, update));
  takes(view);
  withdraws(view, () => is.still?.id);
  box.querySelector("[data-still-away]")?.addEventListener("click", () => wire.json({ k: "still-away" }));
  const hears = new Hears(view, (channel) => void media.interpret(channel));
  on("play", () => void media.play());
  on("begin", () => wire.json({ k: "begin" }));
  on("end", () => {
    if (confirm(view.word("sure-end"))) wire.json({ k: "end" });
  });
  on("back", () => turn(view.board.page - 1));
  on("on", () => turn(view.board.page + 1));
  on("blank", () => {
    wire.json({ k: "blank" });
    wire.json({ k: "page", p: given.pages.length });
  });
  on("record", () => wire.json({ k: "record", on: !is.recording }));
  on("hand", () => wire.json({ k: "hand", up: !is.room(view.room).hand }));
  on("take", () => wire.json({ k: "floor", room: 0 }));
  on("large", () => {
    const main = box.querySelector<HTMLElement>(".class-main");
    if (document.fullscreenElement) void document.exitFullscreen();
    else void main?.requestFullscreen?.();
  });

  // The microphone. Who has not the floor may speak to the own room only: nothing leaves it.
  const mic = view.part<HTMLButtonElement>("mic");
  /** Who leads speaks, the room that has the floor, and who interprets; nobody once the class is over. */
  const mayspeak = (): boolean =>
    !is.over &&
    (view.role === "teacher" || view.role === "co" || (view.role === "adult" && (is.floor === view.room || is.interpreters.has(String(view.room)))) || is.interpreters.has(given.me));
  const settleMic = (): void => {
    mic.setAttribute("aria-pressed", String(!media.muted));
    view.part("mic-said").textContent = view.word(media.muted ? "mic-on" : "mic-off");
  };
  const camera = view.part<HTMLButtonElement>("camera");
  const settleCamera = (): void => {
    camera.setAttribute("aria-pressed", String(media.films));
    view.part("camera-said").textContent = view.word(media.films ? "camera-off" : "camera-on");
  };
  const settleFloor = (): void => {
    if (mayspeak()) return;
    if (!media.muted) {
      media.mute(true);
      settleMic();
    }
    if (media.films) {
      media.darken();
      settleCamera();
    }
  };
  camera.addEventListener("click", () => {
    if (media.films) {
      media.darken();
      settleCamera();
      return;
    }
    if (!mayspeak()) {
      view.say(view.word("no-floor"));
      return;
    }
    void media.film().then((why) => {
      view.say(why ? view.word(`mic-${why}`) : "");
      settleCamera();
      settleMic();
    });
  });
  mic.addEventListener("click", () => {
    if (!media.muted) {
      media.mute(true);
      settleMic();
      return;
    }
    const guest = is.guests.get(given.me);
    if (view.role === "guest" && is.recording && !guest?.agrees) {
      view.say(view.word("consent-lacks").replace("{rooms}", guest?.name ?? ""));
      return;
    }
    if (!mayspeak()) {
      view.say(view.word("no-floor"));
      return;
    }
    void media.speak().then((why) => {
      view.say(why ? view.word(`mic-${why}`) : "");
      view.part("insecure").hidden = why !== "insecure";
      settleMic();
    });
  });

  box.querySelectorAll<HTMLElement>("[data-room]").forEach((row) => {
    row.querySelector("[data-room-interpret]")?.addEventListener("change", (event) => {
      wire.json({ k: "interpret", room: Number(row.dataset["room"]), lang: (event.target as HTMLSelectElement).value });
    });
    row.querySelector("[data-room-give]")?.addEventListener("click", () => wire.json({ k: "floor", room: Number(row.dataset["room"]) }));
  });

  view.part("tools").addEventListener("click", (event) => {
    const pressed = (event.target as Element).closest<HTMLButtonElement>("button");
    if (!pressed) return;
    const [colour, size, tool] = [pressed.dataset["colour"], pressed.dataset["size"], pressed.dataset["tool"]];
    if (colour !== undefined) ink.colour = Number(colour);
    if (size !== undefined) ink.width = WIDTHS[Number(size)] ?? ink.width;
    // The same tool again puts the pen down: a finger then scrolls.
    if (colour !== undefined || size !== undefined) ink.tool = "pen";
    else if (tool === "pointer") ink.tool = ink.tool === "pointer" ? "none" : "pointer";
    else if (tool === "undo" || tool === "wipe") ink.undo(tool);
    tools();
  });

  // Questions: the options one a line.
  const lines = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter((line) => line !== "").slice(0, 8);
  const ask = view.part<HTMLFormElement>("ask");
  /** Only a choice has answers to choose from. */
  const kinds = (): void => {
    const options = ask.querySelector<HTMLElement>("[data-ask-options]");
    if (options) options.hidden = ask.querySelector("select")?.value !== "choice";
  };
  ask.querySelector("select")?.addEventListener("change", kinds);
  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = ask.querySelector("input");
    const options = ask.querySelector("textarea");
    const kind = ask.querySelector("select");
    if (!text || !options || !kind) return;
    const said = lines(options.value);
    wire.json({ k: "ask", q: (is.question?.q ?? 0) + 1, kind: kind.value, text: text.value, options: said.length > 0 ? said : [view.word("yes"), view.word("no")] });
    ask.reset();
    kinds();
    ask.closest("details")?.removeAttribute("open");
  });
  const question = view.part("question");
  /** Why so many answers are not sent: more than there are pupils. */
  const tooMany = (n: number): string => {
    const { heads } = standing().room(view.room);
    return heads === undefined || given.meeting || n <= heads ? "" : view.word("more-answers").replace("{n}", String(n)).replace("{heads}", String(heads));
  };
  const answer = (q: number, what: Answered): string => {
    if ("counts" in what) {
      const devices = is.question?.q === q ? (is.question.rooms.get(view.room)?.n ?? 0) : 0;
      const hands = Object.values(what.counts).reduce((n, m) => n + m, 0);
      const why = hands > 0 ? tooMany(hands + devices) : "";
      if (why) return why;
    }
    if ("ink" in what) wire.drawn(q, what.ink);
    else wire.json({ k: "tally", q, ...what });
    view.note(view.word("counts" in what ? "count-said" : "answer-shown"));
    return "";
  };
  view.answered = answer;
  view.exitCounted = (counts) => {
    const why = tooMany(Math.max(...Object.values(counts).map((of) => of.reduce((n, m) => n + m, 0))));
    if (why) return why;
    wire.json({ k: "exit-counts", ...counts });
    view.note(view.word("exit-noted"));
    return "";
  };
  view.part("exit").querySelector("[data-exit-ask]")?.addEventListener("click", () => wire.json({ k: "exit", on: is.exit === "" }));
  const devices = new Devices(view, answer, () => is.question?.rooms.get(view.room)?.texts ?? []);
  box.querySelector("[data-pupils-open]")?.addEventListener("click", () => wire.open(!devices.open));
  question.querySelector("[data-question-close]")?.addEventListener("click", () => wire.json({ k: "close", q: is.question?.q ?? 0 }));
  box.querySelectorAll<HTMLElement>("[data-class-minutes]").forEach((button) => {
    button.addEventListener("click", () => wire.json({ k: "timer", s: Number(button.dataset["classMinutes"]) * 60 }));
  });

  // What is said in writing.
  const line = (form: string, k: string): void => {
    const found = view.part<HTMLFormElement>(form);
    found.addEventListener("submit", (event) => {
      event.preventDefault();
      const input = found.querySelector("input");
      const text = input?.value.trim() ?? "";
      if (!input || text === "") return;
      wire.json({ k, text });
      input.value = "";
    });
  };
  line("chat-form", "chat");
  line("caption-form", "caption");
  const heads = view.part<HTMLFormElement>("heads");
  heads.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = heads.querySelector("input");
    if (input) wire.json({ k: "heads", n: Number(input.value) || 0 });
  });
  box.querySelector<HTMLInputElement>("[data-class-agrees] input")?.addEventListener("change", (event) => {
    wire.json({ k: "consent", yes: (event.target as HTMLInputElement).checked });
    view.say("");
  });
  box.querySelector<HTMLInputElement>("[data-class-consent]")?.addEventListener("change", (event) => {
    wire.json({ k: "consent", yes: (event.target as HTMLInputElement).checked });
  });

  addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.ctrlKey || event.metaKey) return;
    if (view.role !== "teacher" && view.role !== "co" && !(view.role === "adult" && view.cut)) return;
    const to = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (!to || view.groups.active) return;
    event.preventDefault();
    turn(view.board.page + to);
  });
  setInterval(() => {
    if (is.timer || is.caption) show();
  }, 1000);
  addEventListener("pagehide", () => {
    notes.flush();
    view.groups.flush();
    media.end();
    wire.close();
  });
  view.part("guest-list").addEventListener("click", (event) => {
    const pressed = (event.target as Element).closest<HTMLButtonElement>("[data-guest]");
    const person = pressed?.dataset["guest"] ?? "";
    if (pressed) wire.json({ k: "admit", person, name: is.guests.get(person)?.name ?? "", yes: pressed.dataset["admit"] === "true" });
  });
  view.part("guest-list").addEventListener("change", (event) => {
    const choice = event.target as HTMLSelectElement;
    const person = choice.dataset["interpret"];
    if (person) wire.json({ k: "interpret", person, lang: choice.value });
  });
  settleMic();
}

document.querySelectorAll<HTMLElement>("[data-class]").forEach(attend);
document.querySelectorAll<HTMLElement>("[data-pupil]").forEach((box) => pupil(box, own()));
document.querySelectorAll<HTMLElement>("[data-replay]").forEach((box) => void replays(box));
