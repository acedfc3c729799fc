// What the Tune tab's widgets share: the evaluations, requested once each, the split in view, and the live numbers.

import { ask, NoAnswer } from "../ask.js";
import { evaluateWithout } from "../left-out.js";
import { CLASSES } from "../reading.js";
import { t } from "../strings.js";
import { fitting } from "../threshold.js";
import { readEvaluation, UNLABELLED, underRule } from "./evaluation.js";
import { makeTally, tally } from "./tally.js";

/**
 * The splits of an evaluation: thresholds are chosen on the first and reported on the second; the third, which only some
 * models have, is checked against a teacher's answers.
 */
export const SPLITS = ["validation", "test", UNLABELLED];

export class Desk {
  #entries = new Map(); // "model grain" -> {pending: true}, {failed: sentence} or {evaluation}
  #tallies = new WeakMap(); // evaluation -> its tally
  #listeners = new Set();
  #split = SPLITS[0];
  #key = [];
  #now = null;
  #ask;

  /** `askServer(name, question)` as in ask.js. */
  constructor(askServer = ask) {
    this.#ask = askServer;
  }

  /** The name of the split in view, if that evaluation has it; else of the test images. */
  splitIn(evaluation) {
    return evaluation?.splits[this.#split] ? this.#split : "test";
  }

  setSplit(name) {
    if (!SPLITS.includes(name)) throw new RangeError(`there is no split '${name}'; choose one of ${SPLITS.join(", ")}.`);
    if (name === this.#split) return;
    this.#split = name;
    this.#tell();
  }

  /** {pending: true}, {failed: sentence}, {evaluation}, or undefined before the model was opened. */
  entry(model, grain = CLASSES) {
    return this.#entries.get(keyOf(model, grain));
  }

  /** Requests a model's evaluation at a grain, unless it is loaded, loading, or failed before. */
  async open(model, grain = CLASSES) {
    const key = keyOf(model, grain);
    if (model === null || this.#entries.has(key)) return;
    this.#entries.set(key, { pending: true });
    this.#tell();
    try {
      const evaluation = await readEvaluation(await this.#ask("evaluation", { model, grain }));
      this.#entries.set(key, { evaluation });
    } catch (error) {
      if (!(error instanceof NoAnswer)) console.error(error);
      this.#entries.set(key, { failed: error instanceof NoAnswer ? error.message : t("tune.unreadable") });
    }
    this.#tell();
  }

  /** Forgets a failure, so that opening tries again. */
  retry(model, grain = CLASSES) {
    if (!this.entry(model, grain)?.failed) return;
    this.#entries.delete(keyOf(model, grain));
    this.open(model, grain);
  }

  /**
   * The live numbers under the store's rule and thresholds: {evaluation, split, scores, thresholds, tally}, or null while
   * there are none. A setting is tallied once for all widgets.
   */
  now(store) {
    const entry = this.entry(store.model, store.grain);
    if (!entry?.evaluation) return null;
    const evaluation = this.under(entry.evaluation, store);
    const split = evaluation.splits[this.splitIn(evaluation)];
    const scores = split?.scores[store.rule];
    if (!scores) return null;
    const { thresholds } = store;
    const key = [split, scores, thresholds];
    if (this.#now === null || key.some((part, i) => part !== this.#key[i])) {
      this.#key = key;
      const used = fitting(thresholds, split.exits);
      const out = this.#tallyOf(evaluation);
      this.#now = { evaluation, split, scores, thresholds: used, tally: tally(split, scores, used, out) };
    }
    return this.#now;
  }

  /** An evaluation for images that leave under that rule, the store's own unless another is named. */
  under(plain, store, rule = store.rule) {
    const own = Object.values(plain.splits)[0].ownMacs?.[rule];
    const omitted = { leftOut: store.leftOut, alone: Boolean(store.rules[rule]?.alone) };
    return evaluateWithout(underRule(plain, rule), omitted, plain, own);
  }

  /** A buffer for an evaluation's numbers, made once. */
  #tallyOf(evaluation) {
    if (!this.#tallies.has(evaluation)) this.#tallies.set(evaluation, makeTally(evaluation));
    return this.#tallies.get(evaluation);
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

const keyOf = (model, grain) => `${model} ${grain}`;

/** The desk the tab's widgets share. */
export const sharedDesk = new Desk();
