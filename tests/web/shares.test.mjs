// Exponential shares and the best subset of exits are what rules/solve.py finds, and no image passes the deepest exit allowed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { searchAsked } from "../../explorer/web/widgets/tune/search.js";
import { canStop, exponentialShares, searchShares, upTo } from "../../explorer/web/widgets/tune/shares.js";

const FIXTURE = JSON.parse(readFileSync(new URL("../data/solving.json", import.meta.url)));
const exits = FIXTURE.macs.length;
const split = {
  count: FIXTURE.scores.length,
  exits,
  right: Uint8Array.from(FIXTURE.right.flat()),
};
const scores = Float32Array.from(FIXTURE.scores.flat());

for (const { name, goal, deepest, thresholds } of FIXTURE.cases) {
  test(`${name}: the thresholds of the twin in Python`, () => {
    const wanted = goal.budget ? { macs: goal.budget } : { accuracy: goal.floor };
    const found = searchShares(split, scores, { min: 0 }, FIXTURE.macs, wanted, deepest ?? exits - 1);
    found.thresholds.forEach((one, e) => assert.ok(Math.abs(one - thresholds[e]) < 1e-9, `${found.thresholds}`));
    assert.equal(found.reached, true);
  });
}

for (const { name, goal, deepest, threshold, left_out: leftOut, reached } of FIXTURE.subset) {
  test(`the best subset of exits, ${name}: those of the twin in Python`, () => {
    const wanted = goal.budget ? { macs: goal.budget } : { accuracy: goal.floor };
    const rule = { min: 0, max: 1, step: 0.01 };
    const last = deepest ?? exits - 1;
    const part = upTo(split, scores, last);
    const found = searchAsked(part.split, part.scores, rule, FIXTURE.macs.slice(0, last + 1), wanted, FIXTURE.spared);
    assert.deepEqual(found, { thresholds: threshold, reached, leftOut: leftOut.slice(0, last + 1) });
  });
}

test("shares grow by the ratio and sum to one", () => {
  const shares = exponentialShares(Math.log(2), 3);
  assert.deepEqual(shares.map((one) => Number(one.toFixed(9))), [1 / 7, 2 / 7, 4 / 7].map((one) => Number(one.toFixed(9)))); // prettier-ignore
});

test("a split that ends at an exit is that part of it", () => {
  const cut = upTo(split, scores, 1);
  assert.equal(cut.split.exits, 2);
  assert.deepEqual([...cut.scores.slice(0, 4)], [scores[0], scores[1], scores[exits], scores[exits + 1]]);
  assert.equal(cut.split.right[3], FIXTURE.right[1][1]);
});

test("an exit where some image has no score cannot stop everybody", () => {
  const some = Float32Array.from(scores);
  some[exits] = NaN;
  const lowest = Math.min(...scores);
  assert.equal(canStop(split, some, 0, lowest), false);
  assert.equal(canStop(split, some, 1, lowest), true);
  const below = Float32Array.from(scores, (score) => score - 2); // as a count of 0 is below the slider's 1
  assert.equal(canStop(split, below, 1, lowest), false);
  assert.equal(canStop(split, below, exits - 1, lowest), true);
});
