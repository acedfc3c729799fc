// What the network did with a picture, as the page reads it. Twin of trace_json in explorer/trace.py.

import { argmax, softmax } from "./numbers.js";
import { allScores } from "./rules.js";

const TOP = 5;

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
