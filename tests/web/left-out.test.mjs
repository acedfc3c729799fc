// Exits that are left out: nobody leaves there, what they cost is spared where the rule allows it, and links keep them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { evaluateWithout, leaveOut, macsSaved, sparedBy } from "../../explorer/web/widgets/left-out.js";
import { setScene } from "../../explorer/web/widgets/learn/goals.js";
import { looksOf } from "../../explorer/web/widgets/looks.js";
import { SideStore } from "../../explorer/web/widgets/compare/side-store.js";
import { linkOf, readLink } from "../../explorer/web/widgets/link.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { makeSplit } from "../../explorer/web/widgets/tune/evaluation.js";
import { findAsked } from "../../explorer/web/widgets/tune/finding.js";
import { searchShares } from "../../explorer/web/widgets/tune/shares.js";
import { makeTally, tally } from "../../explorer/web/widgets/tune/tally.js";
import { reasonText } from "../../explorer/web/widgets/words.js";
import { makeTrace, RULES } from "./helpers.mjs";

const HEADS = [10e6, 20e6]; // behind blocks 4 and 8
const ALONE = { ...RULES, confidence: { ...RULES.confidence, alone: true } };

function makeStore(rules = ALONE) {
  const store = new Store(() => {});
  store.setModel("toy");
  store.setRules(rules);
  store.setExamples([{ id: "a", title: "Boot", label: null, truth: null, trace: makeTrace({ heads: HEADS }) }]);
  store.show(store.examples[0]);
  return store;
}

test("what is spared are the heads before an exit, and the rule's own steps there", () => {
  assert.deepEqual(macsSaved(sparedBy([10, 20]), [true, true, false]), [0, 10, 30]);
  assert.deepEqual(macsSaved(sparedBy([10, 20]), [false, true, false]), [0, 0, 20]);
  assert.deepEqual(macsSaved(sparedBy([10, 20], [1, 3, 6]), [true, true, false]), [0, 11, 33]);
});

test("at an exit that is left out nobody leaves, and who goes on is spared its head", () => {
  const store = makeStore();
  store.setThresholds(0.45);
  assert.equal(store.fired, 0);
  store.setLeftOut([4]);
  assert.deepEqual([store.fired, store.scores], [1, [null, 0.75, 0.96]]);
  assert.deepEqual(store.trace.macs, [100e6, 190e6, 320e6]);
  assert.deepEqual([store.trace.leftOut, store.trace.ms], [[true, false, false], [2, null, null]]);
  assert.equal(store.firedOf(store.examples[0].trace), 1);
  store.setLeftOut([8, 4, 8]);
  assert.deepEqual([store.leftOut, store.fired, store.trace.macs.at(-1)], [[4, 8], 2, 300e6]);
  store.setLeftOut([]);
  assert.equal(store.trace, store.rawTrace);
  assert.throws(() => store.setLeftOut(["4"]), TypeError);
});

test("under a rule that looks at every exit nothing is spared, though nobody leaves", () => {
  const store = makeStore();
  store.setRule("patience");
  store.setThresholds(1);
  store.setLeftOut([4]);
  assert.deepEqual([store.fired, store.trace.macs], [1, [100e6, 200e6, 330e6]]);
});

test("the trace of a folder that does not say what a head costs keeps its MACs", () => {
  const view = leaveOut(makeTrace(), { leftOut: [4], alone: true }, makeTrace(), null);
  assert.deepEqual([view.macs, view.scores.confidence[0]], [[100e6, 200e6, 330e6], null]);
});

test("whoever listens hears that everything is read anew; another model asks all its exits", () => {
  const store = makeStore();
  store.flush();
  const heard = new Set();
  store.subscribe((changed) => changed.forEach((name) => heard.add(name)));
  store.setLeftOut([8]);
  store.flush();
  for (const name of ["leftOut", "trace", "examples", "thresholds"]) assert.ok(heard.has(name), name);
  heard.clear();
  store.setLeftOut([8]);
  store.flush();
  assert.equal(heard.size, 0);
  store.setModel("other");
  assert.deepEqual(store.leftOut, []);
});

test("a link brings back which exits are left out, and says what is none", () => {
  const store = makeStore();
  const home = { model: "toy", language: "en" };
  assert.ok(!linkOf(store, home).some(([name]) => name === "left_out"));
  store.setLeftOut([8, 4]);
  assert.deepEqual(linkOf(store, home).find(([name]) => name === "left_out"), ["left_out", "4,8"]);
  const view = { rules: ALONE, examples: store.rawExamples, models: [], model: "toy" };
  assert.deepEqual(readLink("?left_out=4,8", { view }).values.leftOut, [4, 8]);
  for (const bad of ["12", "5", "4,,8", "x", "4;8", ""]) {
    const { values, problems } = readLink(`?left_out=${bad}`, { view });
    assert.equal(values.leftOut, undefined);
    assert.deepEqual(problems, [{ key: "link.no_exits", values: { value: bad, blocks: "4, 8" } }]);
  }
});

test("a side of the comparison leaves out what the page does", () => {
  const store = makeStore();
  const side = new SideStore(() => {});
  side.setModel("toy");
  side.setRules(ALONE);
  side.show(store.rawExamples[0]);
  store.setLeftOut([4]);
  side.follow(store);
  assert.deepEqual([side.leftOut, side.trace.macs[1]], [[4], 190e6]);
});

// Ten images; the first exit is right on the one that it is sure of, the second on the five it is sure of, the last always.
const sure = Array.from({ length: 10 }, (_, i) => [i < 1 ? 0.9 : 0.1, i < 5 ? 0.9 : 0.1, 1]);
const split = makeSplit("validation", 3, 2, {
  labels: new Uint8Array(10),
  predicted: Uint8Array.from(sure.flat(), (score) => (score > 0.5 ? 0 : 1)),
  scores: { confidence: Float32Array.from(sure.flat()) },
});
const EVALUATION = {
  exits: makeTrace().exits,
  macs: [100, 200, 330],
  heads: [40, 10],
  macs_full: 300,
  splits: { validation: { ...split, ownMacs: {} } },
};

test("an evaluation without an exit has no score there, and no image's first right exit is that one", () => {
  const without = evaluateWithout(EVALUATION, { leftOut: [4], alone: true }, EVALUATION, undefined);
  assert.deepEqual(without.macs, [100, 160, 290]);
  const { validation } = without.splits;
  assert.ok([0, 1, 2].every((i) => Number.isNaN(validation.scores.confidence[3 * i])));
  assert.deepEqual([split.first[0], validation.first[0], validation.first[1], validation.first[9]], [0, 1, 1, 2]);
  assert.equal(evaluateWithout(EVALUATION, { leftOut: [4], alone: true }, EVALUATION, undefined), without);
  assert.equal(evaluateWithout(EVALUATION, { leftOut: [], alone: true }, EVALUATION, undefined), EVALUATION);
});

test("an exit at which one image in ten leaves is not worth its head, and is found", () => {
  const goal = { accuracy: 1 };
  const found = findAsked(EVALUATION, EVALUATION, "confidence", ALONE.confidence, goal, 2);
  assert.deepEqual([found.leftOut, found.reached], [[4], true]);
  const all = findAsked(EVALUATION, EVALUATION, "confidence", RULES.confidence, goal, 2);
  assert.deepEqual([all.leftOut, all.reached], [[], true]);
});

test("shares are dealt among the exits in use, and a budget is met as one threshold meets it", () => {
  const { macs, splits } = evaluateWithout(EVALUATION, { leftOut: [4], alone: true }, EVALUATION, undefined);
  const { validation } = splits;
  const budget = { macs: 225 }; // half at the second exit, half at the end
  const found = searchShares(validation, validation.scores.confidence, { min: 0 }, macs, budget);
  const out = tally(validation, validation.scores.confidence, found.thresholds, makeTally({ ...EVALUATION, labels: ["a", "b"], macs }));
  assert.deepEqual([found.reached, [...out.leaving], out.meanMacs], [true, [0, 5, 5], 225]);
});

test("the least that any rule could spend is not counted at an exit that is left out", () => {
  const wrong = { ...split, first: new Uint8Array(10).fill(3) }; // no exit is ever right
  const given = { ...EVALUATION, labels: ["a", "b"], splits: { validation: wrong } };
  const spent = (leftOut) =>
    tally(wrong, wrong.scores.confidence, 2, makeTally({ ...given, leftOut })).bestMacs;
  assert.deepEqual([spent(undefined), spent([true, false, false]), spent([true, true, false])], [100, 200, 330]);
});

test("what a rule looks at is shown at exits that are left out too, for it was looked at", () => {
  const store = makeStore();
  store.setLeftOut([4]);
  const trace = { ...store.trace, scores: { ...store.trace.scores, pcee: [null, 0.1, 0.6] } };
  assert.deepEqual(looksOf(trace, "pcee")[0].values, [0.1, 0.6, 0.9]);
});

test("why the end was reached is said of the exits in use", () => {
  const store = makeStore();
  store.setThresholds(0.8);
  const reason = () => reasonText(store.trace, store.fired, "confidence", store.ruleFacts, store.thresholds);
  assert.equal(reason(), "no earlier exit’s confidence reached 0.800");
  store.setLeftOut([8]);
  assert.equal(reason(), "no exit in use reached 0.800 (confidence)");
  store.setLeftOut([4, 8]);
  assert.equal(reason(), "all earlier exits are off");
});

test("a lesson's scene asks every exit", () => {
  const store = makeStore();
  store.setLeftOut([4]);
  setScene(store, store.examples[0]);
  assert.deepEqual(store.leftOut, []);
});
