// What the worker computes in JavaScript is what Python computes, on pictures and numbers made by twins.py.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { CORRUPTIONS, corrupt } from "../../explorer/web/browser/corruptions.js";
import { seeGarment } from "../../explorer/web/browser/garment.js";
import { pack } from "../../explorer/web/browser/maps.js";
import { seePhoto } from "../../explorer/web/browser/photo.js";
import { resize, resizeReduced } from "../../explorer/web/browser/resample.js";
import { RULES, walk } from "../../explorer/web/browser/rules.js";
import { Seen } from "../../explorer/web/browser/rules/seen.js";
import { traceOf } from "../../explorer/web/browser/trace.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const env = { ...process.env, PYTHONPATH: root };
const run = spawnSync("python", ["tests/web/twins.py"], { cwd: root, env, maxBuffer: 1e8 });
assert.equal(run.status, 0, run.stderr.toString());
const python = JSON.parse(run.stdout);

function bytesOf(text) {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function unpacked({ floats, data, ...picture }) {
  const bytes = bytesOf(data);
  return { ...picture, data: floats ? new Float32Array(bytes.buffer) : new Uint8ClampedArray(bytes) };
}

/** The largest difference between two pictures of one size. */
function apart(found, expected) {
  assert.deepEqual([found.width, found.height, found.channels], [expected.width, expected.height, expected.channels]);
  assert.equal(found.data.length, expected.data.length);
  return found.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i])), 0);
}

test("resizing is Pillow's, bit for bit", () => {
  assert.equal(python.resizes.length, 30);
  for (const { picture, size, filter, box, gap, result } of python.resizes) {
    const given = unpacked(picture);
    const found = gap ? resizeReduced(given, ...size, filter, box, gap) : resize(given, ...size, filter, box);
    assert.ok(apart(found, unpacked(result)) <= (picture.floats ? 1e-3 : 0), `${filter} to ${size} of ${box}`);
  }
});

test("the sights are Python's, and say the same", () => {
  const sights = { garment: seeGarment, photo: (picture) => seePhoto(picture, 32) };
  const notes = new Set();
  for (const { sight, picture, result, note } of python.sights) {
    const found = sights[sight](unpacked(picture));
    assert.equal(found.note, note);
    assert.equal(apart(found.picture, unpacked(result)), 0, note);
    notes.add(note);
  }
  assert.ok(notes.size >= 6, "all ways to see a garment were tried");
});

for (const [i, { picture, grain, place, results }] of python.corruptions.entries()) {
  for (const [name, severities] of Object.entries(results)) {
    test(`${name} is Python's, within a grey level, on picture ${i}`, async () => {
      const seeds = { grain: new Float32Array(bytesOf(grain).buffer), place };
      for (const [severity, expected] of severities.entries()) {
        const found = await corrupt(unpacked(picture), name, severity, seeds);
        assert.ok(apart(found, unpacked(expected)) <= 1, `severity ${severity}`);
      }
    });
  }
}

test("every corruption of the server is there", () => {
  assert.deepEqual(Object.keys(CORRUPTIONS).sort(), [...Object.keys(python.corruptions[0].results), "jpeg"].sort());
});

/** Whether two answers are one: numbers within `most`, all else equal. */
function alike(found, expected, most, where) {
  if (typeof expected === "number") {
    assert.ok(Math.abs(found - expected) <= most, `${where}: ${found} for ${expected}`);
  } else if (expected !== null && typeof expected === "object") {
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), where);
    for (const key of Object.keys(expected)) alike(found[key], expected[key], most, `${where}.${key}`);
  } else assert.equal(found, expected, where);
}

test("a trace is Python's: scores, answers and looks of every rule, and sets, by class and in groups", () => {
  for (const { logits, tokens, states, parts, labels, grain, sets, rule_macs: macs, trace } of python.traces) {
    const exits = logits.length;
    const stored = (one) => ({ ...one, data: Float32Array.from(one.data) });
    const kept = (all) => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, stored(one)]));
    const partsOf = ({ addon }) => (addon ? kept(parts[addon]) : {});
    const rules = Object.keys(trace.scores);
    assert.deepEqual(rules.sort(), Object.keys(RULES).sort());
    const reader = walk(rules, { exits, classes: labels.length, grain: "classes" }, partsOf);
    const rows = logits.map((row) => Float32Array.from(row));
    rows.forEach((row, e) => {
      const [previous, own] = [tokens[e], tokens[e + 1]].map((one) => Float32Array.from(one));
      reader.step(e, new Seen(row, { tokens: own, previous, state: Float32Array.from(states[e]) }));
    });
    const costs = Object.fromEntries(Object.entries(macs).filter(([, row]) => row.some(Boolean)));
    const facts = { name: "m", labels, exits: trace.exits, blocks: 5, macs: trace.macs, macs_full: 9, heads: trace.heads, rules, rule_macs: costs, grains: [grain], sets }; // prettier-ignore
    alike(traceOf(facts, rows, reader.done(), partsOf, trace.ms, trace.ms_full), trace, 2e-6, "trace");
  }
});

test("in a film DeeR's first exit is held against the frame before", () => {
  const seen = new Seen(Float32Array.of(2, 0, 1));
  const first = (before) => RULES.deer.reader({ before })(0, seen).score;
  assert.ok(Number.isNaN(first(null)));
  assert.equal(first(seen.probabilities), 1);
  const other = Float64Array.of(0, 1, 0);
  const change = Math.hypot(...seen.probabilities.map((p, c) => p - other[c]));
  assert.ok(Math.abs(first(other) - (1 - change / Math.SQRT2)) < 1e-12);
});

test("maps are packed as Python packs them: many, signed and flat ones", () => {
  assert.equal(Object.keys(python.packings).length, 3);
  for (const [name, { values, packed }] of Object.entries(python.packings)) {
    const { grid, axes, signed, units } = packed;
    assert.deepEqual(pack(Float32Array.from(values), grid, { axes, signed, units }), packed, name);
  }
  const broken = pack(Float32Array.of(1, NaN), [1, 2], { units: "logit" });
  assert.deepEqual([broken.evidence, broken.peak, broken.data], ["broken", 0, ""]);
});
