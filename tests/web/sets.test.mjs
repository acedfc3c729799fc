// Conformal sets in the page: Python's means at any thresholds, and of one image only what its trace can vouch for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { linkOf, readLink } from "../../explorer/web/widgets/link.js";
import { givenSets, ownReading, setAt } from "../../explorer/web/widgets/sets.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { makeTrace, RULES } from "./helpers.mjs";

const FIXTURE = JSON.parse(readFileSync(new URL("../data/sets.json", import.meta.url)));

const near = (found, expected, what) => {
  if (expected === null) assert.ok(Number.isNaN(found), what);
  else assert.ok(Math.abs(found - expected) < 1e-9, `${what}: ${found} for ${expected}`);
};

for (const { thresholds, images, ...expected } of FIXTURE.cases) {
  test(`size and coverage are Python's at ${JSON.stringify(thresholds)}`, () => {
    const scores = Float32Array.from(FIXTURE.scores.flat(), (score) => score ?? NaN);
    const limits = Array.isArray(thresholds) ? thresholds.map(Math.fround) : Math.fround(thresholds);
    const found = givenSets(Uint16Array.from(FIXTURE.packed.flat()), scores, limits, 4);
    assert.deepEqual([...found.images], images);
    near(found.size, expected.size, "size");
    near(found.coverage, expected.coverage, "coverage");
    expected.sizes.forEach((size, e) => near(found.sizes[e], size, `size at exit ${e}`));
    expected.coverages.forEach((share, e) => near(found.coverages[e], share, `coverage at exit ${e}`));
  });
}

const label = (index) => ({ index, label: `class ${index}` });
const TRACE = {
  class_count: 10,
  classes: [4, 1, 7, 2, 9, 0].map(label),
  probabilities: [[0.4, 0.3, 0.1, 0.1, 0.05, 0.01], [0.1, 0.7, 0.1, 0.04, 0.03, 0.02]],
  predicted: [0, 1],
  sets: { 0.9: [2, 1], 0.99: [8, 5] },
};

test("a set names its surest classes, the answer first, and counts those the trace does not know", () => {
  assert.deepEqual(setAt(TRACE, "classes", "0.9", 0), { size: 2, of: 10, labels: ["class 4", "class 1"], more: 0, holds: null });
  assert.deepEqual(setAt(TRACE, "classes", "0.9", 1).labels, ["class 1"]);
  // Five are an exit's best for certain; the sixth that the trace knows may be another exit's.
  const large = setAt(TRACE, "classes", "0.99", 0);
  assert.deepEqual([large.labels.length, large.more], [5, 3]);
  assert.deepEqual(setAt(TRACE, "kinds", "0.99", 1).labels, ["class 1", "class 4", "class 7"]); // three at a coarser grain
});

test("whether the true class is in a set is said only where the trace knows", () => {
  const holds = (coverage, exit, truth) => setAt(TRACE, "classes", coverage, exit, truth).holds;
  assert.equal(holds("0.9", 0, 1), true);
  assert.equal(holds("0.9", 0, 7), false);
  assert.equal(holds("0.9", 0, 5), false); // not among the best five, and the set has two
  assert.equal(holds("0.99", 0, 0), null); // the sixth, in a set of eight: known to be less than five others
  assert.equal(holds("0.99", 0, 5), null);
  assert.equal(holds("0.99", 0, 9), true);
});

test("a model without sets, or without that coverage, has none", () => {
  assert.equal(setAt({ ...TRACE, sets: {} }, "classes", "0.9", 0), null);
  assert.equal(setAt({ ...TRACE, sets: undefined }, "classes", "0.9", 0), null);
  assert.equal(setAt(TRACE, "classes", "0.95", 0), null);
});

test("sets are the exits' own, whatever a rule answers, and at the grain in force", () => {
  const store = new Store(() => {});
  store.setModel("toy");
  store.setRules(RULES);
  const kinds = { class_count: 2, classes: [label(0), label(1)], probabilities: [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], predicted: [0, 0, 0], scores: {}, sets: { 0.9: [1, 1, 2] } }; // prettier-ignore
  const answers = { 2: { predicted: 1, probabilities: [0.3, 0.5, 0.2] } };
  const trace = makeTrace({ sets: { 0.9: [3, 2, 1] }, readings: { kinds }, rules: { patience: { answers } } });
  store.setGrains([{ name: "kinds", title: "2 kinds", labels: ["a", "b"], groups: Array(10).fill(0), thresholds: {} }]);
  store.show({ id: "a", trace });
  store.setRule("patience");
  assert.equal(store.trace.predicted[2], 1);
  assert.equal(ownReading(store).predicted[2], trace.predicted[2]);
  assert.deepEqual(ownReading(store).sets["0.9"], [3, 2, 1]);
  store.setGrain("kinds");
  assert.deepEqual(ownReading(store).sets["0.9"], [1, 1, 2]);
});

test("a link brings the layer back, and one of another coverage is said to be wrong", () => {
  const store = new Store(() => {});
  const facts = { page: { tabs: ["explore"], languages: ["en"], lessons: 3, models: [] } };
  assert.deepEqual(linkOf(store, { model: null, language: "en" }).filter(([name]) => name === "sets"), []);
  store.keep({ sets: "0.99" });
  assert.deepEqual(linkOf(store, { model: null, language: "en" }).filter(([name]) => name === "sets"), [["sets", "0.99"]]);
  assert.equal(readLink("?sets=0.99", facts).values.sets, "0.99");
  const { values, problems } = readLink("?sets=2", facts);
  assert.deepEqual([values.sets, problems.map(({ key }) => key)], [undefined, ["link.no_sets"]]);
});
