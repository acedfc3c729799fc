// What a picture shows at one exit, as rules read it. Twin of Seen in explorer/rules/rule.py.

import { argmax, logSoftmax } from "../numbers.js";

export class Seen {
  #log = null;
  #probabilities = null;

  /**
   * `logits` (C,) over the exit's temperature. If a rule needs them: `tokens` and `previous`, all tokens behind the
   * exit's block and the block before, flat; `state` (D,), what the exit's classifier reads: [CLS] plus the mean of
   * its head's tokens.
   */
  constructor(logits, { tokens = null, previous = null, state = null } = {}) {
    Object.assign(this, { logits, tokens, previous, state });
  }

  get logProbabilities() {
    this.#log ??= logSoftmax(this.logits);
    return this.#log;
  }

  get probabilities() {
    this.#probabilities ??= this.logProbabilities.map(Math.exp);
    return this.#probabilities;
  }

  get confidence() {
    return this.probabilities.reduce((a, b) => Math.max(a, b));
  }

  /** 1 - H / ln C. */
  get certainty() {
    const nats = this.logProbabilities.reduce((sum, log) => sum - Math.exp(log) * log, 0);
    return Math.min(1, Math.max(0, 1 - nats / Math.log(this.logits.length)));
  }

  get predicted() {
    return argmax(this.logits);
  }
}

/** The two largest numbers, the largest first. */
export function bestTwo(values) {
  let [first, second] = [-Infinity, -Infinity];
  for (const value of values) {
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
  }
  return [first, second];
}
