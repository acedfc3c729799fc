// Keeps the page itself in this browser, so that it opens offline and a second visit fetches nothing.
// explorer/web/site.py writes VERSION and FILES at the top.

/* global VERSION, FILES */
const CACHE = `exit-explorer-${VERSION}`;
const here = new URL("./", self.location.href);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((path) => new URL(path, here).href))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const old = (await caches.keys()).filter((name) => /^exit-explorer-[0-9a-f]/.test(name) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || !address.href.startsWith(here.href)) return;
  if (address.pathname.includes("/kept/")) return; // the worker keeps these itself, under their hashes
  event.respondWith(answer(request, address));
});

async function answer(request, address) {
  const cache = await caches.open(CACHE);
  // A link's query is the page's own state; a file's is its hash.
  const kept = request.mode === "navigate" ? here.href : address.href;
  const found = await cache.match(kept, { ignoreVary: true });
  if (found) return found;
  const fetched = await fetch(request);
  if (fetched.ok && request.mode !== "navigate") await cache.put(kept, fetched.clone());
  return fetched;
}
