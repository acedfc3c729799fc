// What the network did with a picture, as the page reads it. Twin of trace_json in explorer/trace.py.

import { argmax, base64, rint, sixDigits, softmax } from "./numbers.js";
import { allScores } from "./rules.js";

const TOP = 5;
const FLAT = 1e-6; // in logits: what stays below is rounding noise

const rounded = (value, digits) => Number(value.toFixed(digits));

/** `logits` is an array per exit; `ms` as measured; `facts` the model's. */
export function traceOf(facts, logits, ms, fullMs) {
  const probabilities = logits.map(softmax);
  const best = logits.flatMap((row) => surest(row, TOP));
  const most = (c) => Math.max(...probabilities.map((row) => row[c]));
  const classes = [...new Set(best)].sort((a, b) => most(b) - most(a) || a - b);
  return {
    model: facts.name,
    blocks: facts.blocks,
    exits: facts.exits,
    macs: facts.macs,
    macs_full: facts.macs_full,
    ms: ms.map((one) => rounded(one, 3)),
    ms_full: rounded(fullMs, 3),
    class_count: facts.labels.length,
    classes: classes.map((index) => ({ index, label: facts.labels[index] })),
    probabilities: probabilities.map((row) => classes.map((c) => rounded(row[c], 6))),
    predicted: logits.map((row) => classes.indexOf(argmax(row))),
    scores: allScores(logits),
  };
}

/** Indices of the largest numbers, largest first, the first of equal ones first. */
export function surest(row, count) {
  return [...row.keys()].sort((a, b) => row[b] - row[a] || a - b).slice(0, count);
}

/** [CLS] attention, {heads, patches, data} per block, in bytes under each head's peak; null where there is none. */
export function packAttention(rows, grid) {
  if (rows.length === 0) return null;
  const { heads, patches } = rows[0];
  const bytes = new Uint8Array(rows.length * heads * patches);
  const peak = rows.map(({ data }, block) =>
    Array.from({ length: heads }, (_, head) => {
      const values = data.subarray(head * patches, (head + 1) * patches);
      return intoBytes(values, bytes, (block * heads + head) * patches);
    }),
  );
  return { grid, blocks: rows.length, heads, peak, data: base64(bytes) };
}

/** Grad-CAM of a class at an exit; a map that is flat has peak 0. */
export function packSaliency(exit, target, grid, values) {
  const flat = values.every((value) => value < FLAT);
  const bytes = new Uint8Array(values.length);
  const peak = flat ? 0 : intoBytes(values, bytes, 0);
  return { exit, class: target, grid, peak, data: base64(bytes) };
}

/** Writes values >= 0 as bytes from `at` on; returns their peak, to six digits. */
function intoBytes(values, bytes, at) {
  const peak = values.reduce((a, b) => Math.max(a, b), 0);
  values.forEach((value, i) => {
    bytes[at + i] = peak > 0 ? rint((255 * value) / peak) : 0;
  });
  return sixDigits(peak);
}
