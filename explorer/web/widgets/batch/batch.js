// What the Batch tab shows: files, the run over them step by step, and what really ran under which rule.

import { ask } from "../ask.js";
import { sharedStore } from "../store.js";

export class Batch {
  files = null; // "examples", or what Gradio's upload handed over
  count = 0; // pictures in the files
  rows = []; // a report or {image, error} per picture so far
  ran = null; // {model, rule, thresholds, grain, left_out} of the rows
  running = false;
  cancelled = false;
  message = null; // one sentence on why there are no results, or no more
  times = { timed: 0, infer: 0, plain: 0 }; // milliseconds, both ways, of the pictures that ran both ways
  #listeners = new Set();
  #turn = 0; // tells a late answer, after a cancellation, from an awaited one

  constructor(store, question = ask) {
    this.store = store;
    this.question = question;
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the page's model, rule or thresholds are no longer those that ran. */
  get stale() {
    if (!this.ran) return false;
    return JSON.stringify(this.#setting) !== JSON.stringify(this.ran);
  }

  /** The page's current rule and thresholds, in the server's format. */
  get #setting() {
    const { model, rule, thresholds, grain, leftOut } = this.store;
    return { model, rule, thresholds, grain, ...(leftOut.length ? { left_out: leftOut } : {}) };
  }

  /** Runs the files, or the last ones again, at the page's model, rule and thresholds; ends when all are done. */
  async run(files = this.files) {
    if (!files) return;
    const turn = ++this.#turn;
    const ran = this.#setting;
    Object.assign(this, { files, count: 0, rows: [], ran, running: true });
    Object.assign(this, { cancelled: false, message: null, times: { timed: 0, infer: 0, plain: 0 } });
    this.#tell();
    try {
      const { count } = await this.question("batch_open", { files });
      if (turn !== this.#turn) return;
      this.count = count;
      this.#tell();
      while (this.rows.length < count) {
        const answer = await this.question("batch_step", { ...ran, files, start: this.rows.length });
        if (turn !== this.#turn) return;
        if (answer.rows.length === 0) break;
        this.#take(answer);
      }
    } catch (error) {
      if (turn !== this.#turn) return;
      this.message = error.message;
    }
    this.running = false;
    this.#tell();
  }

  /** What ran stays; the current step is not waited for. */
  cancel() {
    if (!this.running) return;
    this.#turn++;
    Object.assign(this, { running: false, cancelled: true });
    this.#tell();
  }

  /** Analyses one picture at every exit and opens it in Explore. */
  async look(index) {
    try {
      const { files, ran } = this;
      const example = await this.question("batch_look", { model: ran.model, files, index });
      if (ran.model === this.store.model) this.store.show({ ...example, id: `batch-${index}-${example.title}` });
      this.store.setTab("explore");
    } catch (error) {
      this.message = error.message;
      this.#tell();
    }
  }

  #take({ rows, ms, plain_ms: plain, timed }) {
    this.rows = [...this.rows, ...rows];
    if (timed > 0) {
      const { times } = this;
      this.times = { timed: times.timed + timed, infer: times.infer + ms, plain: times.plain + plain };
    }
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener(new Set(["batch"]));
  }
}

export const sharedBatch = new Batch(sharedStore);
