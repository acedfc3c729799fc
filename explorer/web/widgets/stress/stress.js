// What the Stress tab shows: a corruption, a severity, and what the network answered for the picture at all eleven.

import { ask } from "../ask.js";
import { sharedStore } from "../store.js";
import { answerAt } from "../words.js";

/** The corruptions as the server names them, explorer/data/corruptions.py. */
export const CORRUPTIONS = ["blur", "noise", "dark", "contrast", "jpeg", "rotation", "occlusion", "pixelate"];
export const HARDEST = 10;

const SEED = 0; // of the noise and the place of the occlusion
const KEPT = 64; // answers, of about 100 kB each for photos: enough for eight pictures

/** Where every severity's trace leaves: {severity, exit, block, label, probability, right}. `store` has the rule. */
export function pointsOf(traces, store, truth) {
  const points = traces.map((raw, severity) => {
    const trace = store.view(raw);
    const exit = store.firedOf(trace);
    const { label, index, probability } = answerAt(trace, exit);
    return { severity, exit, block: trace.exits[exit].block, label, index, probability };
  });
  const expected = truth ?? points[0].index; // without a known class the untouched picture's answer
  return points.map(({ index, ...point }) => ({ ...point, right: index === expected }));
}

export class Stress {
  corruption = CORRUPTIONS[0];
  severity = 5;
  sweeping = false;
  #answers = new Map(); // model, picture and corruption -> {traces, pictures}, {pending: true} or {failed: sentence}
  #listeners = new Set();
  #timer = null;

  constructor(store, question = ask) {
    this.store = store;
    this.question = question;
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setCorruption(name) {
    if (!CORRUPTIONS.includes(name)) throw new RangeError(`there is no corruption '${name}'.`);
    if (name === this.corruption) return;
    this.corruption = name;
    this.#tell("corruption");
  }

  setSeverity(severity) {
    const nearest = Math.min(HARDEST, Math.max(0, Math.round(severity)));
    if (nearest === this.severity || Number.isNaN(nearest)) return;
    this.severity = nearest;
    this.#tell("severity");
  }

  /** {traces, pictures}, {pending: true}, {failed: sentence}, or undefined if it was never requested. */
  answer(corruption = this.corruption) {
    return this.#answers.get(this.#key(corruption));
  }

  /** The points of a corruption under the current rule, or null until its answer arrives. */
  points(corruption = this.corruption) {
    const { traces } = this.answer(corruption) ?? {};
    return traces ? pointsOf(traces, this.store, this.store.example?.truth) : null;
  }

  /** {picture, trace} at the current severity; of the untouched picture until the answer arrives. */
  get frame() {
    const { traces, pictures } = this.answer() ?? {};
    if (traces) return { picture: pictures[this.severity], trace: this.store.view(traces[this.severity]), severity: this.severity };
    return { picture: this.store.example?.saw ?? null, trace: this.store.trace, severity: 0 };
  }

  /** Requests the current corruption unless it is there, once the choice settles. */
  need() {
    if (this.answer() || !this.store.example?.saw) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.fetch(this.corruption), 60);
  }

  /** Requests a corruption of the current picture unless it is there or loading. */
  async fetch(corruption) {
    const key = this.#key(corruption);
    const known = this.#answers.get(key);
    if (known?.traces || known?.pending) return known.pending;
    let done;
    this.#keep(key, { pending: new Promise((resolve) => (done = resolve)) });
    const { model, example } = this.store;
    try {
      this.#keep(key, await this.question("stress", { model, saw: example.saw, corruption, seed: SEED }));
    } catch (error) {
      this.#keep(key, { failed: error.message });
    }
    done();
  }

  /** How many corruptions of the current picture have an answer. */
  get finished() {
    return CORRUPTIONS.filter((name) => this.answer(name)?.traces).length;
  }

  /** Requests corruptions one after the other, until all are there, one fails, the picture changes or `stop` runs. */
  async sweep() {
    if (this.sweeping) return;
    this.sweeping = true;
    this.#tell("sweep");
    const picture = this.#key("");
    for (const name of CORRUPTIONS) {
      if (!this.sweeping || this.#key("") !== picture) break;
      await this.fetch(name);
      if (this.answer(name)?.failed) break;
    }
    this.stop();
  }

  stop() {
    if (!this.sweeping) return;
    this.sweeping = false;
    this.#tell("sweep");
  }

  #key(corruption) {
    const { model, example } = this.store;
    return `${model} ${corruption} ${example?.saw}`;
  }

  #keep(key, answer) {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > KEPT) this.#answers.delete(this.#answers.keys().next().value);
    this.#tell("answer");
  }

  #tell(name) {
    for (const listener of this.#listeners) listener(new Set([name]));
  }
}

/** The page's one Stress. */
export const sharedStress = new Stress(sharedStore);
