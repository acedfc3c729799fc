// The Tune tab's arithmetic, against the numbers Python computes of the same record, and the searches among themselves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { reliability } from "../../explorer/web/widgets/tune/calibration.js";
import { makeSplit } from "../../explorer/web/widgets/tune/evaluation.js";
import { searchEach, searchOne } from "../../explorer/web/widgets/tune/search.js";
import { makeTally, tally } from "../../explorer/web/widgets/tune/tally.js";
import {
  candidates,
  cheapest,
  countUpTo,
  curve,
  mostAccurate,
  nearestCost,
  settable,
} from "../../explorer/web/widgets/tune/tradeoff.js";

const FACTS = JSON.parse(readFileSync(new URL("../data/tuning.json", import.meta.url)));
const { record } = FACTS;
const EXITS = record.blocks.length;

const split = makeSplit("validation", EXITS, record.classes, {
  labels: Uint16Array.from(record.labels),
  predicted: Uint8Array.from(record.predicted.flat()),
  scores: {
    confidence: Float32Array.from(record.scores.confidence.flat(), (score) => score ?? NaN),
    patience: Uint8Array.from(record.scores.patience.flat()),
  },
});
const evaluation = {
  exits: record.blocks.map((block) => ({ block })),
  labels: Array.from({ length: record.classes }, (_, c) => `class ${c}`),
  macs: record.macs,
  splits: { validation: split },
};
const near = (actual, expected, what) =>
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected)), `${what}: ${actual}, not ${expected}`);
const run = (rule, thresholds) => tally(split, split.scores[rule], thresholds, makeTally(evaluation));

for (const setting of FACTS.settings) {
  test(`tally: ${setting.rule} at ${setting.thresholds} as Python`, () => {
    const out = run(setting.rule, setting.thresholds);
    assert.deepEqual([...out.fired], setting.fired);
    assert.equal(out.count, split.count);
    assert.equal(out.accuracy, setting.accuracy);
    assert.equal(out.meanMacs, setting.macs);
    near(record.blocks.at(-1) / out.meanBlock, setting.by_blocks, "by blocks");
    assert.deepEqual([...out.leaving].map((n) => n / split.count), setting.leaving);
    setting.right.forEach((share, e) => {
      if (share === null) assert.equal(out.leaving[e], 0);
      else assert.equal(out.right[e] / out.leaving[e], share);
    });
    const { wasteful, destructive, too_early: tooEarly, some_exit_right: some, wasted_macs: wasted } = setting.overthinking;
    assert.equal(out.wasteful / split.count, wasteful);
    assert.equal(out.destructive / split.count, destructive);
    assert.equal(out.tooEarly / split.count, tooEarly);
    assert.equal(out.someRight / split.count, some);
    near(out.wasteful ? out.wastedMacs / out.wasteful : 0, wasted, "wasted MACs");
    assert.deepEqual([...out.classRight], setting.class_right);
    assert.deepEqual([...out.classMacs], setting.class_macs);
  });
}

test("a tally is filled anew, whatever it held before", () => {
  const out = makeTally(evaluation);
  tally(split, split.scores.confidence, 0.1, out);
  tally(split, split.scores.confidence, 0.8, out);
  assert.deepEqual(out, run("confidence", 0.8));
});

test("curve: every threshold at once is each threshold on its own", () => {
  const thresholds = Float64Array.from(FACTS.curve, ({ threshold }) => threshold);
  const points = curve(split, split.scores.confidence, thresholds, record.macs);
  FACTS.curve.forEach(({ accuracy, macs }, i) => {
    assert.equal(points.accuracy[i], accuracy);
    assert.equal(points.macs[i], macs);
  });
});

test("curve through the candidates: from the cheapest to never leaving", () => {
  const thresholds = candidates(split, split.scores.confidence, 50);
  assert.ok(thresholds.length <= 51);
  assert.equal(thresholds.at(-1), Infinity);
  assert.ok(thresholds.every((value, i) => i === 0 || value > thresholds[i - 1]));
  const { accuracy, macs } = curve(split, split.scores.confidence, thresholds, record.macs);
  assert.equal(macs.at(-1), record.macs.at(-1));
  assert.equal(accuracy.at(-1), split.rightAt.at(-1) / split.count);
  assert.ok(macs.every((spent, i) => i === 0 || spent >= macs[i - 1]));
  thresholds.forEach((threshold, i) => assert.equal(run("confidence", threshold).accuracy, accuracy[i]));
});

for (const [rule, { facts, thresholds, budgets, floors }] of Object.entries(FACTS.settable)) {
  test(`${rule}: what the slider can be set to, and what a goal asks for, as Python`, () => {
    assert.deepEqual([...settable(facts)], thresholds);
    const points = curve(split, split.scores[rule], settable(facts), record.macs);
    const least = cheapest(points, 0);
    for (const { by_macs: factor, threshold } of budgets) {
      const found = mostAccurate(points, record.macs_full / factor);
      assert.equal(thresholds[found < 0 ? least : found], threshold);
      const goal = { macs: record.macs_full / factor };
      assert.deepEqual(searchOne(split, split.scores[rule], facts, record.macs, goal), { thresholds: threshold, reached: found >= 0 });
    }
    for (const { accuracy, threshold } of floors) {
      const found = searchOne(split, split.scores[rule], facts, record.macs, { accuracy });
      assert.equal(found.reached, threshold !== null);
      if (threshold !== null) assert.equal(found.thresholds, threshold);
    }
  });
}

test("reliability of every exit as Python", () => {
  FACTS.reliability.forEach((expected, i) => {
    const found = reliability(split, split.scores.confidence, i + 1);
    assert.deepEqual([...found.count], expected.count);
    near(found.ece, expected.ece, "ECE");
    expected.count.forEach((n, b) => {
      if (n === 0) return assert.ok(Number.isNaN(found.accuracy[b]));
      near(found.confidence[b], expected.confidence[b], "confidence");
      return near(found.accuracy[b], expected.accuracy[b], "accuracy");
    });
  });
});

test("one threshold per exit is never worse on its own images than one for all, and keeps to the goal", () => {
  const { facts } = FACTS.settable.confidence;
  const scores = split.scores.confidence;
  let better = 0;
  for (const factor of [1, 1.2, 1.5, 1.8, 2.2, 3]) {
    const goal = { macs: record.macs_full / factor };
    const one = run("confidence", searchOne(split, scores, facts, record.macs, goal).thresholds);
    const found = searchEach(split, scores, facts, record.macs, goal);
    const each = run("confidence", found.thresholds);
    assert.equal(found.thresholds.length, EXITS - 1);
    assert.ok(each.meanMacs <= goal.macs, `budget ${goal.macs}: ${each.meanMacs}`);
    assert.ok(each.accuracy >= one.accuracy, `budget ${goal.macs}: ${each.accuracy} < ${one.accuracy}`);
    if (each.accuracy > one.accuracy) better++;
  }
  for (const accuracy of [0.4, 0.55, 0.6]) {
    const one = run("confidence", searchOne(split, scores, facts, record.macs, { accuracy }).thresholds);
    const each = run("confidence", searchEach(split, scores, facts, record.macs, { accuracy }).thresholds);
    assert.ok(each.accuracy >= accuracy);
    assert.ok(each.meanMacs <= one.meanMacs);
    if (each.meanMacs < one.meanMacs) better++;
  }
  assert.ok(better > 0, "four thresholds fit 120 images better than one somewhere");
});

test("one threshold per exit comes near the best of all settings, tried one by one", () => {
  const facts = { min: 0.5, max: 1, step: 0.1 };
  const steps = [...settable(facts)];
  const scores = split.scores.confidence;
  const goal = { macs: record.macs_full / 1.4 };
  let best = 0;
  const all = (chosen) => {
    if (chosen.length < EXITS - 1) return steps.forEach((step) => all([...chosen, step]));
    const out = tally(split, scores, chosen, makeTally(evaluation));
    if (out.meanMacs <= goal.macs) best = Math.max(best, out.accuracy);
    return undefined;
  };
  all([]);
  const found = searchEach(split, scores, facts, record.macs, goal);
  const { accuracy } = tally(split, scores, found.thresholds, makeTally(evaluation));
  assert.ok(accuracy <= best);
  assert.ok(accuracy >= best - 0.025, `found ${accuracy}, best ${best}`); // three of 120 images
});

test("a goal out of reach gets what comes nearest, and says so", () => {
  const { facts } = FACTS.settable.confidence;
  const scores = split.scores.confidence;
  assert.deepEqual(searchOne(split, scores, facts, record.macs, { macs: 1 }), { thresholds: 0, reached: false });
  const found = searchEach(split, scores, facts, record.macs, { macs: 1 });
  assert.deepEqual(found, { thresholds: [0, 0, 0, 0], reached: false });
  assert.equal(searchOne(split, scores, facts, record.macs, { accuracy: 1.01 }).reached, false);
});

test("counting among rising values", () => {
  const values = Float64Array.from([1, 2, 2, 5]);
  assert.deepEqual([0, 1, 2, 4, 5, 9, NaN].map((x) => countUpTo(values, x)), [0, 1, 3, 3, 4, 4, 0]);
});

test("the setting nearest in cost", () => {
  const points = { macs: Float64Array.from([10, 20, 20, 40]) };
  assert.deepEqual([0, 14, 16, 29, 31, 99].map((x) => nearestCost(points, x)), [0, 0, 1, 2, 3, 3]);
});
