// ONNX Runtime Web in the worker: on the graphics card where there is one, else on the processor.

import { load } from "./files.js";

const MOST_THREADS = 4;
// Multiply-accumulates of a network from which on the card is asked: a smaller one is done before the card has begun.
const LARGE = 500e6;

/** The card failed, or answered otherwise than this model does. */
export class CardFailed extends Error {}

/** Where a network runs: {kind: "webgpu" or "wasm", threads, why}; `why` it is not the card is a key of strings/site. */
export class Runtime {
  #manifest;
  #base;
  #progress;
  #started = new Map(); // kind -> promise of the runtime's module, its program loaded
  #failed = false; // the card is not asked again

  /** `manifest` is {wasm, webgpu}, each {module, program}; `base` where they lie; `gpu` is navigator.gpu, if there is one. */
  constructor(manifest, base, progress, gpu = globalThis.navigator?.gpu) {
    this.#manifest = manifest;
    this.#base = base;
    this.#progress = progress;
    this.gpu = gpu;
  }

  get threads() {
    return self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  }

  /** Where a network of so many multiply-accumulates runs. */
  async placeOf(macs) {
    const here = (why) => ({ kind: "wasm", threads: this.threads, why });
    if (this.#failed) return here("card_failed");
    if (!this.gpu || !this.#manifest.webgpu) return here("no_card");
    if (macs < LARGE) return here("small");
    let adapter = null;
    try {
      adapter = await this.gpu.requestAdapter();
    } catch {
      // as if there were none
    }
    // A browser without a card may offer one made of software, which is far slower than the processor itself.
    const real = adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
    return real ? { kind: "webgpu", threads: 1, why: null } : here("no_card");
  }

  /** From now on everything runs on the processor. */
  leaveCard() {
    this.#failed = true;
  }

  /** The runtime's module for that kind, ready to make sessions. Throws `FileError`, and `CardFailed` for the card's. */
  start(kind) {
    if (!this.#started.has(kind)) {
      const made = this.#start(kind);
      this.#started.set(kind, made);
      made.catch(() => this.#started.delete(kind)); // another try may fare better
    }
    return this.#started.get(kind);
  }

  async #start(kind) {
    try {
      return await this.#load(kind);
    } catch (error) {
      throw kind === "wasm" ? error : new CardFailed(error.message);
    }
  }

  async #load(kind) {
    const { module, program } = this.#manifest[kind];
    const progress = (done, total) => this.#progress({ piece: kind, done, total });
    const [ort, bytes] = await Promise.all([import(new URL(module, this.#base)), load(program, this.#base, progress)]);
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    ort.env.wasm.wasmBinary = await new Response(unpacked).arrayBuffer();
    ort.env.logLevel = "error"; // not which operations stay on the processor
    ort.env.wasm.numThreads = kind === "wasm" ? this.threads : 1;
    return ort;
  }
}
