// Gathers the names of what changed and tells listeners once per animation frame, before it is painted.

export class Changes {
  #listeners = new Set();
  #changed = new Set();
  #schedule;

  /** `schedule(callback)` runs the callback soon, once; the next animation frame unless a test says otherwise. */
  constructor(schedule = (callback) => requestAnimationFrame(callback)) {
    this.#schedule = schedule;
  }

  /** Calls `listener(changed)` with the names that changed, once a frame. Returns a function that unsubscribes. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everyone now instead of at the next frame. */
  flush() {
    if (this.#changed.size === 0) return;
    const changed = this.#changed;
    this.#changed = new Set();
    for (const listener of this.#listeners) {
      try {
        listener(changed);
      } catch (error) {
        console.error(error); // one widget's error must not stop the others
      }
    }
  }

  /** Notes that something with that name changed. */
  tell(name) {
    if (this.#changed.size === 0) this.#schedule(() => this.flush());
    this.#changed.add(name);
  }
}
