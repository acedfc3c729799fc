// Keeps the two sides of Compare in step with the page: who shows which picture under which model, rule and threshold.

import { ask } from "../ask.js";
import { sharedStore } from "../store.js";
import { choiceOf } from "./choice.js";
import { Library } from "./library.js";
import { SideStore } from "./side-store.js";

const SIDES = ["a", "b"];

export class Comparison {
  #library;
  #question;
  #added = 0;
  #own = ""; // [rule, thresholds] of B as last applied or reported
  #wanted = {}; // side -> "model picture" it shows or waits for

  /** `store` is the page's. `question(name, asked)` asks the server; `schedule` is as in Store. */
  constructor(store, question, schedule) {
    this.store = store;
    this.a = new SideStore(schedule);
    this.b = new SideStore(schedule);
    this.#question = question;
    this.#library = new Library(store, question);
    store.subscribe((changed) => this.#refresh(changed));
    this.#refresh({ has: () => true }); // Compare's script loads late: the page's state is already there
    this.b.subscribe((changed) => this.#keepOwn(changed));
  }

  get choice() {
    return choiceOf(this.store);
  }

  /** Changes what is compared: any of {mode, a, b, model, linked, rule, thresholds}; null restores the default. */
  choose(parts) {
    const compare = { ...this.store.compare, ...parts };
    this.store.keep({ compare: Object.fromEntries(Object.entries(compare).filter(([, value]) => value !== null)) });
  }

  /** Retries what a side failed to get. */
  retry(side) {
    delete this.#wanted[side];
    this.#refresh({ has: () => true });
  }

  /** Both sides under one rule and threshold, or B under its own, starting from the current ones. */
  link(linked) {
    const { rule, thresholds } = this.b;
    this.choose(linked ? { linked: null, rule: null, thresholds: null } : { linked: false, rule, thresholds });
  }

  /** Analyses the visitor's own picture, a file as a data URI, and shows it on a side. Throws `NoAnswer`. */
  async add(side, title, image) {
    const { model } = this.choice[side];
    const answer = await this.#question("analyse_again", { model, image, label: null });
    const id = `upload-compared-${++this.#added}`;
    this.store.addUpload({ ...answer, id, title, model });
    this.choose({ [side]: id });
  }

  #refresh(changed) {
    const { store } = this;
    for (const side of SIDES) this[side].setLanguage(store.language);
    if (store.tab !== "compare" || !store.ruleFacts) return; // a closed tab asks the server nothing
    const { choice } = this;
    const repictured = ["tab", "compare", "model", "models", "rules", "examples", "uploads"].some((name) =>
      changed.has(name),
    );
    for (const side of repictured ? SIDES : []) {
      const { picture, model } = choice[side];
      if (picture !== null) this.#show(side, picture, model);
      this[side].setExamples(this.#library.pictures(model));
    }
    this.a.follow(store);
    if (choice.linked) {
      this.#own = "";
      this.b.follow(store);
    } else {
      this.#separate(choice.b);
    }
    for (const side of SIDES) this[side].flush(); // in the same frame as the page's change
  }

  /** B's own rule and thresholds, unless they are what B itself reported last. */
  #separate({ rule, thresholds }) {
    this.b.leave();
    this.b.takeGrain(this.store.grain);
    this.b.setLeftOut(this.store.leftOut);
    if (!Object.hasOwn(this.b.rules, rule)) return; // its model has not answered yet
    const own = JSON.stringify([rule, thresholds]);
    if (own === this.#own) return;
    this.#own = own;
    this.b.own(rule, thresholds);
    // Pinned, so that B does not change whenever A takes B's rule.
    if (this.store.compare.rule !== rule) this.choose({ rule });
  }

  /** Shows what is there, else asks the server and keeps the current view in the meantime. */
  #show(side, picture, model) {
    const wanted = `${model} ${picture}`;
    const found = this.#library.example(picture, model);
    if (found) {
      this.#wanted[side] = wanted;
      this.#open(side, found, model);
    } else if (this.#wanted[side] !== wanted) {
      this.#wanted[side] = wanted;
      this.#fetch(side, picture, model, wanted);
    }
  }

  async #fetch(side, picture, model, wanted) {
    this[side].setBusy(true);
    try {
      await this.#library.fetch(picture, model);
      if (this.#wanted[side] === wanted) this.#refresh({ has: () => true });
    } catch (error) {
      if (this.#wanted[side] === wanted) this[side].setMessage(error.message);
    }
  }

  #open(side, example, model) {
    const store = this[side];
    const { rules, reference, grains } = this.#library.facts(model);
    store.keep({ models: this.store.models });
    store.setModel(model, reference);
    if (store.rules !== rules) store.setRules(rules);
    if (store.grains !== grains) store.setGrains(grains);
    store.takeGrain(this.store.grain);
    if (store.rawTrace !== (example.raw ?? example).trace) store.show(example);
    else store.setBusy(false);
  }

  /** What a visitor set with B's own controls is part of the choice, and so of the address. */
  #keepOwn(changed) {
    if (this.choice.linked || this.store.tab !== "compare") return;
    if (!changed.has("rule") && !changed.has("thresholds")) return;
    const { rule, thresholds, ruleFacts } = this.b;
    const own = !Array.isArray(thresholds) && thresholds === ruleFacts.default ? null : thresholds;
    this.#own = JSON.stringify([rule, own]);
    this.choose({ rule, thresholds: own });
  }
}

/** The page's only comparison. */
export const comparison = new Comparison(sharedStore, ask);
