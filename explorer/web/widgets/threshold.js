// What a threshold can be under a rule: its range, its steps, how many digits to write, and nats for entropy.

/** Digits after the point that a step needs: 0.005 -> 3, 1 -> 0. */
export function decimalsOf(step) {
  const text = String(step);
  if (text.includes("e-")) return Number(text.split("e-")[1]);
  return text.includes(".") ? text.split(".")[1].length : 0;
}

/** The allowed threshold nearest to `value`: on a step, within the rule's range. Throws TypeError if not a number. */
export function nearestThreshold(rule, value) {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new TypeError(`expected a finite number as threshold; got ${value}.`);
  }
  const steps = Math.round((value - rule.min) / rule.step);
  const snapped = Number((rule.min + steps * rule.step).toFixed(decimalsOf(rule.step)));
  return Math.min(rule.max, Math.max(rule.min, snapped));
}

/** One threshold or one per early exit, each the nearest allowed. Throws RangeError if the trace has other exits. */
export function allowedThresholds(rule, thresholds, trace) {
  if (!Array.isArray(thresholds)) return nearestThreshold(rule, thresholds);
  const early = trace ? trace.exits.length - 1 : thresholds.length;
  if (thresholds.length !== early) {
    throw new RangeError(`expected one threshold, or ${early} (one per early exit); got ${thresholds.length}.`);
  }
  return thresholds.map((one) => nearestThreshold(rule, one));
}

/** The threshold in the digits of the rule's step: "0.900", "3". */
export function thresholdText(rule, value) {
  return value.toFixed(decimalsOf(rule.step));
}

/** The largest entropy H, in nats, that leaves at a certainty threshold t: H <= (1 - t) ln C. */
export function natsOf(threshold, classCount) {
  return (1 - threshold) * Math.log(classCount);
}

/** Whether both are one number for all exits, or lists, and equal. */
export function sameThresholds(a, b) {
  return String(a) === String(b) && Array.isArray(a) === Array.isArray(b);
}

/** Thresholds for that many exits; those made for other exits are replaced by their mean. */
export function fitting(thresholds, exits) {
  if (!Array.isArray(thresholds) || thresholds.length === exits - 1) return thresholds;
  return thresholds.reduce((sum, one) => sum + one, 0) / thresholds.length;
}
