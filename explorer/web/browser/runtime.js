// ONNX Runtime Web in the worker: on the GPU if there is one, else on the CPU.

import { load } from "./files.js";

const MOST_THREADS = 4;
// Multiply-accumulates of a network from which the GPU is used: a smaller one is done before the GPU has started.
const LARGE = 500e6;

/** The GPU failed, or its answers differ from this model's. */
export class CardFailed extends Error {}

/** Where a network runs: {kind: "webgpu" or "wasm", threads, why}; `why` it is not the GPU is a key of strings/site. */
export class Runtime {
  #manifest;
  #base;
  #progress;
  #started = new Map(); // kind -> promise of the runtime's module, its program loaded
  #failed = false; // the GPU is not tried again

  /** `manifest` is {wasm, webgpu}, each {module, program}; `base` where they are; `gpu` is navigator.gpu, if any. */
  constructor(manifest, base, progress, gpu = globalThis.navigator?.gpu) {
    this.#manifest = manifest;
    this.#base = base;
    this.#progress = progress;
    this.gpu = gpu;
  }

  get threads() {
    return self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  }

  /** Where a network with this number of multiply-accumulates runs. */
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
    // A browser without a GPU may offer one emulated in software, which is far slower than the CPU itself.
    const real = adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
    return real ? { kind: "webgpu", threads: 1, why: null } : here("no_card");
  }

  /** From now on everything runs on the CPU. */
  leaveCard() {
    this.#failed = true;
  }

  /** The runtime's module for that kind, ready to make sessions. Throws `FileError`, and `CardFailed` for the GPU's. */
  start(kind) {
    if (!this.#started.has(kind)) {
      const made = this.#start(kind);
      this.#started.set(kind, made);
      made.catch(() => this.#started.delete(kind)); // a retry may succeed
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
    ort.env.logLevel = "error"; // not which operations stay on the CPU
    ort.env.wasm.numThreads = kind === "wasm" ? this.threads : 1;
    return ort;
  }
}
