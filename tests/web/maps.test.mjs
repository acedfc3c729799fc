// Maps out of base64, and the colours they are painted with.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  classStyle,
  contrast,
  paintMap,
  rgbOf,
  viridis,
  VIRIDIS_GRADIENT,
} from "../../explorer/web/widgets/colormap.js";
import { attentionMap, decodeBase64, saliencyMap, sharedPeak, strongest } from "../../explorer/web/widgets/maps.js";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");

// Two blocks, two heads, a 1x2 grid.
const attention = {
  grid: [1, 2],
  blocks: 2,
  heads: 2,
  peak: [
    [0.5, 0.25],
    [1, 0.125],
  ],
  data: base64([255, 0, 0, 255, 51, 255, 255, 255]),
};

const near = (actual, expected) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(actual[i] - value) < 1e-6, `${actual[i]} is not ${value}`));
};

test("base64 becomes bytes", () => {
  assert.deepEqual([...decodeBase64("AAH/gA==")], [0, 1, 255, 128]);
  assert.equal(decodeBase64("").length, 0);
});

test("a head's map is in its own units, blocks from 1", () => {
  near(attentionMap(attention, 1, 0).values, [0.5, 0]);
  near(attentionMap(attention, 1, 1).values, [0, 0.25]);
  near(attentionMap(attention, 2, 0).values, [0.2, 1]);
  assert.equal(attentionMap(attention, 2, 1).peak, 0.125);
});

test("the mean over heads is of weights, not of bytes", () => {
  const mean = attentionMap(attention, 1, "mean");
  near(mean.values, [0.25, 0.125]);
  assert.equal(mean.peak, 0.25);
});

test("the shared scale ends at the largest weight of all", () => {
  assert.equal(sharedPeak(attention), 1);
});

test("too little data is refused", () => {
  const short = { ...attention, data: base64([1, 2, 3]) };
  assert.throws(() => attentionMap(short, 2, 1), /expected 8 bytes; got 3/);
});

test("a saliency map has a peak, or is flat and says so", () => {
  near(saliencyMap({ grid: [1, 2], peak: 2, data: base64([255, 51]) }).values, [2, 0.4]);
  assert.equal(saliencyMap({ grid: [1, 2], peak: 0, data: base64([0, 0]) }), null);
  assert.equal(saliencyMap({ peak: -1 }), null);
  assert.equal(saliencyMap({}), null);
});

test("the strongest patch is told by row and column from 1", () => {
  assert.deepEqual(strongest({ grid: [2, 2], values: [0, 0.1, 0.7, 0.2] }), { row: 2, column: 1, value: 0.7 });
});

test("viridis has its published ends and middle and clamps what lies outside", () => {
  assert.deepEqual(viridis(0), [68, 1, 84]);
  assert.deepEqual(viridis(1), [253, 231, 37]);
  assert.deepEqual(viridis(-3), viridis(0));
  assert.deepEqual(viridis(7), viridis(1));
  assert.deepEqual(viridis(NaN), viridis(0));
  const published = [33, 145, 140]; // matplotlib's viridis(0.5)
  viridis(0.5).forEach((part, i) => assert.ok(Math.abs(part - published[i]) <= 5));
  assert.match(VIRIDIS_GRADIENT, /^linear-gradient\(to right, #440154.*#fde725\)$/);
});

test("viridis grows lighter all the way, so it reads in grey", () => {
  const white = [255, 255, 255];
  const steps = Array.from({ length: 51 }, (_, i) => contrast(viridis(i / 50), white));
  for (let i = 1; i < steps.length; i++) assert.ok(steps[i] < steps[i - 1] + 1e-9);
});

test("paintMap writes one opaque pixel per patch", () => {
  const image = { data: new Uint8ClampedArray(8) };
  let put = null;
  const canvas = { getContext: () => ({ createImageData: () => image, putImageData: (one) => (put = one) }) };
  paintMap(canvas, { grid: [1, 2], values: [0, 0.5] }, 0.5);
  assert.deepEqual([canvas.width, canvas.height], [2, 1]);
  assert.deepEqual([...put.data], [68, 1, 84, 255, 253, 231, 37, 255]);
});

for (const [name, background] of [
  ["white", "ffffff"],
  ["Gradio's dark", "27272a"],
  ["near black", "0f0f11"],
]) {
  test(`class colours keep 3:1 on ${name}`, () => {
    for (let n = 0; n < 8; n++) {
      const { color } = classStyle(n, rgbOf(background));
      assert.ok(contrast(rgbOf(color), rgbOf(background)) >= 2.99, `${n}: ${color}`);
    }
  });
}

test("classes differ without colour too", () => {
  const looks = Array.from({ length: 24 }, (_, n) => classStyle(n, [255, 255, 255])).map(
    ({ dash, marker }) => dash + marker,
  );
  assert.equal(new Set(looks).size, 24);
});
