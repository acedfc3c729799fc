// Accuracy against cost as one threshold moves. Twin of explorer/evaluate/tradeoff.py.

import { nearestThreshold } from "../threshold.js";

/** How many of the rising `values` are at most x. */
export function countUpTo(values, x) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Every threshold the page can be set to under a rule, rising. */
export function settable(rule) {
  const steps = Math.round((rule.max - rule.min) / rule.step);
  return Float64Array.from({ length: steps + 1 }, (_, i) => nearestThreshold(rule, rule.min + i * rule.step));
}

/** Thresholds worth drawing: the early exits' scores, thinned evenly if there are many, and one above all. */
export function candidates(split, scores, most = 400) {
  const { count, exits } = split;
  const early = new Float32Array(count * (exits - 1));
  for (let i = 0, to = 0; i < count; i++) for (let e = 0; e < exits - 1; e++) early[to++] = scores[i * exits + e];
  const sorted = early.filter((score) => !Number.isNaN(score)).sort();
  const chosen = [];
  const stride = Math.max(1, (sorted.length - 1) / (most - 1));
  for (let at = 0; at <= sorted.length - 1 + 1e-6; at += stride) {
    const value = sorted[Math.round(at)];
    if (value !== chosen.at(-1)) chosen.push(value);
  }
  chosen.push(Infinity);
  return Float64Array.from(chosen);
}

/**
 * What each of the rising thresholds gives when set at every early exit: {thresholds, accuracy, macs} (T,),
 * accuracy as a share, MACs as the mean per image.
 *
 * An image leaves at exit e for every threshold above its earlier scores and up to this one, so each image adds to a few
 * ranges of thresholds, and one pass over the images covers them all.
 */
export function curve(split, scores, thresholds, macs) {
  const { count, exits, right } = split;
  const last = exits - 1;
  const many = thresholds.length;
  const hits = new Float64Array(many + 1); // differences, summed up below
  const spent = new Float64Array(many + 1);
  for (let i = 0, row = 0; i < count; i++, row += exits) {
    let done = 0;
    for (let e = 0; e < last && done < many; e++) {
      const score = scores[row + e];
      if (!(score >= thresholds[done])) continue;
      const until = countUpTo(thresholds, score);
      hits[done] += right[row + e];
      hits[until] -= right[row + e];
      spent[done] += macs[e];
      spent[until] -= macs[e];
      done = until;
    }
    hits[done] += right[row + last];
    spent[done] += macs[last];
  }
  const accuracy = new Float64Array(many);
  const mean = new Float64Array(many);
  for (let t = 0, h = 0, s = 0; t < many; t++) {
    accuracy[t] = (h += hits[t]) / count;
    mean[t] = (s += spent[t]) / count;
  }
  return { thresholds, accuracy, macs: mean };
}

/** Index of the most accurate point whose mean MACs are at most `budget`; -1 when none is that cheap. */
export function mostAccurate({ accuracy, macs }, budget) {
  let best = -1;
  for (let t = 0; t < macs.length; t++) {
    if (macs[t] <= budget && (best < 0 || accuracy[t] > accuracy[best])) best = t;
  }
  return best;
}

/** Index of the cheapest point whose accuracy is at least `floor`; -1 when none is that accurate. */
export function cheapest({ accuracy, macs }, floor) {
  let best = -1;
  for (let t = 0; t < macs.length; t++) {
    if (accuracy[t] >= floor && (best < 0 || macs[t] < macs[best])) best = t;
  }
  return best;
}

/** Index of the point whose MACs are nearest; the curve's MACs rise with the threshold. */
export function nearestCost({ macs }, wanted) {
  const above = Math.min(macs.length - 1, countUpTo(macs, wanted));
  return above > 0 && wanted - macs[above - 1] < macs[above] - wanted ? above - 1 : above;
}
