// Which pixels are the object: connected parts of a mask, without dust and with its holes filled.

import { quantile } from "./numbers.js";

const SHADOW = 0.2; // of the object's contrast
const PART = 0.05; // of the largest part's area: smaller parts are dust
const SPECK = 0.001; // of the picture's area

/** The connected parts (by rows and columns) of a mask: {label per pixel, 0 outside; area per label}. */
export function labelParts(mask, width) {
  const label = new Int32Array(mask.length);
  const area = [0];
  const queue = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || label[start]) continue;
    const part = area.push(0) - 1;
    label[start] = part;
    queue.push(start);
    while (queue.length) {
      const i = queue.pop();
      area[part]++;
      const x = i % width;
      for (const [next, there] of [
        [i - 1, x > 0],
        [i + 1, x < width - 1],
        [i - width, i >= width],
        [i + width, i + width < mask.length],
      ]) {
        if (!there || !mask[next] || label[next]) continue;
        label[next] = part;
        queue.push(next);
      }
    }
  }
  return { label, area };
}

/** Which pixels are the object (1), by their distance from the background; none if all is dust. */
export function objectMask(distance, width, threshold) {
  let mask = Uint8Array.from(distance, (value) => value > threshold);
  if (mask.includes(1)) {
    const limit = SHADOW * quantile(distance.filter((_, i) => mask[i]), 0.9);
    mask = mask.map((one, i) => one && distance[i] > limit);
  }
  const { label, area } = labelParts(mask, width);
  const largest = Math.max(...area);
  if (largest < SPECK * mask.length) return new Uint8Array(mask.length);
  return Uint8Array.from(label, (part) => part > 0 && area[part] >= PART * largest);
}

/** Which pixels (1) lie outside the mask and the gaps that it encloses. */
export function outsideOf(mask, width) {
  const [wide, high] = [width + 2, mask.length / width + 2];
  const open = new Uint8Array(wide * high).fill(1);
  mask.forEach((one, i) => {
    if (one) open[(Math.floor(i / width) + 1) * wide + (i % width) + 1] = 0;
  });
  const { label } = labelParts(open, wide);
  return Uint8Array.from(mask, (_, i) => label[(Math.floor(i / width) + 1) * wide + (i % width) + 1] === label[0]);
}
