// Keeps the pocket itself, so that it opens with no network. It keeps nothing that anybody recorded.
const NAME = "pocket-{{ stamp }}";
const SHELL = ["/pocket", "/pocket/app.webmanifest", "/static/zampa.css?{{ stamp }}", "/static/pocket.js?{{ stamp }}", "/static/sprite.svg?{{ stamp }}", "/static/icon.svg?{{ stamp }}"];
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("pocket-") && name !== NAME);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const path = url.pathname + url.search;
  if (SHELL.includes(path)) event.respondWith(caches.open(NAME).then((cache) => cache.match(path)).then((kept) => kept || fetch(event.request)));
  // The letters of Tibetan are large: they are kept when they are first needed.
  else if (url.pathname === "/static/tibetan-400.woff2") event.respondWith(caches.open(NAME).then(async (cache) => {
    const kept = await cache.match(path);
    if (kept) return kept;
    const fresh = await fetch(event.request);
    if (fresh.ok) await cache.put(path, fresh.clone());
    return fresh;
  }));
});
