// The geometry of the score curve, and the lines of class probabilities.

import assert from "node:assert/strict";
import { test } from "node:test";

import { curveFrame, pathThrough, thresholdPath, valueTicks } from "../../explorer/web/widgets/curve-frame.js";
import { classStyle } from "../../explorer/web/widgets/colormap.js";
import { classesToDraw, DASHES, MARKS } from "../../explorer/web/widgets/depth-lines.js";
import { makeTrace, RULES } from "./helpers.mjs";

const frame = curveFrame(600, 240, makeTrace(), RULES.confidence);

test("x grows with the block, y with falling score, and value undoes y", () => {
  assert.ok(frame.left < frame.x(4) && frame.x(4) < frame.x(8) && frame.x(12) < frame.right);
  assert.equal(frame.y(0), frame.bottom);
  assert.equal(frame.y(1), frame.top);
  for (const score of [0, 0.25, 0.9, 1]) assert.ok(Math.abs(frame.value(frame.y(score)) - score) < 1e-12);
});

test("scores out of range and NaN stay inside the frame", () => {
  assert.equal(frame.y(7), frame.top);
  assert.equal(frame.y(-7), frame.bottom);
  assert.equal(frame.y(NaN), frame.bottom);
  assert.equal(frame.y(null), frame.bottom);
});

test("a single exit stands in the middle", () => {
  const one = { blocks: 12, exits: [{ block: 12 }] };
  const { x, left, right } = curveFrame(600, 240, one, RULES.confidence);
  assert.equal(x(12), (left + right) / 2);
});

test("patience has whole numbers up to its largest threshold, or to the number of exits", () => {
  assert.equal(curveFrame(600, 240, makeTrace(), RULES.patience).high, 9);
  const exits = Array.from({ length: 20 }, (_, e) => ({ block: e + 5 }));
  assert.equal(curveFrame(600, 240, { blocks: 24, exits }, RULES.patience).high, 20);
  assert.deepEqual(valueTicks(RULES.patience, 9), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(valueTicks(RULES.patience, 20), [1, 4, 7, 10, 13, 16, 19]);
  assert.deepEqual(valueTicks(RULES.confidence, 1), [0, 0.25, 0.5, 0.75, 1]);
});

test("a frame narrower than its margins still has an inside", () => {
  const tiny = curveFrame(60, 240, makeTrace(), RULES.confidence);
  assert.ok(tiny.right > tiny.left);
});

test("paths", () => {
  assert.equal(pathThrough([]), "");
  assert.equal(
    pathThrough([
      [1, 2],
      [3.04, 4.06],
    ]),
    "M1.0 2.0L3.0 4.1",
  );
  const level = frame.y(0.5).toFixed(1);
  assert.equal(
    thresholdPath(frame, makeTrace(), 0.5),
    `M${frame.left.toFixed(1)} ${level}L${frame.right.toFixed(1)} ${level}`,
  );
});

test("own thresholds make a step per early exit and none at the last", () => {
  const path = thresholdPath(frame, makeTrace(), [0.5, 0.9]);
  const points = path
    .split(/[ML]/)
    .slice(1)
    .map((point) => point.split(" ").map(Number));
  const middle = (a, b) => Number(((frame.x(a) + frame.x(b)) / 2).toFixed(1));
  assert.deepEqual(
    points.map(([x]) => x),
    [frame.left, middle(4, 8), middle(4, 8), middle(8, 12)],
  );
});

test("a class that never matters has no line, the surest comes first", () => {
  const trace = makeTrace({
    probabilities: [
      [0.3, 0.68, 0.02],
      [0.75, 0.22, 0.03],
      [0.96, 0.03, 0.01],
    ],
  });
  assert.deepEqual(classesToDraw(trace), [0, 1]);
});

test("every dash and mark of the class styles can be drawn", () => {
  for (let n = 0; n < 42; n++) {
    const { dash, marker } = classStyle(n, [255, 255, 255]);
    assert.ok(Object.hasOwn(DASHES, dash), dash);
    assert.match(MARKS[marker], /^M[-\d .aAhHvVMz]+$/, marker);
  }
});

test("a chart without handles uses the room to the right", () => {
  assert.equal(curveFrame(600, 240, makeTrace(), RULES.confidence, 16).right, 584);
});
