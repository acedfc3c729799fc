// What the Tune tab's widgets share: they wait for the evaluation, then draw all, or only what a threshold changes.

import { Widget } from "../widget.js";
import { sharedDesk } from "./desk.js";

// What changes the drawing beyond the live numbers.
const MORE = ["model", "rule", "rules", "language", "selected", "leftOut"];

export class TuneWidget extends Widget {
  #unsubscribe = null;
  #drawn = null; // the split that was drawn
  desk = sharedDesk;

  connectedCallback() {
    super.connectedCallback();
    this.#unsubscribe = this.desk.subscribe(() => this.resize());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#unsubscribe();
  }

  /** Whether the images in view have a teacher's answers as labels, so that accuracy is agreement with it. */
  get teacher() {
    return Boolean(this.desk.now(this.store)?.split.teacher);
  }

  /** The exit a person chose, or null. What fires for the image in Explore says nothing about a data set. */
  get chosenExit() {
    const { selected } = this.store;
    return selected !== null && selected < this.desk.now(this.store).split.exits ? selected : null;
  }

  choose(exit) {
    if (exit >= 0 && exit < (this.store.trace?.exits.length ?? 0)) this.store.select(exit);
  }

  update(changed) {
    if (this.width === 0) return; // the tab is not open; it draws when it becomes visible
    this.desk.open(this.store.model, this.store.grain);
    const now = this.desk.now(this.store);
    this.classList.toggle("waiting", now === null);
    if (now === null) {
      this.wait();
      return;
    }
    if (now.split !== this.#drawn || MORE.some((name) => changed.has(name))) {
      this.#drawn = now.split;
      this.draw(now);
    }
    this.live(now);
  }

  /** Shown while there is no evaluation. */
  wait() {}

  /** What the thresholds do not change. */
  draw(_now) {}

  /** What they do: called for every move, so it touches only what differs. */
  live(_now) {}
}
