// Numbers and sentences as people read them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { savings } from "../../explorer/web/widgets/decide.js";
import { verdict } from "../../explorer/web/widgets/overthinking.js";
import { decimalsOf, natsOf, nearestThreshold, thresholdText } from "../../explorer/web/widgets/threshold.js";
import {
  UNITS,
  comparisonText,
  factorText,
  familyOf,
  leftText,
  levelText,
  macsText,
  msText,
  paperParts,
  probabilityText,
  reasonText,
  shareText,
  storyText,
} from "../../explorer/web/widgets/words.js";
import { makeTrace, RULES } from "./helpers.mjs";

test("a probability is never rounded to certainty or to nothing", () => {
  const texts = [0.934, 1, 0, 0.9951, 0.995, 0.994, 0.0049, 0.005, NaN].map((p) => probabilityText(p));
  assert.deepEqual(texts, ["0.93", "1.00", "0.00", ">0.99", ">0.99", "0.99", "<0.01", "0.01", "–"]);
  assert.deepEqual(
    [0.99951, 0.9994, 0.0004].map((p) => probabilityText(p, 3)),
    [">0.999", "0.999", "<0.001"],
  );
});

test("MACs, times, factors and levels", () => {
  assert.deepEqual([17_580_000_000, 176_400_000, 23_100, 0].map(macsText), ["17.6 G", "176 M", "23.1 k", "0 k"]);
  assert.deepEqual([3.104, 9.996, 71.44, 0].map(msText), ["3.10 ms", "10.0 ms", "71.4 ms", "–"]);
  assert.deepEqual([1.7142, 1, null].map(factorText), ["1.71×", "1.00×", "–"]);
  assert.deepEqual([0, 0.21349, 0.0182, 0.00031, 12.345].map(levelText), ["0", "0.213", "0.0182", "3.1e-4", "12.3"]);
});

test("a share is called saved, more, or nothing", () => {
  assert.deepEqual([2, 0.86, 1, 1.001, null].map(shareText), [
    "50 % saved",
    "16 % more",
    "nothing saved",
    "nothing saved",
    "",
  ]);
});

test("score and threshold get the digits it takes to tell them apart", () => {
  assert.equal(comparisonText(RULES.confidence, 0.934, 0.9), "0.934 ≥ 0.900");
  assert.equal(comparisonText(RULES.confidence, 0.8997, 0.9), "0.8997 < 0.900");
  assert.equal(comparisonText(RULES.confidence, 0.9, 0.9), "0.900 ≥ 0.900");
  assert.equal(comparisonText(RULES.patience, 3, 3), "3 ≥ 3");
  assert.equal(comparisonText(RULES.confidence, null, 0.9), "no score, threshold 0.900");
});

test("where it left and why", () => {
  const trace = makeTrace();
  assert.equal(leftText(trace, 1), "left at block 8 of 12");
  assert.equal(leftText(trace, 2), "went through all 12 blocks");
  assert.equal(reasonText(trace, 1, "confidence", RULES.confidence, 0.7), "confidence 0.750 ≥ 0.700");
  assert.equal(reasonText(trace, 1, "entropy", RULES.entropy, [0.9, 0.6]), "certainty 0.600 ≥ 0.600");
  assert.equal(reasonText(trace, 2, "confidence", RULES.confidence, 0.9), "no earlier exit’s confidence reached 0.900");
  const story =
    "Ankle boot, 0.75: left at block 8 of 12, because confidence 0.750 ≥ 0.700. Speed-up 1.50× by blocks, 1.50× by MACs, 1.50× measured.";
  assert.equal(storyText(trace, 1, "confidence", RULES.confidence, 0.7), story);
});

test("no speed-up is written without its unit and definition", () => {
  const saved = savings(makeTrace(), 0);
  assert.deepEqual(
    UNITS.map(({ by }) => by),
    ["by blocks", "by MACs", "measured"],
  );
  const [blocks, macs, ms] = UNITS.map(({ says }) => says(saved));
  assert.match(blocks, /12 ÷ 4/);
  assert.match(macs, /300 M.*100 M.*every exit head/s);
  assert.match(ms, /6\.00 ms.*2\.00 ms.*varies/s);
});

test("an unknown family keeps its name", () => {
  assert.equal(familyOf({ family: "local" }).letter, "L");
  assert.deepEqual(familyOf({ family: "gate" }), { letter: "?", name: "gate" });
});

test("overthinking is called out when an earlier exit was right", () => {
  const trace = makeTrace({ predicted: [0, 0, 1] });
  assert.deepEqual(verdict(trace, { truth: 9, label: "Ankle boot" }), {
    kind: "overthinking",
    text: "Overthinking: blocks 4 to 8 correctly answered Ankle boot; the last exit changed its mind to Sneaker.",
  });
});

test("depth is praised when only the deeper exits are right", () => {
  assert.deepEqual(verdict(makeTrace(), { truth: 9, label: "Ankle boot" }), {
    kind: "depth",
    text: "Depth helped: the true answer, Ankle boot, holds from block 8 on.",
  });
});

test("nobody right, and everybody right", () => {
  assert.equal(verdict(makeTrace(), { truth: 8, label: "Bag" }).text, "No exit found the true answer, Bag.");
  assert.equal(
    verdict(makeTrace({ predicted: [0, 0, 0] }), { truth: 9, label: "Ankle boot" }).text,
    "Every exit gives the true answer, Ankle boot.",
  );
});

test("without a true label only a sure exit that was overruled is worth the word", () => {
  assert.equal(verdict(makeTrace(), {}).kind, "calm");
  const sure = makeTrace({
    probabilities: [
      [0.05, 0.91, 0.04],
      [0.75, 0.2, 0.05],
      [0.96, 0.03, 0.01],
    ],
  });
  const { kind, text } = verdict(sure, {});
  assert.equal(kind, "overthinking");
  assert.match(text, /block 4 was sure of Sneaker \(0\.91\), the last exit answers Ankle boot/);
});

test("thresholds keep to the rule's steps and digits", () => {
  assert.deepEqual([0.005, 1, 0.1, 1e-7].map(decimalsOf), [3, 0, 1, 7]);
  assert.equal(nearestThreshold(RULES.confidence, 0.1 + 0.2), 0.3);
  assert.equal(nearestThreshold(RULES.patience, 100), 9);
  assert.equal(thresholdText(RULES.confidence, 0.9), "0.900");
  assert.equal(thresholdText(RULES.patience, 3), "3");
});

test("a certainty threshold in nats", () => {
  assert.ok(Math.abs(natsOf(0.8, 10) - 0.2 * Math.log(10)) < 1e-12);
  assert.equal(natsOf(1, 10), 0);
});

test("a paper's address is found in what a rule says of its source", () => {
  assert.deepEqual(paperParts("PABEE: Zhou et al. 2020, arXiv 2006.04152; counted from 1"), [
    "PABEE: Zhou et al. 2020, ",
    { text: "arXiv 2006.04152", href: "https://arxiv.org/abs/2006.04152" },
    "; counted from 1",
  ]);
  assert.deepEqual(paperParts("BERxiT: aclanthology.org/2021.eacl-main.8")[1], {
    text: "aclanthology.org/2021.eacl-main.8",
    href: "https://aclanthology.org/2021.eacl-main.8",
  });
  assert.deepEqual(paperParts("PCEE-BERT: Zhang et al., NAACL 2022"), ["PCEE-BERT: Zhang et al., NAACL 2022"]);
});
