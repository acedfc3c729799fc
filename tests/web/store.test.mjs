// The store: batching, checking, each rule's own threshold, the ghost of the previous image, maps that come late.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../explorer/web/widgets/store.js";
import { makeTrace, RULES } from "./helpers.mjs";

/** A store whose frames a test runs by hand; `told` lists what each notification named. */
function makeStore() {
  const frames = [];
  const store = new Store((callback) => frames.push(callback));
  const told = [];
  store.subscribe((changed) => told.push([...changed].sort()));
  const frame = () => frames.splice(0).forEach((callback) => callback());
  return { store, told, frames, frame };
}

function ready() {
  const made = makeStore();
  made.store.setRules(RULES);
  made.store.show({ id: "a", title: "Boot", label: "Ankle boot", truth: 9, image: "x", saw: "y", trace: makeTrace() });
  made.frame();
  made.told.length = 0;
  return made;
}

test("many changes in one frame are told once", () => {
  const { store, told, frames, frame } = ready();
  for (const threshold of [0.1, 0.2, 0.3]) store.setThresholds(threshold);
  store.select(1);
  assert.equal(frames.length, 1);
  assert.deepEqual(told, []);
  frame();
  assert.deepEqual(told, [["selected", "thresholds"]]);
});

test("a value that stays the same is not told", () => {
  const { store, frames } = ready();
  store.setThresholds(0.9);
  store.setRule("confidence");
  store.select(null);
  assert.equal(frames.length, 0);
});

test("a change made while telling comes in the next frame", () => {
  const { store, told, frame } = ready();
  const end = store.subscribe(() => {
    end();
    store.setMessage("again");
  });
  store.setThresholds(0.5);
  frame();
  assert.deepEqual(told, [["thresholds"]]);
  frame();
  assert.deepEqual(told, [["thresholds"], ["message"]]);
});

test("one listener's error does not keep the others from hearing", (t) => {
  t.mock.method(console, "error", () => {});
  const { store, frame } = ready();
  let heard = 0;
  store.subscribe(() => {
    throw new Error("mine");
  });
  store.subscribe(() => heard++);
  store.setThresholds(0.5);
  frame();
  assert.equal(heard, 1);
  assert.equal(console.error.mock.callCount(), 1);
});

test("flush tells at once, and the frame that was planned tells nothing more", () => {
  const { store, told, frame } = ready();
  store.setThresholds(0.5);
  store.flush();
  frame();
  assert.deepEqual(told, [["thresholds"]]);
});

test("fired follows the threshold", () => {
  const { store } = ready();
  assert.equal(store.fired, 2);
  store.setThresholds(0.75);
  assert.equal(store.fired, 1);
  store.setThresholds(0.5);
  assert.equal(store.fired, 0);
});

test("the exit looked at follows the one that fires until one is chosen, and again after it is let go", () => {
  const { store } = ready();
  assert.equal(store.selectedExit, 2);
  store.select(0);
  assert.equal(store.selectedExit, 0);
  store.setThresholds(0.75);
  assert.equal(store.selectedExit, 0);
  store.select(null);
  assert.equal(store.selectedExit, 1);
});

test("every rule remembers its own threshold and starts from its default", () => {
  const { store } = ready();
  store.setThresholds(0.6);
  store.setRule("patience");
  assert.equal(store.thresholds, 3);
  store.setThresholds(2);
  store.setRule("confidence");
  assert.equal(store.thresholds, 0.6);
  store.setRule("patience");
  assert.equal(store.thresholds, 2);
  store.resetThresholds();
  assert.equal(store.thresholds, 3);
});

test("thresholds are moved to the nearest step within the rule's range", () => {
  const { store } = ready();
  store.setThresholds(0.6012);
  assert.equal(store.thresholds, 0.6);
  store.setThresholds(7);
  assert.equal(store.thresholds, 1);
  store.setThresholds(-7);
  assert.equal(store.thresholds, 0);
  store.setRule("patience");
  store.setThresholds(2.6);
  assert.equal(store.thresholds, 3);
});

test("each early exit can have its own threshold", () => {
  const { store } = ready();
  store.setThresholds([0.9, 0.7]);
  assert.equal(store.fired, 1);
  store.setThresholdAt(0, 0.5);
  assert.deepEqual(store.thresholds, [0.5, 0.7]);
  assert.equal(store.fired, 0);
  store.setThresholds(0.9);
  store.setThresholdAt(1, 0.2);
  assert.deepEqual(store.thresholds, [0.9, 0.2]);
});

test("one threshold and a list of one are not the same", () => {
  const { store } = ready();
  const exits = makeTrace().exits.slice(1);
  const cut = Object.fromEntries(
    ["macs", "ms", "probabilities", "predicted"].map((name) => [name, makeTrace()[name].slice(1)]),
  );
  store.show({ id: "b", trace: makeTrace({ ...cut, exits, scores: { confidence: [0.75, 0.96] } }) });
  store.setThresholds([0.9]);
  assert.deepEqual(store.thresholds, [0.9]);
  store.setThresholds(0.9);
  assert.equal(store.thresholds, 0.9);
});

test("setters refuse what they cannot use and say what they expected", () => {
  const { store } = ready();
  assert.throws(() => store.setThresholds("0.5"), {
    name: "TypeError",
    message: "expected a finite number as threshold; got 0.5.",
  });
  assert.throws(() => store.setThresholds(NaN), TypeError);
  assert.throws(() => store.setThresholds([0.5]), RangeError);
  assert.throws(() => store.setThresholdAt(2, 0.5), RangeError);
  assert.throws(() => store.setRule("margin"), /choose one of confidence, entropy, patience/);
  assert.throws(() => store.select(3), /from 0 to 2/);
  assert.throws(() => store.select(1.5), RangeError);
  assert.throws(() => store.setRules({}), TypeError);
  assert.throws(() => store.show({ trace: makeTrace({ macs: [1] }) }), /trace.macs: expected 3, one per exit; got 1/);
  assert.throws(() => store.show({ trace: makeTrace({ predicted: [0, 0, 3] }) }), /no class at position 3/);
  assert.throws(() => store.show({ trace: makeTrace({ exits: [] }) }), /at least one exit/);
  assert.equal(store.fired, 2);
});

test("a rule the trace has no score for leaves at the end", () => {
  const { store } = ready();
  store.show({ id: "b", trace: makeTrace({ scores: {} }) });
  assert.equal(store.fired, 2);
});

test("the previous trace is kept for comparison, with its title", () => {
  const { store } = ready();
  const first = store.trace;
  store.show({ id: "b", title: "Shoe", trace: makeTrace() });
  assert.equal(store.previousTrace, first);
  assert.equal(store.previousTitle, "Boot");
  store.show({ id: "b", title: "Shoe", trace: makeTrace() });
  assert.equal(store.previousTrace, first, "showing the same example again keeps the ghost");
});

test("a network with other exits has no ghost, loses the chosen exit and thresholds made for other exits", () => {
  const { store } = ready();
  store.select(0);
  store.setThresholds([0.1, 0.2]);
  const exits = makeTrace().exits.map((exit, e) => ({ ...exit, block: [5, 8, 12][e] }));
  store.show({ id: "c", trace: makeTrace({ exits }) });
  assert.equal(store.previousTrace, null);
  assert.equal(store.selected, null);
  const one = makeTrace({
    exits: [{ block: 12, kind: "final", family: "final" }],
    macs: [1],
    ms: [1],
    probabilities: [[1, 0, 0]],
    predicted: [0],
    scores: { confidence: [1] },
  });
  store.show({ id: "d", trace: one });
  assert.equal(store.thresholds, 0.9);
  assert.equal(store.fired, 0);
});

test("a map asked of one model is never shown for another, though the picture is the same", () => {
  const { store } = ready();
  const map = { grid: [1, 1], axes: {}, signed: false, units: "logit", evidence: null, peak: 1, data: "/w==" };
  const question = { method: "grad-cam", exit: 0, classes: [9] };
  store.show({ id: "a", trace: makeTrace({ model: "A" }), maps: [{ ...question, map }] });
  assert.equal(store.maps.get(question).map, map);
  const { owner } = store.maps;
  store.show({ id: "a", trace: makeTrace({ model: "B" }) });
  assert.equal(store.maps.get(question), undefined);
  store.maps.put(owner, question, { map }); // the answer of model A comes late
  assert.equal(store.maps.get(question), undefined);
  store.show({ ...store.rawExample, trace: makeTrace({ model: "A" }), maps: [] });
  store.maps.put(owner, question, { map });
  assert.equal(store.maps.get(question), undefined, "not even when A is back: the trace may be of other weights");
});

test("a message ends being busy, and so does a new picture", () => {
  const { store } = ready();
  store.setBusy(true);
  store.setMessage("That file is not a picture; choose a JPEG or PNG.");
  assert.equal(store.busy, false);
  store.setBusy(true);
  store.show({ id: "b", trace: makeTrace() });
  assert.equal(store.busy, false);
  assert.equal(store.message, null);
});
