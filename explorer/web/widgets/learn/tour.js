// The tour's own state: which lesson is open, the state of its goal, and which lessons are done.

import { sharedStore } from "../store.js";
import { LESSONS } from "./lessons.js";
import { evaluationOf } from "./measured.js";

const KEY = "exit-explorer-lessons"; // in the browser's local storage

/** Reads and writes the ids of the lessons done. A browser may forbid that, as in some frames: then nothing is kept. */
export const browserProgress = {
  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  },
  write(ids) {
    try {
      localStorage.setItem(KEY, JSON.stringify(ids));
    } catch {
      // it is not kept
    }
  },
};

export class Tour {
  /** The open lesson's goal as lessons.js describes it; null while there is nothing to check. */
  goal = null;
  /** The current model's evaluation; null if it has none, undefined while it is loading. */
  facts = undefined;
  /** Whether a lesson is shown on another tab. */
  away = false;
  #memory = {};
  #lesson = null;
  #asked = null; // the model whose evaluation was requested
  #listeners = new Set();

  /** `evaluate(model)` resolves to the model's evaluation or null. */
  constructor(store, { lessons = LESSONS, progress = browserProgress, evaluate = evaluationOf } = {}) {
    Object.assign(this, { store, lessons, progress, evaluate });
    const known = new Set(lessons.map(({ id }) => id));
    this.done = new Set(progress.read().filter((id) => known.has(id)));
    store.subscribe((changed) => this.#look(changed));
    this.#look({ has: () => true }); // this script loads late: Learn may already be open
  }

  /** The open lesson. An invalid index, e.g. from an old link, opens the first. */
  get lesson() {
    return this.lessons[this.index];
  }
  get index() {
    const { lesson } = this.store;
    return Number.isInteger(lesson) && lesson in this.lessons ? lesson : 0;
  }

  /** Opens the tab where the lesson's task is done, and shows the task there. */
  leaveFor(tab) {
    this.away = true;
    this.store.setTab(tab);
    this.#tell();
  }

  return() {
    this.away = false;
    this.store.setTab("learn");
    this.#tell();
  }

  /** Leaves the tour but stays on the tab. */
  close() {
    this.away = false;
    this.#tell();
  }

  /** Shows a suitable example and sets the controls; the task starts again. */
  setStage() {
    this.#memory = {};
    this.lesson.stage?.(this.store, this.facts);
    this.#check();
  }

  /** Forgets which lessons were done. */
  startOver() {
    this.done.clear();
    this.progress.write([]);
    this.#memory = {};
    this.store.setLesson(0);
    this.#check();
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #look(changed) {
    const { store } = this;
    if (store.tab === "learn" && changed.has("tab")) this.away = false;
    if (store.tab !== "learn" && !this.away) {
      if (changed.has("tab")) this.#tell();
      return; // what is done outside the tour does not count for a lesson
    }
    if (store.model !== this.#asked) this.#askFacts(store.model);
    this.#check();
  }

  #check() {
    if (this.#lesson !== this.lesson) {
      this.#lesson = this.lesson;
      this.#memory = {};
    }
    const { store, facts } = this;
    this.goal = this.lesson.goal({ store, memory: this.#memory, facts });
    if (this.goal?.done && !this.done.has(this.lesson.id)) {
      this.done.add(this.lesson.id);
      this.progress.write([...this.done]);
    }
    this.#tell();
  }

  async #askFacts(model) {
    this.#asked = model;
    this.facts = undefined;
    const facts = await this.evaluate(model).catch(() => null);
    if (this.#asked !== model) return; // another model was chosen in the meantime
    this.facts = facts;
    this.#check();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** The tour of the page. */
export const sharedTour = new Tour(sharedStore);
