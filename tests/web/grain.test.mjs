import assert from "node:assert/strict";
import test from "node:test";

import { SideStore } from "../../explorer/web/widgets/compare/side-store.js";
import { linkOf, readLink } from "../../explorer/web/widgets/link.js";
import { exampleAt, readingOf } from "../../explorer/web/widgets/reading.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { makeTrace, RULES } from "./helpers.mjs";

const GRAIN = {
  name: "kinds",
  title: "2 kinds",
  labels: ["top", "shoe"],
  groups: [0, 0, 0, 0, 0, 1, 0, 1, 0, 1],
  thresholds: { entropy: 0.3 },
};
const KINDS = {
  class_count: 2,
  classes: [{ index: 1, label: "shoe" }, { index: 0, label: "top" }],
  probabilities: [[0.9, 0.1], [0.95, 0.05], [0.99, 0.01]],
  predicted: [0, 0, 0],
  scores: { confidence: [0.9, 0.95, 0.99], entropy: [0.5, 0.7, 0.9], patience: [1, 2, 3] },
  rules: {},
};
const OWN = { macs: [1e6, 2e6, 3e6], answers: { 2: { predicted: 1, probabilities: [0.3, 0.5, 0.2] } } };
const trace = () => makeTrace({ readings: { kinds: KINDS }, rules: { patience: OWN } });

function makeStore(grains = [GRAIN]) {
  const store = new Store(() => {});
  store.setModel("toy");
  store.setRules(RULES);
  store.setExamples([{ id: "a", title: "Boot", label: "Ankle boot", truth: 9, trace: trace() }]);
  store.setGrains(grains);
  store.show(store.examples[0]);
  return store;
}

test("at a grain the trace, its answers, the truth and what fires are the groups'", () => {
  const store = makeStore();
  store.setThresholds(0.9);
  assert.deepEqual([store.fired, store.trace.classes[0].label, store.example.label], [2, "Ankle boot", "Ankle boot"]);
  store.setGrain("kinds");
  assert.deepEqual([store.fired, store.trace.classes[0].label, store.example.label, store.example.truth], [0, "shoe", "shoe", 1]);
  assert.deepEqual(store.trace.macs, trace().macs);
  assert.equal(store.examples[0].trace.class_count, 2);
  assert.equal(store.firedOf(trace()), 0);
  assert.equal(store.rawTrace.class_count, 10);
  store.setGrain("classes");
  assert.equal(store.trace, store.rawTrace);
});

test("under a rule with answers and a cost of its own the trace has them, once", () => {
  const store = makeStore();
  assert.deepEqual(store.trace.predicted, [1, 0, 0]);
  const heard = [];
  store.flush();
  store.subscribe((changed) => heard.push(...changed));
  store.setRule("patience");
  store.flush();
  assert.ok(heard.includes("trace"));
  assert.deepEqual(store.trace.predicted, [1, 0, 1]);
  assert.deepEqual(store.trace.probabilities, [...trace().probabilities.slice(0, 2), [0.3, 0.5, 0.2]]);
  assert.deepEqual(store.trace.macs, [101e6, 202e6, 333e6]);
  assert.equal(store.view(store.trace), store.trace); // what is read already is not read again
  assert.equal(store.trace, store.trace);
});

test("a rule's default is the grain's own where it has one", () => {
  const store = makeStore();
  store.setRule("entropy");
  assert.equal(store.thresholds, 0.8);
  store.setGrain("kinds");
  assert.equal(store.thresholds, 0.3);
  store.setThresholds(0.6);
  store.setGrain("classes");
  assert.equal(store.thresholds, 0.6); // what a person chose stays
});

test("a model opens at the grain it says, and a chosen one stays where the next model has it", () => {
  const opening = { ...GRAIN, opens: true };
  assert.equal(makeStore([opening]).grain, "kinds");
  const store = makeStore([opening]);
  store.setGrains([]);
  assert.equal(store.grain, "classes");
  store.setGrains([opening]);
  store.setGrain("classes");
  store.setGrains([opening]);
  assert.equal(store.grain, "classes");
  assert.throws(() => store.setGrain("genera"), /there is no grain 'genera'; choose one of classes, kinds/);
});

test("the link says the grain where it is not the one the model opens with", () => {
  const store = makeStore();
  const home = { model: "toy", language: "en" };
  assert.deepEqual(linkOf(store, home), []);
  store.setGrain("kinds");
  assert.deepEqual(linkOf(store, home), [["grain", "kinds"]]);
  const view = { model: "toy", rules: RULES, grains: [GRAIN], examples: store.examples, models: [] };
  assert.equal(readLink("?grain=kinds", { view }).values.grain, "kinds");
  const bad = readLink("?grain=genera", { view });
  assert.deepEqual([bad.values.grain, bad.problems.map(({ key }) => key)], [undefined, ["link.no_grain"]]);
});

test("both sides of Compare answer at the page's grain, as far as their models can", () => {
  const page = makeStore();
  const side = new SideStore(() => {});
  side.setRules(RULES);
  side.setGrains([GRAIN]);
  page.setGrain("kinds");
  side.follow(page);
  assert.equal(side.grain, "kinds");
  side.setGrains([]);
  side.follow(page);
  assert.equal(side.grain, "classes");
});

test("a trace without the grain, and an example without a truth, stay as they are", () => {
  const bare = makeTrace();
  assert.equal(readingOf(bare, "kinds", "confidence"), bare);
  const upload = exampleAt({ id: "u", label: null, trace: bare }, GRAIN, "confidence");
  assert.deepEqual([upload.truth, upload.label, upload.trace], [null, null, bare]);
});
