// Thresholds for a goal, chosen on one split: the best one for all exits, or one for each.

import { macsSaved } from "../left-out.js";
import { cheapest, countUpTo, curve, mostAccurate, settable } from "./tradeoff.js";

const PRICES = 24; // halvings of the range of prices: finer than a step of the thresholds can follow
const SWEEPS = 8; // through the exits at one price; it converges in three or four

/**
 * A goal is {macs: budget per image} or {accuracy: floor as a share}. Both searches return {thresholds, reached}: if
 * no setting reaches the goal, the nearest one, and `reached` false.
 */
export function searchOne(split, scores, rule, macs, goal) {
  const points = curve(split, scores, settable(rule), macs);
  const found = "macs" in goal ? mostAccurate(points, goal.macs) : cheapest(points, goal.accuracy);
  const nearest = () => ("macs" in goal ? cheapest(points, 0) : mostAccurate(points, Infinity));
  return { thresholds: points.thresholds[found < 0 ? nearest() : found], reached: found >= 0 };
}

/**
 * One threshold, and exits turned off greedily, each time the one that gains most, while there is a gain: also
 * `leftOut`, whether each exit is off. `spared` (E - 1) is what turning off each early exit saves those behind it.
 */
export function searchAsked(split, scores, rule, macs, goal, spared) {
  const thresholds = settable(rule);
  const at = (out) => {
    const saved = macsSaved(spared, out);
    const less = macs.map((spent, e) => spent - saved[e]);
    const masked = scores.map((score, i) => (out[i % split.exits] ? NaN : score));
    const points = curve(split, masked, thresholds, less);
    const met = "macs" in goal ? mostAccurate(points, goal.macs) : cheapest(points, goal.accuracy);
    const nearest = () => ("macs" in goal ? cheapest(points, 0) : mostAccurate(points, Infinity));
    const place = met < 0 ? nearest() : met;
    const [accuracy, spent] = [points.accuracy[place], points.macs[place]];
    return { thresholds: thresholds[place], reached: met >= 0, leftOut: out, accuracy, spent };
  };
  // Those that reach the goal first, then the better ones by the goal's measure.
  const byMacs = (one) => [-one.spent, one.accuracy];
  const byAccuracy = (one) => [one.accuracy, -one.spent];
  const worth = (one) => [Number(one.reached), ...(("macs" in goal) === one.reached ? byAccuracy(one) : byMacs(one))];
  const better = (a, b) => {
    const [first, second] = [worth(a), worth(b)];
    const i = first.findIndex((value, k) => value !== second[k]);
    return i >= 0 && first[i] > second[i];
  };
  let best = at(macs.map(() => false));
  for (;;) {
    const left = macs.slice(0, -1).flatMap((_, e) => (best.leftOut[e] ? [] : [e]));
    const tried = left.map((place) => at(best.leftOut.map((out, e) => out || e === place)));
    const most = tried.reduce((a, b) => (a && !better(b, a) ? a : b), null);
    if (!most || !better(most, best)) break;
    best = most;
  }
  return { thresholds: best.thresholds, reached: best.reached, leftOut: best.leftOut };
}

/**
 * One threshold per early exit, never worse on this split than the best one for all.
 *
 * Coordinate ascent: one exit's threshold after another is set to the step that is best while the others stay, until
 * nothing improves. First for right answers minus a price per MAC, the price halved in until the goal is just met;
 * then, from the best found, for the goal itself.
 */
export function searchEach(split, scores, rule, macs, goal) {
  const one = searchOne(split, scores, rule, macs, goal);
  const early = split.exits - 1;
  if (!one.reached || early < 1) return { thresholds: Array(early).fill(one.thresholds), reached: one.reached };
  const climber = new Climber(split, scores, settable(rule), macs);
  const dearest = macs[early] * split.count;
  const needed = goal.accuracy * split.count - 1e-9; // counts are integers, their share is rounded
  const allowed = goal.macs * split.count;
  // Whole numbers of right answers first, then MACs, which count for less than one.
  const worth =
    "macs" in goal
      ? (right, spent) => (spent <= allowed ? right - spent / (2 * dearest) : -Infinity)
      : (right, spent) => (right >= needed ? -spent : -Infinity);

  const start = climber.at(one.thresholds);
  let best = { steps: start, worth: worth(...climber.totals(start)) };
  const keep = (steps) => {
    const value = worth(...climber.totals(steps));
    if (value > best.worth) best = { steps: [...steps], worth: value };
    return value > -Infinity;
  };
  // A price is what one MAC costs in right answers: from almost nothing to more than any answer is worth.
  let low = Math.log(1e-3 / dearest);
  let high = Math.log(2 / Math.min(...macs.slice(1).map((spent, e) => spent - macs[e])));
  for (let i = 0; i < PRICES; i++) {
    const price = Math.exp((low + high) / 2);
    const met = keep(climber.climb([...start], (right, spent) => right - price * spent));
    const dearer = "macs" in goal ? !met : met; // a higher price makes it cheaper and less accurate
    if (dearer) low = Math.log(price);
    else high = Math.log(price);
  }
  keep(climber.climb([...best.steps], worth));
  return { thresholds: best.steps.map((step) => climber.thresholds[step]), reached: true };
}

/** Coordinate ascent over the steps of every early exit's threshold. */
class Climber {
  constructor(split, scores, thresholds, macs) {
    const early = split.exits - 1;
    this.split = split;
    this.thresholds = thresholds;
    this.macs = macs;
    this.early = early;
    this.level = new Uint16Array(split.count * early); // an image leaves at an exit if its step is below its level
    for (let i = 0; i < split.count; i++) {
      for (let e = 0; e < early; e++)
        this.level[i * early + e] = countUpTo(thresholds, scores[i * split.exits + e]);
    }
    this.hits = new Float64Array(thresholds.length + 1);
    this.spent = new Float64Array(thresholds.length + 1);
  }

  /** The steps of one threshold at every exit. */
  at(threshold) {
    return Array(this.early).fill(countUpTo(this.thresholds, threshold) - 1);
  }

  #exitFrom(row, steps, from) {
    let e = from;
    while (e < this.early && steps[e] >= this.level[row + e]) e++;
    return e;
  }

  /** [right answers, MACs] of all images together. */
  totals(steps) {
    const { split, macs, early } = this;
    let right = 0;
    let spent = 0;
    for (let i = 0; i < split.count; i++) {
      const e = this.#exitFrom(i * early, steps, 0);
      right += split.right[i * split.exits + e];
      spent += macs[e];
    }
    return [right, spent];
  }

  /** Moves `steps` uphill in `worth(right, spent)` until a whole round changes nothing; returns them. */
  climb(steps, worth) {
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      let moved = false;
      for (let e = this.early - 1; e >= 0; e--) moved = this.#improve(steps, e, worth) || moved;
      if (!moved) break;
    }
    return steps;
  }

  /** Sets one exit's step to the best while the others stay; returns whether it changed. */
  #improve(steps, exit, worth) {
    const { split, macs, early, level, hits, spent } = this;
    hits.fill(0);
    spent.fill(0);
    let right = 0; // totals if no image leaves at this exit
    let cost = 0;
    for (let i = 0; i < split.count; i++) {
      const row = i * early;
      const all = i * split.exits;
      const before = this.#exitFrom(row, steps, 0);
      const other = before < exit ? before : this.#exitFrom(row, steps, exit + 1);
      right += split.right[all + other];
      cost += macs[other];
      if (before < exit) continue;
      hits[level[row + exit]] += split.right[all + exit] - split.right[all + other];
      spent[level[row + exit]] += macs[exit] - macs[other];
    }
    // From the highest step down, at each step the images whose level is just above it leave.
    let best = steps[exit];
    let most = -Infinity;
    let current = -Infinity;
    for (let step = this.thresholds.length - 1; step >= 0; step--) {
      right += hits[step + 1];
      cost += spent[step + 1];
      const value = worth(right, cost);
      if (step === steps[exit]) current = value;
      if (value > most) [best, most] = [step, value];
    }
    if (!(most > current)) return false;
    steps[exit] = best;
    return true;
  }
}
