// The decision, against the fixture that Python's rule passes as well, and what leaving saves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decide, savings } from "../../explorer/web/widgets/decide.js";
import { makeTrace } from "./helpers.mjs";

const cases = JSON.parse(readFileSync(new URL("../data/decisions.json", import.meta.url)));

for (const { name, scores, thresholds, exit } of cases) {
  test(`decide: ${name}`, () => assert.equal(decide(scores, thresholds), exit));
}

test("decide passes over a real NaN as over null", () => {
  assert.equal(decide([NaN, 0.9, 0.1], 0.5), 1);
});

test("decide takes infinite scores and thresholds", () => {
  assert.equal(decide([0.1, Infinity, 0.1], 0.5), 1);
  assert.equal(decide([0.1, 0.9, 0.2], Infinity), 2);
  assert.equal(decide([0.1, 0.9, 0.2], -Infinity), 0);
});

test("decide refuses a wrong number of thresholds and says what it expected", () => {
  assert.throws(() => decide([0.1, 0.2, 0.3], [0.5]), {
    name: "RangeError",
    message: "expected one threshold, or 2 (one per early exit); got 1.",
  });
  assert.throws(() => decide([0.1, 0.2, 0.3], [0.5, 0.5, 0.5]), RangeError);
});

test("decide refuses a network without exits", () => {
  assert.throws(() => decide([], 0.5), RangeError);
});

test("savings counts blocks, MACs and milliseconds as full over spent", () => {
  const { blocks, macs, ms, spent, full } = savings(makeTrace(), 0);
  assert.deepEqual({ blocks, macs, ms }, { blocks: 3, macs: 3, ms: 3 });
  assert.deepEqual(spent, { blocks: 4, macs: 100e6, ms: 2 });
  assert.deepEqual(full, { blocks: 12, macs: 300e6, ms: 6 });
});

test("savings are below 1 at the final exit, where the heads cost something", () => {
  const { blocks, macs, ms } = savings(makeTrace(), 2);
  assert.equal(blocks, 1);
  assert.ok(Math.abs(macs - 300 / 330) < 1e-12);
  assert.ok(Math.abs(ms - 6 / 6.6) < 1e-12);
});

test("savings are null where nothing was measured", () => {
  const trace = makeTrace({ ms: [0, 0, 0], ms_full: 0 });
  assert.equal(savings(trace, 1).ms, null);
  assert.equal(savings(makeTrace({ ms_full: null }), 1).ms, null);
});
