// Files of the page that are fetched once: kept in Cache Storage under their hash, checked against it, with progress.

const CACHE = "exit-explorer-kept";

/** What went wrong with a file, in one plain sentence. */
export class FileError extends Error {}

/** The bytes of a file, {path, bytes, sha256}. `progress(done, total)` counts bytes while they download. */
export async function load(file, base, progress = () => {}) {
  const address = addressOf(file, base);
  const cache = await openCache();
  const kept = await cache?.match(address);
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if (await isWhole(bytes, file)) return bytes;
    await cache.delete(address);
  }
  const bytes = await fetchBytes(address, file, progress);
  if (!(await isWhole(bytes, file))) {
    throw new FileError("A part of the network came damaged and was refused; reload the page.");
  }
  await cache?.put(address, new Response(bytes)).catch(() => {}); // no room: it is fetched again next time
  return bytes;
}

/** Fetches a file that is not kept yet, for offline use; skipped if nothing can be kept. */
export async function keep(file, base) {
  const cache = await openCache();
  if (cache && !(await cache.match(addressOf(file, base)))) await load(file, base);
}

/** As `load`, read as JSON. */
export async function loadJson(file, base) {
  return JSON.parse(new TextDecoder().decode(await load(file, base)));
}

function addressOf({ path, sha256 }, base) {
  return new URL(`${path}?${sha256.slice(0, 16)}`, base).href;
}

async function fetchBytes(address, file, progress) {
  let answer;
  try {
    answer = await fetch(address);
  } catch {
    answer = null;
  }
  if (!answer?.ok) throw new FileError("A part of the network could not be fetched; check your connection and retry.");
  const reader = answer.body.getReader();
  const parts = [];
  let done = 0;
  for (;;) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    parts.push(value);
    done += value.length;
    progress(done, file.bytes);
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Cache Storage, if this page may use it: over plain http from another machine there is none. */
async function openCache() {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

async function isWhole(bytes, { sha256 }) {
  if (!globalThis.crypto?.subtle) return true; // over plain http nothing can be checked or kept
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
