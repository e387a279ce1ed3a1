/*
 * Sound with subtitles. A browser shows them over a picture alone, so without script it stands in a low, empty one; with it,
 * the words stand below the sound, as large as text that is read together.
 */

const heard = (video: HTMLVideoElement): void => {
  const audio = document.createElement("audio");
  for (const { name, value } of [...video.attributes]) if (name !== "class" && name !== "playsinline") audio.setAttribute(name, value);
  audio.append(...video.childNodes);
  const said = document.createElement("p");
  said.className = "heard-said";
  const ways = document.createElement("p");
  ways.className = "heard-in";
  ways.setAttribute("role", "group");
  ways.setAttribute("aria-label", video.dataset["heard"] ?? "");
  video.replaceWith(audio, said, ways);

  const tracks = [...audio.querySelectorAll("track")];
  let chosen = tracks.find((t) => t.default) ?? tracks[0];
  const show = (): void => {
    const cues = [...(chosen?.track.activeCues ?? [])] as VTTCue[];
    said.lang = chosen?.srclang ?? "";
    said.textContent = cues.map((cue) => cue.getCueAsHTML().textContent).join("\n");
  };
  const buttons = tracks.map((track) => {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = track.srclang;
    button.textContent = track.label;
    button.addEventListener("click", () => choose(track));
    return button;
  });
  const choose = (track: HTMLTrackElement | undefined): void => {
    chosen = track;
    tracks.forEach((t, n) => {
      // Read, and shown by nobody but this page.
      t.track.mode = t === track ? "hidden" : "disabled";
      buttons[n]?.setAttribute("aria-pressed", String(t === track));
    });
    show();
  };
  tracks.forEach((t) => t.track.addEventListener("cuechange", () => { if (t === chosen) show(); }));
  if (buttons.length > 1) ways.append(...buttons);
  else ways.remove();
  choose(chosen);
};

/** Settles the sounds of a page that have subtitles. */
export function sounds(root: ParentNode): void {
  root.querySelectorAll<HTMLVideoElement>("video[data-heard]").forEach(heard);
}
