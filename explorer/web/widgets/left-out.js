// Exits that are off: no image leaves there, and their heads cost nothing if no later score needs them. Twin of
// explorer/rules/left_out.py.

/** Every exit is in use. */
export const NONE_LEFT_OUT = Object.freeze({ leftOut: Object.freeze([]), alone: false });

/** Blocks in order, each once. Throws TypeError for anything else. */
export function sortedBlocks(blocks) {
  const sorted = [...new Set(blocks)].sort((a, b) => a - b);
  if (!sorted.every(Number.isInteger)) throw new TypeError(`expected blocks; got ${blocks}.`);
  return sorted;
}

/** Which of the exits are off, by the blocks of those that are; the last one never is. */
export function placesLeftOut(exits, leftOut) {
  return exits.map(({ block }, e) => e < exits.length - 1 && leftOut.includes(block));
}

/** What turning off each early exit saves an image that passes it: its head, and the `own` step of the rule there. */
export function sparedBy(heads, own = null) {
  return heads.map((macs, e) => macs + (own ? own[e] - (own[e - 1] ?? 0) : 0));
}

/** What an image that leaves at each exit saves by the exits before it that are off, `out`. */
export function macsSaved(spared, out) {
  let saved = 0;
  return out.map((is, e) => {
    const before = saved;
    if (is) saved += spared[e];
    return before;
  });
}

/**
 * A reading of a trace (reading.js) as it is decided on without those exits: no score there, and, where the rule
 * scores each exit `alone`, the MACs without their heads and no measured time behind them. `whole` is the trace as it was
 * analysed, `own` the rule's own MACs. `leftOut` tells the page which exits these are, and `read` has the scores that were read there all the same.
 */
export function leaveOut(view, { leftOut, alone }, whole, own) {
  const out = placesLeftOut(view.exits, leftOut);
  if (!out.includes(true)) return view;
  const scores = Object.fromEntries(
    Object.entries(view.scores ?? {}).map(([rule, row]) => [rule, row.map((score, e) => (out[e] ? null : score))]),
  );
  const saved = alone && whole.heads ? macsSaved(sparedBy(whole.heads, own), out) : null;
  const macs = saved ? view.macs.map((spent, e) => spent - saved[e]) : view.macs;
  const ms = saved ? view.ms.map((spent, e) => (saved[e] > 0 ? null : spent)) : view.ms; // that was not measured
  return { ...view, scores, macs, ms, leftOut: out, read: view.scores };
}

const KEPT = 4; // sets of exits off that are cached per evaluation: each holds its masked scores
const kept = new WeakMap(); // evaluation -> key -> evaluation

/** The same for an evaluation under a rule (tune/evaluation.js). The same exits give the same object. */
export function evaluateWithout(evaluation, { leftOut, alone }, whole, own) {
  const out = placesLeftOut(evaluation.exits, leftOut);
  if (!out.includes(true)) return evaluation;
  if (!kept.has(evaluation)) kept.set(evaluation, new Map());
  const key = `${alone} ${out}`;
  const known = kept.get(evaluation);
  if (!known.has(key)) {
    if (known.size >= KEPT) known.delete(known.keys().next().value);
    const saved = alone && whole.heads ? macsSaved(sparedBy(whole.heads, own), out) : null;
    known.set(key, {
      ...evaluation,
      macs: saved ? evaluation.macs.map((spent, e) => spent - saved[e]) : evaluation.macs,
      splits: Object.fromEntries(Object.entries(evaluation.splits).map(([name, split]) => [name, without(split, out)])),
      leftOut: out,
    });
  }
  return known.get(key);
}

/** A split whose images cannot leave at those exits. Scores are masked on request; `confidence` has all. */
export function without(split, out) {
  const { exits, count, right } = split;
  const first = new Uint8Array(count).fill(exits);
  for (let i = 0, at = 0; i < count; i++) {
    for (let e = 0; e < exits; e++, at++) if (first[i] === exits && right[at] && !out[e]) first[i] = e;
  }
  const masked = new Map();
  const scores = new Proxy(split.scores, {
    get(all, rule) {
      const row = all[rule];
      if (!row?.length) return row;
      if (!masked.has(row)) masked.set(row, Float32Array.from(row, (score, i) => (out[i % exits] ? NaN : score)));
      return masked.get(row);
    },
  });
  return { ...split, first, scores, confidence: split.scores.confidence };
}
