// Explanations on the page: which map wins, which methods are on offer, and films as GIFs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readAttention } from "../../explorer/web/browser/attention.js";
import { lostTo, verdictText } from "../../explorer/web/widgets/explain/curves.js";
import { compress, gifOf, quantise } from "../../explorer/web/widgets/explain/gif.js";
import { explains, membersOf, methodTitle, ofAnswers, ofAttention, whyNothing } from "../../explorer/web/widgets/explain/offer.js";
import { setStrings } from "../../explorer/web/widgets/strings.js";

const methods = [
  { name: "attention", asks: ["patch"], families: ["local", "final"] },
  { name: "aggregation", asks: ["exit", "patch"], families: ["global"] },
  { name: "toy", asks: ["class", "exit"], families: ["local"] },
];

test("methods that explain a class are for answers, the others for attention; a new one needs no list", () => {
  assert.deepEqual(ofAnswers(methods), [methods[2]]);
  assert.deepEqual(ofAttention(methods), methods.slice(0, 2));
  assert.equal(methodTitle({ name: "no-words-yet" }), "no-words-yet");
  setStrings({ en: { "explain.toy_title": "Toy" } });
  assert.equal(methodTitle(methods[2]), "Toy");
});

test("a method that does not ask for an exit explains all of them, another those of its families", () => {
  assert.ok(explains(methods[0], { family: "global" }));
  assert.ok(explains(methods[1], { family: "global" }));
  assert.ok(!explains(methods[1], { family: "final" }));
});

test("the browser's own rollout of two tokens is the one worked out by hand, as Python's is", () => {
  // [CLS] gives the patch 0.6 in block 1 and 0.8 in block 2; see tests/explain/test_attending.py.
  const weights = [0.6, 0.8].map((to) => ({ heads: 1, tokens: 2, data: Float32Array.of(1 - to, to, 0, 1) }));
  const facts = { prefix: 1, grid: [1, 1], size: [8, 8] };
  const { attention, rollout } = readAttention(weights, 0, facts);
  [0.6, 0.8].forEach((expected, i) => assert.ok(Math.abs(attention[i] - expected) < 1e-6));
  [0.3, 0.58].forEach((expected, i) => assert.ok(Math.abs(rollout[i] - expected) < 1e-6));
  assert.ok(Math.abs(readAttention(weights, 1, facts).rollout[1] - 1) < 1e-6);
});

test("a class stands for itself, a group of the grain in force for all its classes", () => {
  const grains = [{ name: "kinds", groups: [0, 1, 0, 1, 1] }];
  assert.deepEqual(membersOf({}, 3), [3]);
  assert.deepEqual(membersOf({ grains, grain: "classes" }, 3), [3]);
  assert.deepEqual(membersOf({ grains, grain: "kinds" }, 1), [1, 3, 4]);
});

test("an answer without a map says why", () => {
  setStrings({ en: { "explain.asking": "Asking", "explain.evidence_flat": "Flat" } });
  assert.equal(whyNothing(undefined), "Asking");
  assert.equal(whyNothing({ pending: true }), "Asking");
  assert.equal(whyNothing({ failed: "No." }), "No.");
  assert.equal(whyNothing({ map: { evidence: "flat" } }), "Flat");
  assert.equal(whyNothing({ map: { evidence: null } }), null);
});

const graded = (shown, random, edges) => {
  const areas = ([deletion, insertion]) => ({ deletion: { area: deletion }, insertion: { area: insertion } });
  return { shown: areas(shown), random: areas(random), edges: areas(edges) };
};

test("a good map has the smallest deletion area and the largest insertion area; a tie is no win", () => {
  assert.deepEqual(lostTo(graded([0.1, 0.9], [0.5, 0.5], [0.4, 0.6])), []);
  assert.deepEqual(lostTo(graded([0.5, 0.5], [0.5, 0.5], [0.1, 0.9])).length, 4);
  assert.deepEqual(lostTo(graded([0.3, 0.55], [0.5, 0.5], [0.2, 0.5])), [["deletion", "edges"]]);
  setStrings({
    en: {
      "explain.verdict_good": "good",
      "explain.verdict_bad": "bad",
      "explain.verdict_mixed": "mixed: {lost}",
      "explain.verdict_part": "{kind} vs {rival}",
      "explain.deletion": "D",
      "explain.edges": "E",
    },
  });
  assert.equal(verdictText(graded([0.1, 0.9], [0.5, 0.5], [0.4, 0.6])), "good");
  assert.equal(verdictText(graded([0.5, 0.5], [0.5, 0.5], [0.1, 0.9])), "bad");
  assert.equal(verdictText(graded([0.3, 0.55], [0.5, 0.5], [0.2, 0.5])), "mixed: D vs E");
});

/** GIF's LZW undone, as any viewer does it. */
function decompress(blocks, count) {
  const bytes = [];
  for (let at = 1; blocks[at] > 0; at += blocks[at] + 1) bytes.push(...blocks.slice(at + 1, at + 1 + blocks[at]));
  const out = [];
  let [bit, size, table, last] = [0, 9, [], null];
  const clear = () => {
    table = Array.from({ length: 258 }, (_, i) => [i]);
    [size, last] = [9, null];
  };
  for (;;) {
    let code = 0;
    for (let i = 0; i < size; i++, bit++) code |= ((bytes[bit >> 3] >> (bit & 7)) & 1) << i;
    if (code === 256) clear();
    else if (code === 257) return out;
    else {
      const entry = table[code] ?? [...last, last[0]];
      out.push(...entry);
      if (last && table.length < 4096) table.push([...last, entry[0]]);
      if (table.length === 1 << size && size < 12) size++;
      last = entry;
    }
    assert.ok(out.length <= count);
  }
}

test("what is compressed comes back, past full tables and for every length", () => {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16;
  for (const length of [1, 2, 255, 256, 257, 300, 20000]) {
    const indices = Uint8Array.from({ length }, () => random() & 255);
    assert.deepEqual(decompress(compress(indices), length), [...indices]);
  }
  const flat = new Uint8Array(5000);
  assert.deepEqual(decompress(compress(flat), 5000), [...flat]);
});

test("few colours are kept within the rounding of 32 steps, however many pixels there are", () => {
  const colours = [[0, 0, 0], [255, 255, 255], [200, 60, 20], [68, 1, 84]]; // prettier-ignore
  const rgba = Uint8ClampedArray.from({ length: 4000 }, (_, i) => [...colours[(i >> 2) % 4], 255][i & 3]);
  const { palette, indices } = quantise(rgba);
  assert.equal(palette.length, 4);
  for (let i = 0; i < 8; i++) {
    palette[indices[i]].forEach((part, which) => assert.ok(Math.abs(part - colours[i % 4][which]) <= 8));
  }
});

test("a film has its frames, their size, and their time", () => {
  const frame = (value) => ({ width: 3, height: 2, data: new Uint8ClampedArray(24).fill(value) });
  const bytes = gifOf([frame(0), frame(255)], 500);
  const text = String.fromCharCode(...bytes);
  assert.ok(text.startsWith("GIF89a\x03\x00\x02\x00"));
  assert.ok(text.includes("NETSCAPE2.0"));
  assert.equal(text.split("\x21\xf9\x04\x04").length - 1, 2);
  assert.ok(text.includes("\x21\xf9\x04\x04\x32\x00")); // 50 hundredths
  assert.ok(text.includes("\x21\xf9\x04\x04\x96\x00")); // the last stays three times as long
  assert.equal(bytes.at(-1), 0x3b);
});
