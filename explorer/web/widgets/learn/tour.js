// The tour's own state: which lesson is open, what its goal says at the moment, and which lessons were done.

import { sharedStore } from "../store.js";
import { LESSONS } from "./lessons.js";
import { evaluationOf } from "./measured.js";

const KEY = "exit-explorer-lessons"; // in the browser's own store

/** Reads and writes the ids of the lessons done. A browser may forbid that, as in some frames: then it is not kept. */
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
  /** The open lesson's goal as lessons.js describes it; null while there is nothing to go by. */
  goal = null;
  /** The evaluation of the model in force; null where it has none, undefined while it is on its way. */
  facts = undefined;
  /** Whether a lesson is taken along to another tab. */
  away = false;
  #memory = {};
  #lesson = null;
  #asked = null; // the model whose evaluation was asked for
  #listeners = new Set();

  /** `evaluate(model)` resolves to the model's evaluation or null. */
  constructor(store, { lessons = LESSONS, progress = browserProgress, evaluate = evaluationOf } = {}) {
    Object.assign(this, { store, lessons, progress, evaluate });
    const known = new Set(lessons.map(({ id }) => id));
    this.done = new Set(progress.read().filter((id) => known.has(id)));
    store.subscribe((changed) => this.#look(changed));
    this.#look({ has: () => true }); // this script comes late: Learn may be open already
  }

  /** The open lesson. An index that leads nowhere, as an old link may hold, opens the first. */
  get lesson() {
    return this.lessons[this.index];
  }
  get index() {
    const { lesson } = this.store;
    return Number.isInteger(lesson) && lesson in this.lessons ? lesson : 0;
  }

  /** Opens the tab where the lesson's task is done, and takes the task along. */
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

  /** Leaves the tour where one is. */
  close() {
    this.away = false;
    this.#tell();
  }

  /** Shows a suitable example and sets the controls; the task begins anew. */
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
      return; // what is done outside the tour is no answer to a lesson
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
    if (this.#asked !== model) return; // another model was chosen meanwhile
    this.facts = facts;
    this.#check();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** The tour of the page. */
export const sharedTour = new Tour(sharedStore);
