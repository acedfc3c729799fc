// The Stress tab's arithmetic: where every severity leaves, what is asked and kept, and the story that is told of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { setStrings, useLanguage } from "../../explorer/web/widgets/strings.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { rowsOf, sweepJson } from "../../explorer/web/widgets/stress/report.js";
import { stressStory } from "../../explorer/web/widgets/stress/story.js";
import { CORRUPTIONS, pointsOf, Stress } from "../../explorer/web/widgets/stress/stress.js";
import { makeTrace, RULES } from "./helpers.mjs";

const words = (language) =>
  Object.fromEntries(
    Object.entries(
      JSON.parse(readFileSync(new URL(`../../explorer/web/strings/${language}/stress.json`, import.meta.url))),
    ).map(([key, text]) => [`stress.${key}`, text]),
  );
setStrings({ en: words("en"), de: words("de") });
useLanguage("en");

/** Eleven traces that all leave at the end until severity 3, then at block 4 with another answer. */
const traces = Array.from({ length: 11 }, (_, severity) =>
  makeTrace({ scores: { confidence: [severity < 4 ? 0.5 : 0.95, 0.75, 0.96], entropy: [0, 0, 0], patience: [1, 1, 2] } }),
);

function makeStress(answer = async () => ({ traces, pictures: traces.map((_, i) => `p${i}`), seed: 0 })) {
  const store = new Store(() => {});
  store.setModel("toy");
  store.setRules(RULES);
  store.show({ trace: makeTrace(), saw: "saw", id: "a", title: "Boot", label: "Ankle boot", truth: 9 });
  const asked = [];
  const stress = new Stress(store, async (name, question) => {
    asked.push([name, question]);
    return answer(question);
  });
  return { store, stress, asked };
}

const points = (blocks, right, label = "Bag") =>
  blocks.map((block, severity) => ({ severity, exit: 0, block, label, probability: 0.9, right: right(severity) }));
const eleven = (block) => Array(11).fill(block);
const always = () => true;

test("points follow the rule in force, and are right by the label or else by the untouched picture", () => {
  const { store } = makeStress();
  assert.deepEqual(
    pointsOf(traces, store, 9).map(({ block, right }) => [block, right]),
    [...Array(4).fill([12, true]), ...Array(7).fill([4, false])],
  );
  assert.equal(pointsOf(traces, store, 7)[10].right, true);
  assert.equal(pointsOf(traces, store, null)[0].right, true);
  store.setThresholds(0.4);
  assert.deepEqual(pointsOf(traces, store, null).map(({ block }) => block), eleven(4));
});

test("a corruption is asked for once per picture and model", async () => {
  const { store, stress, asked } = makeStress();
  await Promise.all([stress.fetch("blur"), stress.fetch("blur")]);
  await stress.fetch("blur");
  assert.deepEqual(asked, [["stress", { model: "toy", saw: "saw", corruption: "blur", seed: 0 }]]);
  store.show({ trace: makeTrace(), saw: "other", id: "b" });
  assert.equal(stress.answer("blur"), undefined);
  await stress.fetch("blur");
  assert.equal(asked.length, 2);
});

test("a failure is kept as its sentence and may be asked again", async () => {
  let fails = true;
  const { stress } = makeStress(async () => {
    if (fails) throw new Error("No.");
    return { traces, pictures: [] };
  });
  await stress.fetch("blur");
  assert.equal(stress.answer("blur").failed, "No.");
  fails = false;
  await stress.fetch("blur");
  assert.equal(stress.answer("blur").traces, traces);
});

test("a sweep runs all eight, and ends when it is stopped or the picture changes", async () => {
  const whole = makeStress();
  await whole.stress.sweep();
  assert.deepEqual(whole.asked.map(([, { corruption }]) => corruption), CORRUPTIONS);
  assert.equal(whole.stress.finished, 8);
  assert.equal(whole.stress.sweeping, false);

  const stopped = makeStress(async ({ corruption }) => {
    if (corruption === CORRUPTIONS[2]) stopped.stress.stop();
    return { traces, pictures: [] };
  });
  await stopped.stress.sweep();
  assert.equal(stopped.asked.length, 3);

  const changed = makeStress(async () => {
    changed.store.show({ trace: makeTrace(), saw: "other", id: "b" });
    return { traces, pictures: [] };
  });
  await changed.stress.sweep();
  assert.equal(changed.asked.length, 1);
});

test("severities are whole and between 0 and 10; until the answer is there the untouched picture is shown", async () => {
  const { store, stress } = makeStress();
  stress.setSeverity(99);
  assert.equal(stress.severity, 10);
  stress.setSeverity(NaN);
  assert.equal(stress.severity, 10);
  assert.deepEqual(stress.frame, { picture: "saw", trace: store.trace, severity: 0 });
  await stress.fetch("blur");
  assert.deepEqual(stress.frame, { picture: "p10", trace: traces[10], severity: 10 });
  assert.throws(() => stress.setCorruption("fog"), RangeError);
});

test("the story says how the exit moves", () => {
  const says = (blocks) => stressStory(points(blocks, always), true);
  assert.equal(says(eleven(5)), "The exit stays at block 5 at every severity. The answer stays right.");
  assert.match(says([5, 5, 6, 7, 9, 9, 9, 9, 9, 9, 9]), /climbs from block 5 to block 9 by severity 4\. The/);
  assert.match(says([5, 5, 9, 7, 7, 7, 7, 7, 7, 7, 4]), /to block 9 by severity 2 and ends at block 4\./);
  assert.match(says([5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4]), /never climbs; it falls from block 5 to block 4 by severity 3\./);
});

test("the story says where the answer goes wrong", () => {
  const says = (wrong, known = true) =>
    stressStory(points([5, ...Array(10).fill(9)], (severity) => !wrong.includes(severity)), known);
  assert.match(says([8, 9, 10]), /From severity 8 on the answer is wrong\./);
  assert.match(says([3]), /wrong at severity 3\./);
  assert.match(says([3, 5, 10]), /wrong at severities 3, 5,? and 10\./);
  assert.match(says([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), /for the untouched picture too\./);
  assert.match(says([10], false), /From severity 10 on the answer differs\./);
  assert.match(says([], false), /The answer stays Bag\./);
});

test("a wrong answer that leaves as early as the untouched picture is called out", () => {
  const early = points(eleven(4), (severity) => severity < 9);
  assert.match(stressStory(early, true), /At severity 9 it leaves as early as block 4 with Bag, 0\.90/);
  const late = points([4, ...Array(10).fill(8)], (severity) => severity < 9);
  assert.doesNotMatch(stressStory(late, true), /being sure/);
});

test("what is taken home has a row per severity and every trace", async () => {
  const { stress } = makeStress();
  await stress.fetch("noise");
  const rows = rowsOf(stress, CORRUPTIONS);
  assert.equal(rows.length, 12);
  assert.deepEqual(rows[1], ["noise", 0, 12, "Ankle boot", 0.96, true, 330e6]);
  assert.deepEqual(rows[11], ["noise", 10, 4, "Sneaker", 0.5, false, 100e6]);
  const json = sweepJson(stress, CORRUPTIONS);
  assert.deepEqual([json.model, json.rule, json.label, json.corruptions.length], ["toy", "confidence", "Ankle boot", 1]);
  assert.equal(json.corruptions[0].severities[10].trace, traces[10]);
});
