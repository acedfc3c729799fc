// Pictures to an animated GIF (GIF89a), in the browser: each frame with 256 colours of its own.

/** The 256 colours that stand for an RGBA picture: {palette: [[r, g, b], ...], indices (pixels,)}, by median cut. */
export function quantise(rgba) {
  // Colours in 32 steps a channel are enough for a heat map, and few enough to cut quickly.
  const counts = new Uint32Array(1 << 15);
  const pixels = rgba.length / 4;
  const bins = new Uint16Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const bin = ((rgba[4 * i] >> 3) << 10) | ((rgba[4 * i + 1] >> 3) << 5) | (rgba[4 * i + 2] >> 3);
    bins[i] = bin;
    counts[bin]++;
  }
  const channel = (bin, which) => (bin >> (5 * (2 - which))) & 31;
  const boxOf = (members) => {
    let wide = 0;
    let spread = -1;
    for (let which = 0; which < 3; which++) {
      const values = members.map((bin) => channel(bin, which));
      const range = Math.max(...values) - Math.min(...values);
      if (range > spread) [wide, spread] = [which, range];
    }
    return { members, wide, weight: spread * members.reduce((sum, bin) => sum + counts[bin], 0) };
  };
  const boxes = [boxOf([...counts.keys()].filter((bin) => counts[bin] > 0))];
  while (boxes.length < 256) {
    const heaviest = boxes.reduce((best, box, i) => (box.weight > boxes[best].weight ? i : best), 0);
    const { members, wide, weight } = boxes[heaviest];
    if (weight <= 0) break; // no box has two colours left
    members.sort((a, b) => channel(a, wide) - channel(b, wide));
    const half = members.reduce((sum, bin) => sum + counts[bin], 0) / 2;
    let seen = 0;
    let cut = 0;
    while (cut < members.length - 1 && (cut === 0 || seen + counts[members[cut]] <= half)) seen += counts[members[cut++]];
    boxes.splice(heaviest, 1, boxOf(members.slice(0, cut)), boxOf(members.slice(cut)));
  }
  const lookup = new Uint8Array(1 << 15);
  const palette = boxes.map(({ members }, number) => {
    const sum = [0, 0, 0];
    let total = 0;
    for (const bin of members) {
      lookup[bin] = number;
      total += counts[bin];
      for (let which = 0; which < 3; which++) sum[which] += counts[bin] * ((channel(bin, which) * 255) / 31);
    }
    return sum.map((part) => Math.round(part / total));
  });
  return { palette, indices: Uint8Array.from(bins, (bin) => lookup[bin]) };
}

/** LZW as in GIF, for 8-bit indices: the bytes of the image data, in sub-blocks. */
export function compress(indices) {
  const bytes = [];
  let held = 0;
  let bits = 0;
  const emit = (code, size) => {
    held |= code << bits;
    bits += size;
    while (bits >= 8) {
      bytes.push(held & 255);
      held >>>= 8;
      bits -= 8;
    }
  };
  const [CLEAR, END] = [256, 257];
  let table = new Map();
  let next = END + 1;
  let size = 9;
  emit(CLEAR, size);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = (prefix << 8) | indices[i];
    const known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    emit(prefix, size);
    if (next < 4096) {
      if (next === 1 << size) size++;
      table.set(key, next++);
    } else {
      emit(CLEAR, size);
      table = new Map();
      [next, size] = [END + 1, 9];
    }
    prefix = indices[i];
  }
  emit(prefix, size);
  if (next === 1 << size && size < 12) size++;
  emit(END, size);
  if (bits > 0) bytes.push(held & 255);
  const blocks = [8]; // the size of the first codes
  for (let at = 0; at < bytes.length; at += 255) {
    const part = bytes.slice(at, at + 255);
    blocks.push(part.length, ...part);
  }
  blocks.push(0);
  return blocks;
}

/** An endless GIF of frames {width, height, data (RGBA)} of one size, each shown for `ms`; the last for three times that. */
export function gifOf(frames, ms) {
  const { width, height } = frames[0];
  const two = (value) => [value & 255, value >> 8];
  const text = (letters) => [...letters].map((letter) => letter.charCodeAt(0));
  const parts = [
    [...text("GIF89a"), ...two(width), ...two(height), 0x70, 0, 0],
    [0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0],
  ];
  frames.forEach(({ data }, i) => {
    const { palette, indices } = quantise(data);
    const delay = Math.round((ms / 10) * (i === frames.length - 1 ? 3 : 1));
    const colours = palette.flat();
    parts.push(
      [0x21, 0xf9, 4, 0x04, ...two(delay), 0, 0],
      [0x2c, 0, 0, 0, 0, ...two(width), ...two(height), 0x87],
      [...colours, ...Array(768 - colours.length).fill(0)],
      compress(indices),
    );
  });
  parts.push([0x3b]);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
