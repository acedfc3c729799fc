// What the tour's widgets have in common: they also listen to the tour, and tell screen readers a drag's result.

import { setText } from "../dom.js";
import { Widget } from "../widget.js";
import { sharedTour } from "./tour.js";

const PAUSE_MS = 500; // a screen reader hears where a drag ended, not every step of it

export class TourWidget extends Widget {
  static always = true; // a lesson's task is done in other tabs
  tour = sharedTour;
  #unsubscribe = null;
  #saying = null;

  connectedCallback() {
    super.connectedCallback();
    this.#unsubscribe = this.tour.subscribe(() => this.draw());
    this.draw();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#unsubscribe?.();
    clearTimeout(this.#saying);
  }

  update() {
    this.draw();
  }

  /** After a change in the store or the tour. */
  draw() {}

  /** Puts a text into the widget's `[role=status]`, once nothing has changed for a moment. */
  say(text) {
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => setText(this.part("[role=status]"), text), PAUSE_MS);
  }
}
