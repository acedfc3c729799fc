// The graphics card in the worker: asked where it pays, left where it is missing, fails, or answers wrongly.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.self ??= globalThis;
const { Network } = await import("../../explorer/web/browser/network.js");
const { Pieces } = await import("../../explorer/web/browser/pieces.js");
const { CardFailed, Runtime } = await import("../../explorer/web/browser/runtime.js");

const MANIFEST = { wasm: {}, webgpu: {} };
const card = { requestAdapter: async () => ({}) };
const runtime = (gpu, manifest = MANIFEST) => new Runtime(manifest, "https://host.example/", () => {}, gpu);

for (const [name, gpu, macs, kind, why] of [
  ["a browser without WebGPU", null, 6e9, "wasm", "no_card"],
  ["a machine without a card", { requestAdapter: async () => null }, 6e9, "wasm", "no_card"],
  ["a card that cannot be asked", { requestAdapter: async () => Promise.reject(new Error()) }, 6e9, "wasm", "no_card"],
  ["a card made of software", { requestAdapter: async () => ({ info: { isFallbackAdapter: true } }) }, 6e9, "wasm", "no_card"],
  ["a small network", card, 27e6, "wasm", "small"],
  ["a large network and a card", card, 6e9, "webgpu", null],
]) {
  test(`${name}: ${kind}${why ? `, ${why}` : ""}`, async () => {
    const place = await runtime(gpu).placeOf(macs);
    assert.deepEqual([place.kind, place.why], [kind, why]);
  });
}

test("a card that was left is not asked again, and a page without its program asks none", async () => {
  const left = runtime(card);
  left.leaveCard();
  assert.equal((await left.placeOf(6e9)).why, "card_failed");
  assert.equal((await runtime(card, { wasm: {} }).placeOf(6e9)).why, "no_card");
});

const EXITS = [{ block: 1 }, { block: 2 }, { block: 3 }];
const EXPECTED = Float32Array.of(1, 2, 3, 4, 5, 6); // logits of three exits and two classes
const PICTURE = Uint8Array.of(7, 8, 9, 10); // 2 x 2, grey

/** A network of three exits on a card that answers the check's picture with `answers`, and what ran on it. */
function network(answers, kind = "webgpu") {
  const ran = [];
  const pieces = {
    tensor: (data, dims) => ({ data, dims }),
    load: async () => Uint8Array.of(...PICTURE, ...new Uint8Array(EXPECTED.buffer)),
    run: async (name, given) => {
      ran.push(name);
      const at = Number(name.slice(1)) - 1;
      const checks = given.image.data[0] === Math.fround(Math.fround(7) / 255);
      const logits = { data: checks ? answers.slice(at * 2, at * 2 + 2) : Float32Array.of(0, 1) };
      return { ms: 1, out: { logits, tokens: { data: Float32Array.of(0), dims: [1, 1, 1] } } };
    },
  };
  const facts = { exits: EXITS, labels: ["a", "b"], size: [2, 2], input: { mean: [0], std: [1] }, temperatures: [1, 1, 1], check: {} }; // prettier-ignore
  return { ran, net: new Network(facts, pieces, { kind }) };
}

const INPUT = Float32Array.of(1, 1, 1, 1);
const wrongAtTwo = Float32Array.of(1, 2, 3, 4.2, 5, 6);

test("the exits before are checked too where a pass wants a later one alone, as an explanation does", async () => {
  const { ran, net } = network(EXPECTED);
  await net.pass(INPUT, { until: 1, only: true });
  assert.deepEqual(ran.slice(0, 4), ["b01", "b01", "h01", "b02"]);
  await assert.rejects(network(wrongAtTwo).net.pass(INPUT, { until: 1, only: true }), CardFailed);
});

test("each exit is checked once, before it first answers, and no further than a pass goes", async () => {
  const { ran, net } = network(EXPECTED);
  await net.pass(INPUT, { stop: () => true });
  assert.deepEqual(ran, ["b01", "h01", "b01", "h01"]);
  ran.length = 0;
  await net.pass(INPUT, { stop: (exit) => exit === 1 });
  assert.deepEqual(ran, ["b01", "h01", "b02", "h02", "b02", "h02"]);
  ran.length = 0;
  await net.pass(INPUT);
  assert.deepEqual(ran, ["b01", "h01", "b02", "h02", "b03", "b03"]);
});

test("a card that answers otherwise than Python behind an exit fails there, and not before", async () => {
  const { net } = network(wrongAtTwo);
  await net.pass(INPUT, { stop: () => true });
  await assert.rejects(net.pass(INPUT), (error) => error instanceof CardFailed && /block 2/.test(error.message));
  await assert.rejects(network(Float32Array.of(NaN, 2, 3, 4, 5, 6)).net.pass(INPUT), CardFailed);
});

test("the processor is not checked", async () => {
  const { ran, net } = network(wrongAtTwo, "wasm");
  await net.pass(INPUT);
  assert.deepEqual(ran, ["b01", "h01", "b02", "h02", "b03"]);
});

test("whatever a card throws is its failure, what the processor throws stays what it is", async () => {
  const broken = { InferenceSession: { create: async () => Promise.reject(new Error("device lost")) } };
  const facts = { pieces: [{ name: "b01", files: [], inputs: [], outputs: [] }] };
  const on = (kind) => new Pieces(facts, broken, { kind }, "https://host.example/", () => {}).run("b01", {}, []);
  await assert.rejects(on("webgpu"), CardFailed);
  await assert.rejects(on("wasm"), (error) => !(error instanceof CardFailed) && error.message === "device lost");
});
