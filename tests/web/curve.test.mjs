// The geometry of the score curve, and the figure of class probabilities.

import assert from "node:assert/strict";
import { test } from "node:test";

import { curveFrame, pathThrough, thresholdPath, valueTicks } from "../../explorer/web/widgets/curve-frame.js";
import { classesToDraw, depthFigure, exitLines, plainLabel } from "../../explorer/web/widgets/depth-figure.js";
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

test("labels cannot carry markup into the figure", () => {
  assert.equal(plainLabel("<b>a</b> & b"), "&lt;b&gt;a&lt;/b&gt; &amp; b");
});

test("the figure has a line per class over the exits' blocks and upright lines where it left and at the exit looked at", () => {
  const theme = { ink: "#000", quiet: "#555", line: "#ddd", accent: "#00f", paper: [255, 255, 255], font: "x" };
  const { data, layout } = depthFigure(makeTrace(), [1, 0], theme, 360);
  assert.deepEqual(
    data.map(({ name }) => name),
    ["Ankle boot", "Sneaker", "Sandal"],
  );
  assert.deepEqual(data[0].x, [4, 8, 12]);
  assert.deepEqual(data[1].y, [0.5, 0.2, 0.03]);
  assert.deepEqual(
    layout.shapes.map(({ x0, line }) => [x0, line.color, line.dash]),
    [
      [8, "#00f", undefined],
      [4, "#555", "dot"],
    ],
  );
  assert.deepEqual(exitLines(makeTrace(), [1], theme), layout.shapes.slice(0, 1));
  assert.equal(layout.height, 360);
});
