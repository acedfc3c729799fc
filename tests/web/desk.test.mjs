// What the Tune tab's widgets share: an evaluation asked for once and unpacked, and live numbers tallied once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { NoAnswer } from "../../explorer/web/widgets/ask.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { Desk } from "../../explorer/web/widgets/tune/desk.js";
import { unpackArray } from "../../explorer/web/widgets/tune/evaluation.js";
import { countText, marginText, niceTicks, percentText, pointsText } from "../../explorer/web/widgets/tune/numbers.js";
import { RULES } from "./helpers.mjs";

/** As explorer/web/records.py packs: byte planes, zlib, base64. */
function pack(array, shape) {
  const bytes = new Uint8Array(array.buffer);
  const size = array.BYTES_PER_ELEMENT;
  const planes = Uint8Array.from(bytes, (_, i) => bytes[(i % array.length) * size + Math.floor(i / array.length)]);
  const kind = array.constructor.name.replace("Array", "").toLowerCase();
  return { kind, shape, data: deflateSync(planes).toString("base64") };
}

// Three images, three exits: right at once; right from the second exit on; never right.
const record = {
  labels: pack(Uint8Array.of(0, 1, 1), [3]),
  predicted: pack(Uint8Array.of(0, 0, 0, 0, 1, 1, 0, 0, 0), [3, 3]),
  scores: { confidence: pack(Float32Array.of(0.9, 0.9, 1, 0.4, 0.7, 0.9, 0.2, 0.3, 0.6), [3, 3]) },
};
const ANSWER = {
  model: "toy",
  labels: ["a", "b"],
  exits: [{ block: 4 }, { block: 8 }, { block: 12 }],
  macs: [40, 70, 100],
  macs_full: 90,
  splits: { validation: record, test: record },
  gallery: null,
};

function makeStore() {
  const store = new Store(() => {});
  store.setModel("toy");
  store.setRules(RULES);
  return store;
}

test("an array comes out of its planes, whatever its kind", async () => {
  for (const array of [Uint8Array.of(1, 2, 255), Uint16Array.of(1, 999, 65535), Float32Array.of(0.1, NaN, 1, 2.5)]) {
    const found = await unpackArray(pack(array, [array.length]));
    assert.equal(found.constructor, array.constructor);
    assert.deepEqual([...found], [...array]);
  }
  await assert.rejects(unpackArray({ ...pack(Uint8Array.of(1, 2), [2]), shape: [3] }), TypeError);
});

test("an evaluation is asked for once, and its numbers follow the store", async () => {
  const asked = [];
  const desk = new Desk(async (...question) => {
    asked.push(question);
    return ANSWER;
  });
  const store = makeStore();
  let told = 0;
  desk.subscribe(() => told++);
  assert.equal(desk.now(store), null);
  const opening = desk.open("toy");
  desk.open("toy");
  assert.deepEqual(desk.entry("toy"), { pending: true });
  await opening;
  await desk.open("toy");
  assert.deepEqual(asked, [["evaluation", { model: "toy", grain: "classes" }]]);
  assert.equal(told, 2); // on its way, and here

  store.setThresholds(0.6);
  const first = desk.now(store);
  assert.equal(first.split.name, "validation");
  assert.deepEqual([...first.tally.leaving], [1, 1, 1]);
  assert.equal(first.tally.accuracy, 2 / 3);
  assert.equal(first.tally.meanMacs, 70);
  assert.equal(desk.now(store), first); // nothing moved, nothing is tallied again
  store.setThresholds(0.95);
  assert.deepEqual([...desk.now(store).tally.leaving], [0, 0, 3]);
  store.setThresholds([0.95, 0.65]);
  assert.deepEqual([...desk.now(store).tally.leaving], [0, 2, 1]);
  desk.setSplit("test");
  assert.equal(desk.now(store).split.name, "test");
  assert.throws(() => desk.setSplit("train"), RangeError);
});

test("photographs without labels are a third split, of a teacher's answers, where a model has them", async () => {
  const more = { ...record, labels: pack(Uint8Array.of(0, 1, 0), [3]) }; // the teacher calls the last image a
  const answers = { toy: { ...ANSWER, splits: { ...ANSWER.splits, unlabelled: more } }, plain: ANSWER };
  const desk = new Desk(async (_, { model }) => answers[model]);
  await desk.open("toy");
  await desk.open("plain");
  const store = makeStore();
  assert.equal(desk.now(store).split.teacher, false);
  desk.setSplit("unlabelled");
  store.setThresholds(0.6);
  const { split, tally } = desk.now(store);
  assert.deepEqual([split.name, split.teacher, tally.accuracy], ["unlabelled", true, 1]);
  store.setModel("plain");
  store.setRules(RULES);
  assert.equal(desk.now(store).split.name, "test");
  const [toy, plain] = ["toy", "plain"].map((model) => desk.entry(model).evaluation);
  assert.deepEqual([desk.splitIn(toy), desk.splitIn(plain)], ["unlabelled", "test"]);
});

test("a rule without scores has no live numbers", async () => {
  const desk = new Desk(async () => ANSWER);
  await desk.open("toy");
  const store = makeStore();
  store.setRule("entropy");
  assert.equal(desk.now(store), null);
});

test("thresholds made for other exits count by their mean", async () => {
  const desk = new Desk(async () => ANSWER);
  await desk.open("toy");
  const store = makeStore();
  store.setThresholds([0.5, 0.6, 0.7, 0.6]);
  assert.equal(desk.now(store).thresholds, 0.6);
  assert.deepEqual([...desk.now(store).tally.leaving], [1, 1, 1]);
});

test("why there is no evaluation is kept, until somebody tries again", async () => {
  let asked = 0;
  const desk = new Desk(async () => {
    asked++;
    throw new NoAnswer("The model 'toy' ships no evaluation.");
  });
  await desk.open("toy");
  await desk.open("toy");
  assert.deepEqual(desk.entry("toy"), { failed: "The model 'toy' ships no evaluation." });
  assert.equal(asked, 1);
  desk.retry("toy");
  assert.equal(asked, 2);
});

test("shares, points and counts", () => {
  assert.equal(percentText(0.91724), "91.72 %");
  assert.equal(percentText(0 / 0), "–");
  assert.deepEqual([0.0005, -0.0031, 0.00001].map((d) => pointsText(d)), ["+0.05", "−0.31", "±0"]);
  assert.equal(countText(10000), "10,000");
  assert.equal(marginText(0.71, 500), "4.0");
});

test("ticks are round, cover the range, and are written with the digits they need", () => {
  assert.deepEqual(niceTicks(0, 100, 5), { ticks: [0, 20, 40, 60, 80, 100], digits: 0 });
  const { ticks, digits } = niceTicks(91.48, 92.16, 5);
  assert.ok(ticks[0] <= 91.48 && ticks.at(-1) >= 92.16 && ticks.length <= 8);
  assert.ok(ticks.every((tick) => Math.abs(tick - Number(tick.toFixed(digits))) < 1e-9));
  for (const [low, high] of [[12.3, 30.2], [0.3, 17.6], [99.99, 99.995], [50, 50]]) {
    const found = niceTicks(low, high, 5);
    assert.ok(found.ticks[0] <= low + 1e-9 && found.ticks.at(-1) >= high - 1e-9, `${low} to ${high}: ${found.ticks}`);
    assert.ok(found.ticks.every((tick) => Math.abs(tick - Number(tick.toFixed(found.digits))) < 1e-9), `${found.ticks}`);
  }
});
