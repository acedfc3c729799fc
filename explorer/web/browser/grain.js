// Logits read at a coarser grain: those of groups of classes. Twin of merged_logits in explorer/trace.py.

import { logSoftmax } from "./numbers.js";

/** The grain with that name in a model's facts, or null for the classes themselves. Throws a sentence. */
export function grainOf({ grains }, name) {
  if (!name || name === "classes") return null;
  const found = grains.find((grain) => grain.name === name);
  if (!found) throw new Error("This model has no such groups of classes; choose another answer.");
  return found;
}

/** Logits (C,) of one exit as those of the grain's groups, (G,), divided by the grain's temperature there. */
export function merged(logits, { groups, labels, temperatures }, exit) {
  const logs = logSoftmax(logits);
  const most = new Float64Array(labels.length).fill(-Infinity);
  logs.forEach((log, c) => {
    most[groups[c]] = Math.max(most[groups[c]], log);
  });
  const sums = new Float64Array(labels.length);
  logs.forEach((log, c) => {
    sums[groups[c]] += Math.exp(log - most[groups[c]]);
  });
  const divisor = Math.fround(temperatures?.[exit] ?? 1);
  return Float32Array.from(sums, (sum, g) => Math.fround(most[g] + Math.log(sum)) / divisor);
}
