// What Compare's widgets have in common: they listen to the page's store and those of both sides.

import { Widget } from "../widget.js";
import { comparison } from "./comparison.js";

export class CompareWidget extends Widget {
  #ends = [];

  /** The side the element stands for, "a" or "b"; undefined if it shows both. */
  get side() {
    return this.dataset.side;
  }

  get comparison() {
    return comparison;
  }

  connectedCallback() {
    super.connectedCallback();
    const sides = this.side ? [this.side] : ["a", "b"];
    const hear = (changed) => {
      if (!changed.has("language")) this.update(changed); // the page's store reports that, with new markup
    };
    this.#ends = sides.map((side) => comparison[side].subscribe(hear));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#ends.forEach((end) => end());
  }
}
