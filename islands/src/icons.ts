/** The Lucide icons that pages use, by their Lucide names; in the sprite each is `#i-NAME`. Sorted. */
export const icons: readonly string[] = [
  "arrow-down", "arrow-left", "arrow-right", "arrow-up", "arrow-up-down", "blocks", "bold", "book-open", "calendar", "camera", "check",
  "chevron-down", "chevron-left", "chevron-right", "circle-alert", "circle-check", "circle-dot", "clock", "cloud-off", "download", "eraser",
  "eye", "eye-off", "expand", "file-text", "film", "funnel", "git-merge", "hand", "hand-helping", "handshake", "hard-drive", "history", "hourglass",
  "house", "image", "inbox", "info", "italic", "key-round", "languages", "link", "list", "list-ordered", "lock", "log-in", "log-out", "map-pin", "menu", "message-square", "mic", "mouse-pointer-2",
  "pause", "pencil", "play", "plus", "presentation", "printer", "redo-2", "rotate-cw", "school", "search", "send", "server", "settings", "sigma", "square", "table",
  "trash-2", "triangle-alert", "undo-2", "unlink", "upload", "user", "user-plus", "users", "volume-2", "x",
];

/** Marks of Zampa's own, from `src/marks/NAME.svg`; in the sprite each is `#NAME`. */
export const marks: readonly string[] = [
  "arc", "bodyig", "bridge-broken", "bridge-thin", "bridge-whole", "mark", "zampa",
];
