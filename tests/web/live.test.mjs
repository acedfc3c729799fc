// Live: the newest frame each time, thresholds that act at once, rates, and every way a camera fails.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CameraError, openCamera } from "../../explorer/web/widgets/live/camera.js";
import { Live } from "../../explorer/web/widgets/live/live.js";
import { stripPath } from "../../explorer/web/widgets/live/strip-path.js";
import { motionAt } from "../../explorer/web/widgets/live/sequence.js";

const store = () => ({ model: "m", rule: "confidence", thresholds: 0.8, leftOut: [] });

/** A Live whose clock moves by what each frame costs; `frames` says how many are answered before it stops. */
function film({ frames, answer, state = store(), camera }) {
  let [clock, asked] = [0, []];
  const source = { taken: 0, closed: false, canvas: {}, async take() { this.taken++; return `frame ${this.taken}`; }, close() { this.closed = true; } }; // prettier-ignore
  const live = new Live(state, {
    now: () => clock,
    camera: camera ?? (async () => source),
    question: async (name, question) => {
      asked.push({ name, ...question });
      const found = answer(asked.length - 1, question);
      clock += found.ms.used + (found.ms.full ?? 0) + 2; // 2 ms to take and prepare a frame
      if (asked.length === frames) queueMicrotask(() => queueMicrotask(() => live.stop()));
      return found;
    },
  });
  return { live, source, asked: () => asked };
}

const early = (i, { plain }) => ({
  exit: { index: 0, block: 4 },
  prediction: [{ label: "dress", probability: 0.9 }],
  macs: { used: 100, full: 300 },
  ms: { used: 8, full: plain ? 28 : null },
});

test("frames a second with exits are counted without the passes that time the plain backbone", async () => {
  const { live, source } = film({ frames: 20, answer: early });
  await live.start("camera");
  assert.equal(live.history.length, 20);
  const { fps, plainFps, alone, plainAlone, macs, macsFull, perSecond, plainPerSecond } = live.rates;
  assert.ok(Math.abs(fps - 100) < 1e-9); // 8 + 2 ms
  assert.ok(Math.abs(plainFps - 1000 / 30) < 1e-9); // 28 + 2 ms
  assert.deepEqual([alone, plainAlone], [1000 / 8, 1000 / 28]); // whatever the camera gives
  assert.deepEqual([macs, macsFull], [100, 300]);
  assert.ok(Math.abs(perSecond - 10_000) < 1e-6);
  assert.ok(Math.abs(plainPerSecond - 10_000) < 1e-6);
  assert.equal(source.closed, true);
  assert.equal(live.running, false);
});

test("a frame is taken only when the one before is answered, and a moved threshold acts on the next", async () => {
  const state = store();
  const { live, source, asked } = film({
    frames: 3,
    state,
    answer: (i, question) => {
      assert.equal(source.taken, i + 1);
      state.thresholds = 0.1 * (i + 1);
      return early(i, question);
    },
  });
  await live.start("camera");
  assert.deepEqual(asked().map(({ thresholds }) => thresholds), [0.8, 0.1, 0.2]);
  assert.deepEqual(asked().map(({ frame }) => frame), ["frame 1", "frame 2", "frame 3"]);
  assert.deepEqual(asked().map(({ follows }) => follows), [false, true, true]);
});

test("an answer's mistake stops the film and is told", async () => {
  const { live, source } = film({
    frames: 9,
    answer: () => {
      throw new Error("The network in this browser failed; reload the page.");
    },
  });
  await live.start("camera");
  assert.equal(live.message, "The network in this browser failed; reload the page.");
  assert.deepEqual([live.running, source.closed], [false, true]);
});

for (const [name, key] of [
  ["NotAllowedError", "live.denied"],
  ["NotFoundError", "live.no_camera"],
  ["NotReadableError", "live.camera_busy"],
]) {
  test(`a camera's ${name} is the sentence ${key}`, async () => {
    const devices = { getUserMedia: async () => Promise.reject(Object.assign(new Error(), { name })) };
    const camera = (given) => openCamera(given, devices);
    await assert.rejects(camera(), (error) => error instanceof CameraError && error.key === key);
    const live = new Live(store(), { camera });
    await live.start("camera");
    assert.deepEqual([live.message, live.running], [key, false]);
  });
}

test("without a secure page there is a sentence, too", async () => {
  await assert.rejects(openCamera(store(), null), (error) => error.key === "live.insecure");
});

test("a camera that is pulled out stops the film with its sentence", async () => {
  let gone;
  const camera = async () => ({ canvas: {}, take: () => new Promise(() => {}), close() {}, ended: (callback) => (gone = callback) }); // prettier-ignore
  const { live } = film({ frames: 1, answer: early, camera });
  live.start("camera");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(live.running, true);
  gone();
  assert.deepEqual([live.message, live.running], ["live.unplugged", false]);
});

test("a film moves a picture and comes back to where it began", () => {
  assert.deepEqual(motionAt(0, true), { x: 0, y: 0, angle: 0, scale: 1 });
  assert.ok(Math.abs(motionAt(6, true).angle - 0.25) < 1e-12);
  for (const small of [true, false]) {
    const [first, last] = [motionAt(0, small), motionAt(24, small)];
    for (const key of Object.keys(first)) assert.ok(Math.abs(first[key] - last[key]) < 1e-9);
  }
});

test("the strip's newest frame stands at the right, deeper exits higher", () => {
  const history = [{ exit: 0 }, { exit: 8 }];
  assert.equal(stripPath(history, 9, 516), "M504.0 140.0L506.0 10.0");
});
