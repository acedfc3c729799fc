// A model's network in ONNX Runtime Web, in pieces by exit: each is loaded when a pass first needs it.

import { load } from "./files.js";

/** A picture as the network's input: (channels, height, width), normalised in float32. */
export function toInput(picture, { mean, std }) {
  const { width, height, channels, data } = picture;
  const input = new Float32Array(channels * width * height);
  for (let c = 0; c < channels; c++) {
    const [m, s] = [Math.fround(mean[c]), Math.fround(std[c])];
    for (let i = 0; i < width * height; i++) {
      const value = Math.fround(Math.fround(data[i * channels + c]) / 255);
      input[c * width * height + i] = Math.fround(value - m) / s;
    }
  }
  return input;
}

export class Network {
  #ort;
  #base;
  #progress;
  #sessions = new Map(); // a piece's name -> promise of its session
  #warm = new Set(); // pieces that have run

  /** `facts` is the model's model.json; `ort` the runtime; `base` where the model's files lie. */
  constructor(facts, ort, base, progress) {
    this.facts = facts;
    this.#ort = ort;
    this.#base = base;
    this.#progress = progress;
    this.pieces = new Map(facts.pieces.map((piece) => [piece.name, piece]));
  }

  /** Names of the pieces that are loaded. */
  get loaded() {
    return [...this.#sessions.keys()];
  }

  #session(name) {
    if (!this.#sessions.has(name)) {
      const made = this.#make(this.pieces.get(name));
      this.#sessions.set(name, made);
      made.catch(() => this.#sessions.delete(name)); // another try may fare better
    }
    return this.#sessions.get(name);
  }

  async #make(piece) {
    const parts = [];
    for (const file of piece.files) {
      parts.push(await load(file, this.#base, (done, total) => this.#progress({ piece: piece.name, done, total })));
    }
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return this.#ort.InferenceSession.create(bytes, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  }

  async #run(name, given, attention = false) {
    const piece = this.pieces.get(name);
    // Attention weights are megabytes: they are handed over only where somebody looks at them.
    const wanted = piece.outputs.filter((output) => attention || output !== "attention");
    // A tensor that goes in and comes out under one name has another in the file.
    const named = (output) => (piece.inputs.includes(output) ? `${output}_out` : output);
    const fetches = wanted.map(named);
    const session = await this.#session(name);
    const feeds = Object.fromEntries(piece.inputs.map((input) => [input, given[input]]));
    if (!this.#warm.has(name)) {
      await session.run(feeds, fetches); // the first run pays for memory; no picture should be charged for it
      this.#warm.add(name);
    }
    const start = performance.now();
    const found = await session.run(feeds, fetches);
    const ms = performance.now() - start;
    const outputs = wanted.map((output) => [output, found[named(output)]]);
    return { ms, out: Object.fromEntries(outputs) };
  }

  /**
   * One picture through the network. `stop(exit, logits)`, asked behind each early exit, ends the pass with true;
   * without it no head that nobody asks for is left out. Options: `heads: false` runs the plain backbone,
   * `until` stops behind that exit, `only: true` leaves out the heads before it, `target` is the class of the evidence,
   * `attention: true` also brings all attention weights.
   *
   * Gives {exit, logits, ms, plainMs, attention, evidence}: the exit it left at, logits and milliseconds per exit that
   * ran, the milliseconds without heads, attention weights per block, and the last local head's evidence.
   */
  async pass(input, options = {}) {
    const { stop = () => false, heads = true, until = Infinity, only = false, target = 0, attention = false } = options;
    const { facts } = this;
    const { Tensor } = this.#ort;
    const last = facts.exits.length - 1;
    const given = {
      image: new Tensor("float32", input, [1, facts.input.mean.length, ...facts.size]),
      target: new Tensor("int64", BigInt64Array.of(BigInt(target)), [1]),
    };
    const result = { exit: last, logits: [], ms: [], attention: [], evidence: null };
    let [blockMs, headMs] = [0, 0];
    for (let exit = 0; exit <= last; exit++) {
      const block = String(facts.exits[exit].block).padStart(2, "0");
      const blocks = await this.#run(`b${block}`, given, attention);
      blockMs += blocks.ms;
      if (blocks.out.attention) result.attention.push(...weightsOf(blocks.out.attention));
      let { logits } = blocks.out;
      if (exit < last) {
        given.tokens = blocks.out.tokens;
        if (!heads || (only && exit < until)) continue;
        const head = await this.#run(`h${block}`, given);
        headMs += head.ms;
        logits = head.out.logits;
        result.evidence = head.out.evidence?.data ?? null;
      }
      result.logits.push(calibrated(logits.data, facts.temperatures[exit]));
      result.ms.push(blockMs + headMs);
      if (exit < last && (exit >= until || stop(exit, result.logits[exit]))) {
        result.exit = exit;
        break;
      }
    }
    result.plainMs = blockMs;
    return result;
  }
}

/** Attention (blocks, 1, heads, tokens, tokens) as one entry per block. */
function weightsOf({ dims, data }) {
  const [blocks, , heads, tokens] = dims;
  const size = heads * tokens * tokens;
  return Array.from({ length: blocks }, (_, b) => ({ heads, tokens, data: data.slice(b * size, (b + 1) * size) }));
}

function calibrated(logits, temperature) {
  const divisor = Math.fround(temperature);
  return Float32Array.from(logits, (logit) => logit / divisor);
}
