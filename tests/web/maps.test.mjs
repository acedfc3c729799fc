// Maps out of base64, and the colours they are painted with.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  barLevels,
  classStyle,
  contrast,
  paintMap,
  redBlue,
  rgbOf,
  viridis,
  VIRIDIS_GRADIENT,
} from "../../explorer/web/widgets/colormap.js";
import { checkMap, MapShelf, questionKey } from "../../explorer/web/widgets/explain/shelf.js";
import { decodeBase64, mapAt, sharedPeak, strongest } from "../../explorer/web/widgets/maps.js";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");

// Two blocks, two heads, a 1x2 grid.
const attention = {
  grid: [1, 2],
  axes: { block: 2, head: 2 },
  signed: false,
  units: "attention",
  evidence: null,
  peak: [
    [0.5, 0.25],
    [1, 0.125],
  ],
  data: base64([255, 0, 0, 255, 51, 255, 255, 255]),
};
const one = { grid: [1, 2], axes: {}, signed: false, units: "logit", evidence: null, peak: 2, data: base64([255, 51]) };

const near = (actual, expected) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(actual[i] - value) < 1e-6, `${actual[i]} is not ${value}`));
};

test("base64 becomes bytes", () => {
  assert.deepEqual([...decodeBase64("AAH/gA==")], [0, 1, 255, 128]);
  assert.equal(decodeBase64("").length, 0);
});

test("a head's map is in its own units", () => {
  near(mapAt(attention, [0, 0]).values, [0.5, 0]);
  near(mapAt(attention, [0, 1]).values, [0, 0.25]);
  near(mapAt(attention, [1, 0]).values, [0.2, 1]);
  assert.equal(mapAt(attention, [1, 1]).peak, 0.125);
});

test("the mean over heads is of weights, not of bytes", () => {
  const mean = mapAt(attention, [0, "mean"]);
  near(mean.values, [0.25, 0.125]);
  assert.equal(mean.peak, 0.25);
});

test("the shared scale ends at the largest value of all", () => {
  assert.equal(sharedPeak(attention), 1);
  assert.equal(sharedPeak(one), 2);
});

test("too little data and too few indices are refused", () => {
  assert.throws(() => mapAt({ ...attention, data: base64([1, 2, 3]) }, [1, 1]), /expected 2 bytes at 1,1; got 0/);
  assert.throws(() => mapAt(attention, [1]), /expected 2 indices; got 1/);
  assert.throws(() => checkMap({ ...attention, data: "" }), /expected 12 characters for 8 values; got 0/);
  assert.throws(() => checkMap({ data: "" }), /rows and columns/);
  assert.equal(checkMap(attention), attention);
});

test("a single map has its values, or no evidence", () => {
  near(mapAt(one).values, [2, 0.4]);
  assert.equal(mapAt({ ...one, evidence: "flat", data: "" }), null);
});

test("a signed map has its zero at byte 128 and both its ends", () => {
  const signed = { ...one, grid: [1, 3], signed: true, data: base64([1, 128, 255]) };
  near(mapAt(signed).values, [-2, 0, 2]);
  assert.deepEqual(barLevels(2, true), [-2, 0, 2]);
  assert.deepEqual(barLevels(2, false), [0, 1, 2]);
  assert.deepEqual([redBlue(-1), redBlue(0), redBlue(1)], [rgbOf("2166ac"), rgbOf("f7f7f7"), rgbOf("b2182b")]);
});

test("a question is the same whatever the order of its classes, and another by any part", () => {
  const question = { method: "m", exit: 1, classes: [3, 12] };
  assert.equal(questionKey(question), questionKey({ classes: [12, 3], exit: 1, method: "m" }));
  for (const other of [{ method: "n" }, { exit: 2 }, { classes: [3] }, { patch: 0 }, { against: 0 }]) {
    assert.notEqual(questionKey(question), questionKey({ ...question, ...other }));
  }
});

test("the shelf keeps what came and what was asked, tells of it, and takes nothing that comes too late", () => {
  let told = 0;
  const shelf = new MapShelf(() => told++);
  shelf.open([{ method: "m", map: one }]);
  assert.equal(shelf.get({ method: "m" }).map, one);
  assert.equal(shelf.get({ method: "m", exit: 0 }), undefined);
  const { owner } = shelf;
  shelf.put(owner, { method: "n" }, { pending: true });
  assert.deepEqual(shelf.get({ method: "n" }), { pending: true });
  assert.throws(() => shelf.put(owner, { method: "n" }, { map: { ...one, data: "" } }), TypeError);
  shelf.put(owner, { method: "n" }, null);
  assert.equal(shelf.get({ method: "n" }), undefined);
  assert.equal(told, 3);
  shelf.open([]);
  shelf.put(owner, { method: "n" }, { map: one });
  assert.equal(shelf.get({ method: "n" }), undefined, "asked of another picture or model");
});

test("the strongest patch is told by row and column from 1", () => {
  assert.deepEqual(strongest({ grid: [2, 2], values: [0, 0.1, 0.7, 0.2] }), { row: 2, column: 1, value: 0.7 });
  assert.equal(strongest({ grid: [1, 2], values: [-0.9, 0.7] }).value, -0.9);
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
  paintMap(canvas, { grid: [1, 2], values: [-2, 2], signed: true }, 2);
  assert.deepEqual([...put.data], [...rgbOf("2166ac"), 255, ...rgbOf("b2182b"), 255]);
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
