// A network's pieces as sessions of ONNX Runtime Web: each is loaded when a pass first needs it.

import { load } from "./files.js";
import { CardFailed } from "./runtime.js";

export class Pieces {
  #ort;
  #place;
  #base;
  #progress;
  #pieces;
  #sessions = new Map(); // a piece's name -> promise of its session
  #warm = new Set(); // pieces that have run

  /** `facts` is the model's model.json; `ort` the runtime, `place` where it runs; `base` where the files are. */
  constructor(facts, ort, place, base, progress) {
    this.#ort = ort;
    this.#place = place;
    this.#base = base;
    this.#progress = progress;
    this.#pieces = new Map(facts.pieces.map((piece) => [piece.name, piece]));
  }

  has(name) {
    return this.#pieces.has(name);
  }

  /** Numbers as the runtime takes them. */
  tensor(numbers, shape) {
    return new this.#ort.Tensor("float32", numbers, shape);
  }

  /** A file beside the pieces. */
  load(file) {
    return load(file, this.#base);
  }

  /** Runs a piece for those outputs in `asked` that it has, {ms, out}; other outputs are not transferred. */
  async run(name, given, asked) {
    const piece = this.#pieces.get(name);
    const wanted = piece.outputs.filter((output) => asked.includes(output));
    // A tensor with the same name as input and output has a different name in the file.
    const named = (output) => (piece.inputs.includes(output) ? `${output}_out` : output);
    const fetches = wanted.map(named);
    const session = await this.#session(name);
    const feeds = Object.fromEntries(piece.inputs.map((input) => [input, given[input]]));
    return this.#watched(async () => {
      if (!this.#warm.has(name)) {
        await session.run(feeds, fetches); // the first run allocates memory; no picture's time should include that
        this.#warm.add(name);
      }
      const start = performance.now();
      const found = await session.run(feeds, fetches);
      const ms = performance.now() - start;
      return { ms, out: Object.fromEntries(wanted.map((output) => [output, found[named(output)]])) };
    });
  }

  #session(name) {
    if (!this.#sessions.has(name)) {
      const made = this.#make(this.#pieces.get(name));
      this.#sessions.set(name, made);
      made.catch(() => this.#sessions.delete(name)); // a retry may succeed
    }
    return this.#sessions.get(name);
  }

  async #make(piece) {
    const parts = [];
    for (const file of piece.files) {
      const progress = (done, total) => this.#progress({ piece: file.path, done, total });
      parts.push(await load(file, this.#base, progress));
    }
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const options = { executionProviders: [this.#place.kind], graphOptimizationLevel: "all" };
    const start = performance.now();
    const session = await this.#watched(() => this.#ort.InferenceSession.create(bytes, options));
    performance.measure("session", { start }); // for the bench
    return session;
  }

  /** The result of `work`; any error on the GPU becomes `CardFailed`. */
  async #watched(work) {
    try {
      return await work();
    } catch (error) {
      throw this.#place.kind === "wasm" ? error : new CardFailed(error.message);
    }
  }
}
