// The Batch tab's run and sums: steps until all are through, cancelled by not asking on, ordered and taken home.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Batch } from "../../explorer/web/widgets/batch/batch.js";
import { csvRows, jsonRows, leftAt, ordered, sums } from "../../explorer/web/widgets/batch/results.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { makeTrace, RULES } from "./helpers.mjs";

const row = (image, block, probability, label = "Bag") => ({
  image,
  thumbnail: "data:",
  grain: "kinds",
  exit: { index: 0, block, kind: "lph-dw" },
  prediction: [{ label, probability }],
  macs: { used: block * 10, full: 120 },
  ms: { used: block, full: null },
});
const bad = { image: "bad.txt", error: "This is no picture." };
const ROWS = [row("b10.png", 4, 0.9), bad, row("b9.png", 12, 0.4, "Coat"), row("a.png", 4, 0.7)];

function makeBatch(answers) {
  const store = new Store(() => {});
  store.setModel("toy");
  store.setRules(RULES);
  store.show({ trace: makeTrace(), id: "a" });
  const asked = [];
  const batch = new Batch(store, async (name, question) => {
    asked.push([name, question]);
    return answers(name, question, batch);
  });
  return { store, batch, asked };
}

const steps = (name, { start }) =>
  name === "batch_open"
    ? { count: 3 }
    : { rows: ROWS.slice(start, start + 2).slice(0, 3 - start), ms: 5, plain_ms: start ? null : 8, timed: start ? 0 : 1 };

test("a run asks step by step until all are through", async () => {
  const { batch, asked } = makeBatch(steps);
  await batch.run([{ path: "p" }]);
  assert.deepEqual(asked.map(([name, { start }]) => [name, start]), [["batch_open", undefined], ["batch_step", 0], ["batch_step", 2]]);
  assert.deepEqual(asked[1][1], { model: "toy", files: [{ path: "p" }], start: 0, rule: "confidence", thresholds: 0.9, grain: "classes" });
  assert.deepEqual(batch.rows, ROWS.slice(0, 3));
  assert.deepEqual(batch.times, { timed: 1, infer: 5, plain: 8 });
  assert.equal(batch.running, false);
});

test("a cancelled run keeps what ran and asks no more", async () => {
  const { batch, asked } = makeBatch((name, question, running) => {
    if (question.start === 2) running.cancel();
    return steps(name, question);
  });
  await batch.run("examples");
  assert.deepEqual([batch.rows.length, batch.cancelled, batch.running, asked.length], [2, true, false, 3]);
});

test("a second run leaves the first behind", async () => {
  let [started, second] = [false, null];
  const { batch } = makeBatch((name, question, running) => {
    if (!started) {
      started = true;
      second = running.run("examples");
    }
    return steps(name, question);
  });
  await batch.run([{ path: "old" }]);
  await second;
  assert.equal(batch.files, "examples");
  assert.equal(batch.rows.length, 3);
});

test("a refusal is its sentence, and a step without rows ends the run", async () => {
  const refused = makeBatch(() => {
    throw new Error("That is more than 500 files.");
  });
  await refused.batch.run([{ path: "p" }]);
  assert.deepEqual([refused.batch.message, refused.batch.running], ["That is more than 500 files.", false]);
  const short = makeBatch((name) => (name === "batch_open" ? { count: 9 } : { rows: [], timed: 0 }));
  await short.batch.run([{ path: "p" }]);
  assert.equal(short.batch.running, false);
});

test("results are stale once the rule, threshold or model is another", async () => {
  const { store, batch } = makeBatch(steps);
  assert.equal(batch.stale, false);
  await batch.run("examples");
  assert.equal(batch.stale, false);
  store.setThresholds(0.5);
  assert.equal(batch.stale, true);
  await batch.run();
  assert.deepEqual([batch.stale, batch.ran.thresholds], [false, 0.5]);
  store.setModel("other");
  assert.equal(batch.stale, true);
});

test("sums count what ran", () => {
  assert.equal(sums([bad]), null);
  const { pictures, failed, block, macs, factor } = sums(ROWS);
  assert.deepEqual([pictures, failed, macs], [3, 1, { used: 200, full: 360 }]);
  assert.ok(Math.abs(block - 20 / 3) < 1e-12);
  assert.ok(Math.abs(factor - 1.8) < 1e-12);
  assert.deepEqual(leftAt(ROWS, [4, 8, 12]), [2, 0, 1]);
});

test("rows are ordered by number or by name, up and down, what failed last", () => {
  assert.deepEqual(ordered(ROWS, null), [0, 1, 2, 3]);
  assert.deepEqual(ordered(ROWS, "image"), [3, 2, 0, 1]); // b9 before b10
  assert.deepEqual(ordered(ROWS, "image", true), [0, 2, 3, 1]);
  assert.deepEqual(ordered(ROWS, "probability"), [2, 3, 0, 1]);
  assert.deepEqual(ordered(ROWS, "exit"), [0, 3, 2, 1]); // equals keep their order
  assert.deepEqual(ordered(ROWS, "macs", true), [0, 3, 2, 1]);
});

test("what is taken home has every row, failed ones too, and no thumbnail", () => {
  const rows = csvRows(ROWS);
  assert.equal(new Set(rows.map((cells) => cells.length)).size, 1);
  assert.deepEqual(rows[1], ["b10.png", "Bag", 0.9, 4, "lph-dw", "kinds", "", 40, 120, 4, null, ""]);
  assert.equal(csvRows([{ ...ROWS[0], left_out: [4, 5] }])[1][6], "4 5");
  assert.deepEqual(rows[2], ["bad.txt", "", "", "", "", "", "", "", "", "", "", "This is no picture."]);
  assert.ok(jsonRows(ROWS).every((report) => !("thumbnail" in report)));
  assert.deepEqual(jsonRows(ROWS)[1], bad);
});
