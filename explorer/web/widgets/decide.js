// The one decision in the browser: which exit fires, and what leaving there saved. Twin of explorer/rules/decision.py.

/** The threshold of one early exit, from one number for all or one number each. */
export function thresholdAt(thresholds, exit) {
  return Array.isArray(thresholds) ? thresholds[exit] : thresholds;
}

/**
 * Which exit fires: the first whose score reaches its threshold, and the last one whatever its score.
 *
 * `scores` has one number per exit, higher = more certain; `thresholds` one number, or one per early exit.
 * Throws RangeError when the counts do not fit. A NaN score never fires.
 */
export function decide(scores, thresholds) {
  const early = scores.length - 1;
  if (early < 0) throw new RangeError("expected the score of at least one exit; got none.");
  if (Array.isArray(thresholds) && thresholds.length !== early) {
    throw new RangeError(`expected one threshold, or ${early} (one per early exit); got ${thresholds.length}.`);
  }
  for (let exit = 0; exit < early; exit++) {
    // JSON has no NaN and uses null instead, and in JavaScript null >= 0 is true.
    if (typeof scores[exit] === "number" && scores[exit] >= thresholdAt(thresholds, exit)) return exit;
  }
  return early;
}

/** full / spent, or null if either was not measured. */
function ratio(full, spent) {
  return full > 0 && spent > 0 ? full / spent : null;
}

/**
 * What leaving at `exit` saved, in three units, each as the factor full / spent (1 = nothing, below 1 = it cost more).
 *
 * - `blocks`: blocks in the network / blocks run, the speed-up of the LGViT paper (heads are free).
 * - `macs`: multiply-accumulates of the plain backbone / those spent, including every exit head on the way.
 * - `ms`: measured time of the plain backbone / time until this exit answered, same run.
 *
 * `spent` and `full` hold the amounts. A factor is null if an amount is missing.
 */
export function savings(trace, exit) {
  const spent = { blocks: trace.exits[exit].block, macs: trace.macs[exit], ms: trace.ms[exit] };
  const full = { blocks: trace.blocks, macs: trace.macs_full, ms: trace.ms_full };
  return {
    blocks: ratio(full.blocks, spent.blocks),
    macs: ratio(full.macs, spent.macs),
    ms: ratio(full.ms, spent.ms),
    spent,
    full,
  };
}
