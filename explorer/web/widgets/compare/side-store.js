// A side of the comparison: a store of its own, whose rule and thresholds may be those of another store.

import { CLASSES } from "../reading.js";
import { Store } from "../store.js";

export class SideStore extends Store {
  followsGrain = true; // both sides have the page's grain
  #leader = null; // the store whose rule and thresholds this one has

  /**
   * From now on every change of rule or threshold here is made there, and adopted at once: the leader's next frame
   * would be too late, because the second of two keys pressed in one frame steps from what the first set.
   */
  follow(leader) {
    this.#leader = leader;
    this.adopt();
  }

  /** Its own rule and thresholds again, starting from the current ones. */
  leave() {
    this.#leader = null;
  }

  /** Takes the leader's rule and thresholds, as far as they fit this side's model. */
  adopt() {
    const leader = this.#leader;
    if (leader) this.takeGrain(leader.grain);
    if (leader) this.setLeftOut(leader.leftOut);
    if (!leader?.ruleFacts || !Object.hasOwn(this.rules, leader.rule)) return;
    super.setRule(leader.rule);
    this.own(leader.rule, leader.thresholds);
  }

  /** The page's grain, or the classes if this side's model lacks it: both sides share a grain if they can. */
  takeGrain(name) {
    super.setGrain(this.grains.some((grain) => grain.name === name) ? name : CLASSES);
  }

  /** This side's rule and thresholds; null is the rule's default. Thresholds for other exits become their mean. */
  own(rule, thresholds) {
    if (!Object.hasOwn(this.rules, rule)) return;
    super.setRule(rule);
    if (thresholds === null) super.resetThresholds();
    else super.setThresholds(fitted(thresholds, this.trace));
  }

  /** A side shows only complete pictures: choosing one that came short requests the rest. */
  show(example) {
    if (!(example.raw ?? example).short) super.show(example);
  }

  setRule(name) {
    if (!this.#leader) return super.setRule(name);
    this.#leader.setRule(name);
    this.adopt();
  }

  setThresholds(thresholds) {
    if (!this.#leader) return super.setThresholds(thresholds);
    this.#leader.setThresholds(thresholds);
    this.adopt();
  }

  resetThresholds() {
    if (!this.#leader) return super.resetThresholds();
    this.#leader.resetThresholds();
    this.adopt();
  }
}

function fitted(thresholds, trace) {
  if (!Array.isArray(thresholds) || !trace || thresholds.length === trace.exits.length - 1) return thresholds;
  return thresholds.reduce((sum, one) => sum + one, 0) / thresholds.length;
}
