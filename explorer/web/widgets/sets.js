// Conformal sets as the page shows them: which coverage is requested, and which classes are in the set at an exit.

import { makeChoices } from "./choices.js";
import { element } from "./dom.js";
import { CLASSES, readingOf } from "./reading.js";
import { t } from "./strings.js";

/** How often the true class should be in the set, as explorer/conformal.py names it. */
export const COVERAGES = ["0.9", "0.95", "0.99"];
const USUAL = "0.95";
const NAMED = { [CLASSES]: 5, coarse: 3 }; // best classes of each exit that a trace names, as in explorer/web/analysis.py

/** A coverage in percent: "95 %". */
export const coverageText = (coverage) => `${Math.round(100 * coverage)} %`;

/** The switch of the whole layer and the choice of a coverage, which Explore and Tune share: {on, levels, show}. */
export function makeSetControls(store) {
  const box = element("input", { type: "checkbox" });
  const on = element("label", { class: "switch" }, box, " ", t("sets.show"));
  let last = USUAL; // what switching on again brings back
  box.addEventListener("change", () => store.keep({ sets: box.checked ? last : null }));
  const options = Object.fromEntries(COVERAGES.map((coverage) => [coverage, coverageText(coverage)]));
  const levels = makeChoices(t("sets.coverage"), options, (coverage) => store.keep({ sets: coverage }));
  const show = (coverage) => {
    last = coverage ?? last;
    box.checked = coverage !== null;
    levels.choose(coverage);
  };
  return { on, levels: levels.node, show };
}

/** The trace at the current grain with the exits' own answers, whatever the rule answers: sets belong to exits. */
export function ownReading({ rawTrace, grain }) {
  return readingOf(rawTrace, grain, null);
}

/**
 * The set at an exit: {size, of, labels, more, holds}. `labels` names its most probable classes as far as known for
 * certain, `more` counts the others; `holds` says whether the class `truth` is in it, null if that is not known.
 * Null if the trace has no sets of that coverage.
 */
export function setAt(trace, grain, coverage, exit, truth = null) {
  const size = trace?.sets?.[coverage]?.[exit];
  if (size === undefined) return null;
  const { classes, class_count: of } = trace;
  const p = trace.probabilities[exit];
  const best = trace.predicted[exit];
  const order = [...classes.keys()].sort((a, b) => (b === best) - (a === best) || p[b] - p[a] || classes[a].index - classes[b].index);
  const sure = classes.length === of ? of : (NAMED[grain] ?? NAMED.coarse); // how many of the order are the exit's best
  const named = order.slice(0, Math.min(size, sure));
  const rank = order.findIndex((position) => classes[position].index === truth);
  let holds = null;
  if (truth !== null && rank >= 0 && rank < sure) holds = rank < size;
  else if (truth !== null && size <= sure) holds = false;
  return { size, of, labels: named.map((position) => classes[position].label), more: size - named.length, holds };
}

/**
 * Where every test image leaves and the set it gets there: {size, coverage, images, sizes, coverages}, means over all
 * images and (E) over those that leave at each exit, NaN if none do. `packed` (N*E) holds 2 size + whether the true
 * class is in it. Twin of `given` in explorer/conformal.py.
 */
export function givenSets(packed, scores, thresholds, exits) {
  const count = packed.length / exits;
  const images = new Uint32Array(exits);
  const sums = new Float64Array(exits);
  const held = new Uint32Array(exits);
  const limits = Float64Array.from({ length: exits - 1 }, (_, e) => (typeof thresholds === "number" ? thresholds : thresholds[e]));
  for (let row = 0; row < packed.length; row += exits) {
    let e = 0;
    while (e < exits - 1 && !(scores[row + e] >= limits[e])) e++; // a NaN never fires
    const set = packed[row + e];
    images[e]++;
    sums[e] += set >> 1;
    held[e] += set & 1;
  }
  const all = (values) => values.reduce((sum, value) => sum + value, 0) / count;
  const each = (values) => Float64Array.from(values, (value, e) => value / images[e]);
  return { size: all(sums), coverage: all(held), images, sizes: each(sums), coverages: each(held) };
}
