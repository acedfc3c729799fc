// A model's network, exit by exit: a pass stops where it is told to, and loads nothing beyond.

import { Seen } from "./rules/seen.js";
import { CardFailed } from "./runtime.js";

const NOTHING = new Set();
const CHECK_SHARE = 0.01; // of the largest logit: how far the GPU's may be from Python's

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
  #pieces;
  #checked = 0; // exits whose pieces were checked to answer as in Python
  #checking = null; // the check's picture, loading

  /** `facts` is the model's model.json, `pieces` its `Pieces`; `place` says where they run, see runtime.js. */
  constructor(facts, pieces, place) {
    this.facts = facts;
    this.place = place;
    this.#pieces = pieces;
  }

  /**
   * One picture through the network. `stop(exit, seen)`, asked behind each exit, ends the pass with true; `needs` says
   * what it must see besides logits, as rules do (rules/seen.js). Options: `heads: false` runs the plain backbone,
   * `skipped` (E) leaves out the heads that it marks, `until` stops behind that exit, `only: true` leaves out the heads before it, `evidence` (C,) asks for Grad-CAM of
   * the logits' sum under these weights where an exit `showsEvidence`, `attention: true` also brings all attention weights.
   *
   * Gives {exit, logits, ms, plainMs, attention, evidence}: the exit it left at, logits and milliseconds per exit that
   * ran, the milliseconds without heads, attention weights per block, and the last local head's evidence.
   */
  async pass(input, options = {}) {
    const { stop = () => false, heads = true, skipped = [], until = Infinity, only = false } = options;
    const last = this.facts.exits.length - 1;
    const given = this.#given(input, options.evidence);
    const result = { exit: last, logits: [], ms: [], attention: [], evidence: null, plainMs: 0 };
    let headMs = 0;
    for (let exit = 0; exit <= last; exit++) {
      const head = heads && !skipped[exit] && !(only && exit < until);
      if (head) await this.#check(exit);
      const found = await this.#exit(exit, given, { ...options, head });
      result.plainMs += found.blockMs;
      headMs += found.headMs;
      result.attention.push(...found.attention);
      if (!found.seen) continue;
      result.logits.push(found.seen.logits);
      result.ms.push(result.plainMs + headMs);
      result.evidence = found.evidence;
      const leaves = stop(exit, found.seen) || exit >= until;
      if (leaves && exit < last) {
        result.exit = exit;
        break;
      }
    }
    return result;
  }

  /** Whether an exit's head has a piece that gives evidence. */
  showsEvidence(exit) {
    return this.#pieces.has(`e${this.#block(exit)}`);
  }

  #block(exit) {
    return String(this.facts.exits[exit].block).padStart(2, "0");
  }

  #given(input, evidence = null) {
    const { input: sight, labels, size } = this.facts;
    const target = evidence ?? new Float32Array(labels.length);
    return {
      image: this.#pieces.tensor(input, [1, sight.mean.length, ...size]),
      target: this.#pieces.tensor(target, [1, target.length]),
    };
  }

  /** The blocks up to an exit, and its head if requested; reads `given`, and puts the tokens back into it. */
  async #exit(exit, given, { head, needs = NOTHING, evidence = null, attention = false }) {
    const { facts } = this;
    const last = exit === facts.exits.length - 1;
    const block = this.#block(exit);
    const wanted = (all) => Object.keys(all).filter((name) => all[name]);
    const tokens = !last || needs.has("tokens") || needs.has("state");
    const before = given.tokens;
    const asked = wanted({ logits: true, previous: needs.has("previous"), attention, tokens });
    const { ms: blockMs, out } = await this.#pieces.run(`b${block}`, given, asked);
    given.tokens = out.tokens;
    const found = { blockMs, headMs: 0, attention: out.attention ? weightsOf(out.attention) : [], evidence: null };
    let { logits, mean } = out;
    if (!last) {
      if (!head) return found;
      const fromHead = wanted({ logits: true, mean: needs.has("state"), evidence: evidence !== null });
      const piece = evidence === null ? "h" : "e"; // which also makes the map
      const answer = await this.#pieces.run(`${piece}${block}`, given, fromHead);
      found.headMs = answer.ms;
      found.evidence = answer.out.evidence?.data ?? null;
      ({ logits, mean } = answer.out);
    }
    found.seen = new Seen(calibrated(logits.data, facts.temperatures[exit]), {
      tokens: given.tokens?.data,
      previous: (out.previous ?? before)?.data,
      state: needs.has("state") ? stateOf(given.tokens, mean) : null,
    });
    return found;
  }

  /**
   * Before an exit's pieces run on the GPU for the first time, a stored picture goes through them: its logits must
   * match those in Python. Throws `CardFailed`.
   */
  async #check(exit) {
    if (this.place.kind === "wasm" || this.#checked > exit) return;
    const { check, exits, input, labels, size } = this.facts;
    const bytes = await this.#pieces.load(check);
    const [height, width] = size;
    const picture = { width, height, channels: input.mean.length, data: bytes };
    const expected = new Float32Array(bytes.slice(width * height * picture.channels).buffer);
    this.#checking ??= this.#given(toInput(picture, input));
    for (; this.#checked <= exit; this.#checked++) {
      const { seen } = await this.#exit(this.#checked, this.#checking, { head: true });
      const row = expected.subarray(this.#checked * labels.length, (this.#checked + 1) * labels.length);
      const apart = row.reduce((most, logit, c) => Math.max(most, Math.abs(logit - seen.logits[c])), 0);
      const most = CHECK_SHARE * row.reduce((a, logit) => Math.max(a, Math.abs(logit)), 1);
      if (!(apart <= most)) throw new CardFailed(`${apart} apart behind block ${exits[this.#checked].block}`);
    }
  }
}

/** What an exit's classifier reads, (D,): [CLS] plus the mean of its head's tokens, if it has any. */
function stateOf({ dims, data }, mean) {
  return data.slice(0, dims[2]).map((value, i) => value + (mean?.data[i] ?? 0));
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
