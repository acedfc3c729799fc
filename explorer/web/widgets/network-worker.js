// Asks the network in this browser: a worker that starts with the first question. Both hosts of the page have one.

export class NetworkWorker {
  #address;
  #manifest;
  #progress;
  #failed;
  #worker = null;
  #waiting = new Map(); // a question's number -> what resolves it
  #asked = 0;

  /**
   * `address` is worker.js's; `manifest` {models, runtime} says which files it loads, `progress(piece)` hears of them.
   * `failed()` is the answer to every question if the worker cannot run.
   */
  constructor(address, manifest, { progress = () => {}, failed }) {
    this.#address = address;
    this.#manifest = manifest;
    this.#progress = progress;
    this.#failed = failed;
  }

  ask(name, question, transfer = []) {
    this.#worker ??= this.#start();
    return new Promise((resolve) => {
      this.#waiting.set(++this.#asked, resolve);
      this.#worker.postMessage({ id: this.#asked, name, question }, transfer);
    });
  }

  /** Frees the worker's memory; the next question starts another. */
  end() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #start() {
    const started = new Worker(this.#address, { type: "module" });
    started.addEventListener("message", ({ data: { id, answer, progress } }) => {
      if (progress) this.#progress(progress);
      else {
        this.#waiting.get(id)?.(answer);
        this.#waiting.delete(id);
      }
    });
    started.addEventListener("error", () => {
      for (const resolve of this.#waiting.values()) resolve(this.#failed());
      this.#waiting.clear();
      this.end();
    });
    started.postMessage({ name: "begin", question: this.#manifest });
    return started;
  }
}
