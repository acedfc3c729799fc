// <stress-ladder>: the exit ladder of the picture at the current severity, in a store of its own.

import { Store } from "../store.js";
import { StressWidget } from "./stress-widget.js";

export class StressLadder extends StressWidget {
  static markup = "<exit-ladder></exit-ladder>";
  #inner = new Store();

  build() {
    this.part("exit-ladder").store = this.#inner;
  }

  update() {
    const { trace } = this.stress.frame;
    const { rules, rule, thresholds, ruleFacts } = this.store;
    if (!trace || !ruleFacts) return;
    if (rules !== this.#inner.rules) this.#inner.setRules(rules);
    this.#inner.setRule(rule);
    if (trace !== this.#inner.trace) this.#inner.show({ trace });
    this.#inner.setThresholds(thresholds);
  }
}
