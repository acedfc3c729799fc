// What the Tune tab's widgets share: the evaluations, asked for once each, the split looked at, and the live numbers.

import { ask, NoAnswer } from "../ask.js";
import { t } from "../strings.js";
import { readEvaluation } from "./evaluation.js";
import { makeTally, tally } from "./tally.js";

/** The splits of an evaluation: thresholds are chosen on the first and reported on the second. */
export const SPLITS = ["validation", "test"];

export class Desk {
  #entries = new Map(); // model -> {pending: true}, {failed: sentence} or {evaluation, tally}
  #listeners = new Set();
  #split = SPLITS[0];
  #key = [];
  #now = null;
  #ask;

  /** `askServer(name, question)` as in ask.js. */
  constructor(askServer = ask) {
    this.#ask = askServer;
  }

  get split() {
    return this.#split;
  }

  setSplit(name) {
    if (!SPLITS.includes(name)) throw new RangeError(`there is no split '${name}'; choose ${SPLITS.join(" or ")}.`);
    if (name === this.#split) return;
    this.#split = name;
    this.#tell();
  }

  /** {pending: true}, {failed: sentence}, {evaluation, tally}, or undefined before anybody opened the model. */
  entry(model) {
    return this.#entries.get(model);
  }

  /** Asks for a model's evaluation, unless it is here, on its way, or failed before. */
  async open(model) {
    if (model === null || this.#entries.has(model)) return;
    this.#entries.set(model, { pending: true });
    this.#tell();
    try {
      const evaluation = await readEvaluation(await this.#ask("evaluation", { model }));
      this.#entries.set(model, { evaluation, tally: makeTally(evaluation) });
    } catch (error) {
      if (!(error instanceof NoAnswer)) console.error(error);
      this.#entries.set(model, { failed: error instanceof NoAnswer ? error.message : t("tune.unreadable") });
    }
    this.#tell();
  }

  /** Forgets a failure, so that opening asks again. */
  retry(model) {
    if (!this.#entries.get(model)?.failed) return;
    this.#entries.delete(model);
    this.open(model);
  }

  /**
   * The live numbers under the store's rule and thresholds: {evaluation, split, scores, thresholds, tally}, or null while
   * there are none. However many widgets ask, a setting is tallied once.
   */
  now(store) {
    const { evaluation, tally: out } = this.entry(store.model) ?? {};
    const split = evaluation?.splits[this.#split];
    const scores = split?.scores[store.rule];
    if (!scores) return null;
    const { thresholds } = store;
    const key = [split, scores, thresholds];
    if (this.#now === null || key.some((part, i) => part !== this.#key[i])) {
      this.#key = key;
      const used = fitting(thresholds, split.exits);
      this.#now = { evaluation, split, scores, thresholds: used, tally: tally(split, scores, used, out) };
    }
    return this.#now;
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** Thresholds made for other exits count by their mean, as in the store. */
function fitting(thresholds, exits) {
  if (!Array.isArray(thresholds) || thresholds.length === exits - 1) return thresholds;
  return thresholds.reduce((sum, one) => sum + one, 0) / thresholds.length;
}

/** The desk the tab's widgets share. */
export const sharedDesk = new Desk();
