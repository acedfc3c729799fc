// What a rule looks at besides its score.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./helpers.mjs"; // the page's words

import { barOf, looksOf } from "../../explorer/web/widgets/looks.js";

const TRACE = {
  rules: {
    palbert: { macs: [1, 2], looks: { halt: [0.25, 0.5], newer: [null, 1] } },
    costly: { macs: [1, 2] },
  },
};

test("a rule's looks come in order, named in the page's language, or by their own name where it has no word", () => {
  assert.deepEqual(looksOf(TRACE, "palbert"), [
    { name: "halt", title: "halting, λ", values: [0.25, 0.5] },
    { name: "newer", title: "newer", values: [null, 1] },
  ]);
});

test("what a rule looks at that is another rule's score is drawn from there", () => {
  const scores = { confidence: [0.4, 0.9], entropy: [0.1, 0.7], margin: [0.2, 0.8], pcee: [null, 0.1], sorted: [0.4, 0.95] };
  const shown = (rule, rules = {}) => looksOf({ scores, rules }, rule).map(({ name, values }) => [name, values]);
  assert.deepEqual(shown("margin", { margin: { looks: { second: [0.2, 0.1] } } }), [["first", [0.4, 0.9]], ["second", [0.2, 0.1]]]);
  assert.deepEqual(shown("pcee"), [["certainty", [0.1, 0.7]]]);
  assert.deepEqual(shown("sorted"), [["confidence", [0.4, 0.9]]]);
  assert.deepEqual(shown("performance"), []); // a rule that this trace was not read by
  assert.deepEqual(shown("confidence"), []);
});

test("a rule that looks at its score alone has none, nor has a trace without that rule, nor no trace", () => {
  for (const [trace, rule] of [
    [TRACE, "costly"],
    [TRACE, "confidence"],
    [{ exits: [] }, "palbert"],
    [null, "palbert"],
  ]) {
    assert.deepEqual(looksOf(trace, rule), []);
  }
});

test("a bar stands between nothing and all, and nowhere for what is no number", () => {
  assert.deepEqual(
    [0.4, -1, 7, NaN, null, undefined].map((value) => barOf(value)),
    [0.4, 0, 1, 0, 0, 0],
  );
});
