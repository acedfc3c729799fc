// Zip archives in the browser: their list of contents, and one file at a time. Refuses what collection.py refuses.

const MOST_DIRECTORY = 4_000_000; // bytes of the list of contents
const BOMB_RATIO = 100;
const BOMB_BYTES = 1_000_000;
const JUNK = ["__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"];

export class DamagedArchive extends Error {
  constructor() {
    super("This zip archive is damaged or holds far too much; pack it again.");
  }
}

/** Whether a file starts like a zip archive. */
export async function isArchive(file) {
  const start = new DataView(await file.slice(0, 4).arrayBuffer());
  return start.byteLength === 4 && [0x04034b50, 0x06054b50].includes(start.getUint32(0, true));
}

/** [{name, size, problem, read()}] of an archive's files. Throws `DamagedArchive`. */
export async function listArchive(file) {
  const tail = file.slice(Math.max(0, file.size - 65_557));
  const end = new DataView(await tail.arrayBuffer());
  let at = end.byteLength - 22;
  while (at >= 0 && end.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) throw new DamagedArchive();
  const [count, size, start] = [end.getUint16(at + 10, true), end.getUint32(at + 12, true), end.getUint32(at + 16, true)];
  if (size > MOST_DIRECTORY || start + size > file.size) throw new DamagedArchive();
  const list = new DataView(await file.slice(start, start + size).arrayBuffer());
  const entries = [];
  for (let i = 0, from = 0; i < count; i++) {
    if (from + 46 > size || list.getUint32(from, true) !== 0x02014b50) throw new DamagedArchive();
    const lengths = [28, 30, 32].map((offset) => list.getUint16(from + offset, true));
    if (from + 46 + lengths[0] > size) throw new DamagedArchive();
    const name = new TextDecoder().decode(new Uint8Array(list.buffer, from + 46, lengths[0]));
    const entry = {
      name,
      flags: list.getUint16(from + 8, true),
      method: list.getUint16(from + 10, true),
      packed: list.getUint32(from + 20, true),
      size: list.getUint32(from + 24, true),
      mode: list.getUint32(from + 38, true) >>> 28,
      offset: list.getUint32(from + 42, true),
    };
    from += 46 + lengths.reduce((a, b) => a + b);
    if (name.endsWith("/") || isJunk(name)) continue;
    entries.push({ name, size: entry.size, problem: problemOf(entry), read: () => unpack(file, entry) });
  }
  return entries;
}

function isJunk(name) {
  const parts = name.split("/");
  return parts.some((part) => JUNK.includes(part)) || parts.at(-1).startsWith("._");
}

function problemOf({ name, flags, method, packed, size, mode }) {
  if (!name || name.startsWith("\0")) return "It has no name; pack it again.";
  if (/^([\\/]|[A-Za-z]:)/.test(name) || name.split(/[\\/]/).includes("..")) {
    return "Its name leads out of the archive; pack it again without such a path.";
  }
  if (mode === 0xa) return "It is a link and not a picture; pack the picture itself.";
  if (mode !== 0 && mode !== 8) return "It is a device and not a picture; leave it out.";
  if (flags & 0x41) return "It is encrypted; pack it without a password.";
  if (method !== 0 && method !== 8) return "It is packed by a method this page does not open; pack it as a plain zip.";
  if (size > Math.max(BOMB_BYTES, BOMB_RATIO * packed)) {
    return `It would unpack to over ${BOMB_RATIO} times its size, as a zip bomb does; send the picture itself.`;
  }
  return null;
}

/** A file's bytes as a Blob, no more than the list of contents says. */
async function unpack(file, { offset, method, packed, size }) {
  const damaged = () => new Error("This file is damaged inside the archive; pack it again.");
  const head = new DataView(await file.slice(offset, offset + 30).arrayBuffer());
  if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50) throw damaged();
  const start = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const data = file.slice(start, start + packed);
  if (method === 0) return data;
  const reader = data.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let done = 0;
  try {
    for (;;) {
      const { value, done: ended } = await reader.read();
      if (ended) break;
      done += value.length;
      if (done > size) throw damaged();
      parts.push(value);
    }
  } catch {
    throw damaged();
  }
  return new Blob(parts);
}
