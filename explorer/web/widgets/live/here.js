// Live on a page with a server: its frames go through the network in this browser as soon as that is loaded.

import { NetworkWorker } from "../network-worker.js";
import { t } from "../strings.js";

export class LiveHere {
  #server;
  #uriOf;
  #make;
  #states = new Map(); // model -> {worker: once it answers, why: until then, a text's key or a sentence}

  /**
   * `server` answers `live_network` and, frame by frame, `live`. `uriOf(bitmap)` converts a frame for it; `make`
   * starts a worker, which a test replaces.
   */
  constructor(server, uriOf, make = (...given) => new NetworkWorker(...given)) {
    this.#server = server;
    this.#uriOf = uriOf;
    this.#make = make;
  }

  /** The answer to a frame, an ImageBitmap, which is used up: from this browser, or until then from the server. */
  async live({ frame, ...question }) {
    const { model } = question;
    const state = this.#states.get(model);
    if (state?.worker) {
      const answer = await state.worker.ask("live", { frame, ...question }, [frame]);
      if (answer.error) this.#leave(model, state.worker, answer.error);
      return answer;
    }
    if (!state) this.#fetch(question, await createImageBitmap(frame));
    const answer = await this.#server.live({ ...question, frame: await this.#uriOf(frame) });
    return { ...answer, runs: { kind: "server", why: this.#states.get(model).why } };
  }

  /** Loads a model's network, and sends a first frame through it; the film goes on in the meantime. */
  async #fetch({ model, ...question }, frame) {
    for (const [other, { worker }] of this.#states) if (worker) this.#states.delete(other), worker.end();
    const state = { worker: null, why: "coming" };
    this.#states.set(model, state);
    let worker = null;
    try {
      const found = await this.#server.live_network({ model });
      if (found.error) throw new Error(found.error);
      const { address, models, runtime } = found;
      const base = new URL(address, document.baseURI);
      const failed = () => ({ error: t("live.no_worker") });
      worker = this.#make(new URL("worker/worker.js", base), { models, runtime }, { failed });
      const answer = await worker.ask("live", { model, frame, ...question, plain: false }, [frame]);
      if (answer.error) throw new Error(answer.error);
      state.worker = worker;
    } catch (error) {
      this.#leave(model, worker, error.message);
    }
  }

  #leave(model, worker, why) {
    worker?.end();
    this.#states.set(model, { worker: null, why });
  }
}
