// What the Live tab shows: frame after frame through the network, the newest one each time, and what that costs.

import { ask } from "../ask.js";
import { sharedStore } from "../store.js";
import { CameraError, openCamera } from "./camera.js";
import { openSequence } from "./sequence.js";

const KEPT = 240; // frames on the strip chart
const MEASURED = 24; // frames that the rates are the mean of
const PLAIN_EVERY = 8; // one in N frames also runs without exits: measuring what they save costs time

export class Live {
  running = false;
  source = null; // "camera" or "sequence"
  canvas = null; // what was last seen, for the page to show
  frame = null; // the answer to the last frame
  history = []; // {exit, block, label} of the last frames, the newest last
  message = null; // a sentence on why nothing runs, or its key
  #costs = []; // {ms, used, full or null, macs} of the last frames
  #listeners = new Set();
  #turn = 0; // tells the current run from one that was stopped
  #opened = null;

  /** `now` gives milliseconds; a test can replace all of these. */
  constructor(store, { question = ask, camera = openCamera, sequence = openSequence, now = () => performance.now() } = {}) {
    Object.assign(this, { store, question, now });
    this.sources = { camera, sequence };
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Frames and multiply-accumulates per second with early exits and without, or null before both were timed; `alone`
   * and `plainAlone` are the network's frame rates without waiting for camera, sight and page.
   */
  get rates() {
    const costs = this.#costs.slice(-MEASURED);
    const timed = costs.filter(({ full }) => full !== null);
    if (costs.length === 0 || timed.length === 0) return null;
    const mean = (list, key) => list.reduce((sum, one) => sum + one[key], 0) / list.length;
    const [ms, used, full] = [mean(costs, "ms"), mean(costs, "used"), mean(timed, "full")];
    const plainMs = ms - used + full;
    const [fps, plainFps] = [1000 / ms, 1000 / plainMs];
    const { full: macsFull } = this.frame.macs;
    const macs = mean(costs, "macs");
    const [alone, plainAlone] = [1000 / used, 1000 / full];
    return { fps, plainFps, alone, plainAlone, macs, macsFull, perSecond: fps * macs, plainPerSecond: plainFps * macsFull };
  }

  /** Starts a source: each frame is taken once the previous one is answered. Ends with `stop`. */
  async start(source) {
    this.stop();
    const turn = ++this.#turn;
    Object.assign(this, { source, running: true, message: null, frame: null, history: [] });
    this.#costs = [];
    this.#tell();
    try {
      const opened = await this.sources[source](this.store);
      if (turn !== this.#turn) {
        opened.close();
        return;
      }
      this.#opened = opened;
      opened.ended?.(() => turn === this.#turn && this.#fail("live.unplugged"));
      for (let count = 0; turn === this.#turn; count++) await this.#step(turn, count);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error instanceof CameraError ? error.key : error.message);
    }
  }

  async #step(turn, count) {
    const { model, rule, thresholds, grain, leftOut } = this.store; // as they are now: a moved threshold acts on the next frame
    const before = this.now();
    const taken = await this.#opened.take();
    if (turn !== this.#turn) return;
    this.canvas = this.#opened.canvas;
    const plain = count % PLAIN_EVERY === 1; // never the first, which would wait for the whole network to load
    const answer = await this.question("live", { model, frame: taken, rule, thresholds, grain, ...(leftOut.length ? { left_out: leftOut } : {}), plain, follows: count > 0 });
    if (turn !== this.#turn) return;
    const { ms, macs, exit, prediction } = answer;
    const spent = this.now() - before - (ms.full ?? 0);
    // The first frame also waits for the network to load; it says nothing about the rate.
    if (count > 0) this.#costs = [...this.#costs, { ms: spent, used: ms.used, full: ms.full, macs: macs.used }].slice(-KEPT);
    this.frame = answer;
    this.history = [...this.history, { exit: exit.index, block: exit.block, label: prediction[0].label }].slice(-KEPT);
    this.#tell();
  }

  stop() {
    this.#turn++;
    this.#opened?.close();
    this.#opened = null;
    if (!this.running) return;
    this.running = false;
    this.#tell();
  }

  #fail(message) {
    this.stop();
    this.message = message;
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener(new Set(["live"]));
  }
}

export const sharedLive = new Live(sharedStore);
