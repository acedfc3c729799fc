// What every host of the page does alike: it opens the first view and takes in what a visitor brings and chooses.

import { openModel } from "./open-model.js";

export class Host {
  #page;
  #uploads = 0;

  /** `server` answers the widgets' questions: {name: async (question) => answer}. See ask.js. */
  constructor(server, page = window.ExitExplorer) {
    this.#page = page;
    page.server = server;
  }

  /** The first view: what the link asks for, or what the page starts with. */
  async begin() {
    const { address, start, store } = this.#page;
    const answer = (await this.#linkedModel()) ?? start;
    if (answer.error) store.setMessage(answer.error);
    else if (!store.model) openModel(store, answer, address.readView(answer)); // unless a visitor was quicker
    address.follow();
  }

  /** What the server says of the model that the link asks for, or null. */
  async #linkedModel() {
    const { address, server, start, store, wantedModel } = this.#page;
    if (!wantedModel || wantedModel === start.model) return null;
    store.setBusy(true);
    try {
      const answer = await server.examples_of({ model: wantedModel });
      if (!answer.error) return answer;
      address.failModel(wantedModel, answer.error);
    } catch {
      address.failModel(wantedModel, "the server did not answer.");
    }
    return null;
  }

  /** An upload is on its way: show that something happens. */
  await() {
    this.#page.store.setBusy(true);
  }

  /** The answer to an upload, or its one sentence why not. */
  receive(answer) {
    const { store } = this.#page;
    if (!answer) store.setBusy(false);
    else if (answer.error) store.setMessage(answer.error);
    else {
      const upload = { ...answer, id: `upload-${++this.#uploads}`, model: store.model };
      store.addUpload(upload);
      store.show(upload);
    }
  }

  /** The answer to a chosen model. */
  opened(answer) {
    const { store } = this.#page;
    if (answer?.error) store.setMessage(answer.error);
    else if (answer) openModel(store, answer);
  }

  /** A batch's files, as its questions take them. */
  receiveFiles(files) {
    document.dispatchEvent(new CustomEvent("batch-files", { detail: files }));
  }
}
