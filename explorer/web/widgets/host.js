// What every host of the page has in common: it opens the first view and handles what a visitor adds and chooses.
//
// A visitor's picture stays while they change models: the aim is always a model and, if one was added, a picture,
// and both appear on the page together. Answers to anything but the latest aim are dropped.

import { ask, within } from "./ask.js";
import { openModel } from "./open-model.js";
import { forgetPicture, keepPicture, keptPicture } from "./kept-picture.js";
import { loadTab } from "./parts.js";
import { t, translated } from "./strings.js";

/** An address of a File in this browser, for an <img>; null for a type that browsers do not show. */
function pictureHere(file) {
  const shows = file instanceof Blob && /^image\/(png|jpe?g|gif|webp|avif|bmp|svg)/.test(file.type);
  return shows ? URL.createObjectURL(file) : null;
}

export class Host {
  #page;
  #send;
  #uploads = 0;
  #turn = 0;
  #pending = false;
  #own = null; // the visitor's picture that is aimed at: {id, file, picture}, `picture` as `analyse` takes it
  #model = null; // the model that is aimed at

  /**
   * `server` answers the widgets' questions: {name: async (question) => answer}. See ask.js. `send` turns a File
   * into what the question `analyse` takes as `picture`; without it a File stays as is. What `analyse` answers may be
   * `short`, and then has `rest`, a promise of what is missing: {image, saw, maps}.
   */
  constructor(server, { page = window.ExitExplorer, send = async (file) => file } = {}) {
    this.#page = page;
    this.#send = send;
    page.server = server;
    globalThis.document?.addEventListener("example", ({ detail }) => this.open(detail.id));
    page.store.subscribe((changed) => {
      if (!changed.has("example")) return;
      if (this.#own && page.store.example?.id !== this.#own.id) forgetPicture();
      if (page.store.example?.short) this.open(page.store.example.id);
    });
  }

  /** The first view: what the link sets, or what the page starts with; and the picture from before a reload. */
  async begin() {
    const { address, start, store } = this.#page;
    const answer = (await this.#linkedModel()) ?? start;
    let view = {};
    if (answer.error) store.setMessage(answer.error);
    else if (!store.model) {
      view = address.readView(answer);
      openModel(store, answer, view); // unless a visitor was quicker
      if (start.message) store.setMessage(start.message);
    }
    address.follow();
    this.#model = store.model;
    if (view.example !== undefined) {
      forgetPicture();
      await this.open(view.example);
    } else {
      const file = await keptPicture();
      if (file && !this.#own) this.take(file); // the page works without it, and says that it is loading
    }
  }

  /** What the server says about the model in the link, or null. */
  async #linkedModel() {
    const { address, start, store, wantedModel } = this.#page;
    if (!wantedModel || wantedModel === start.model) return null;
    store.setBusy(true);
    try {
      return await ask("examples_of", { model: wantedModel });
    } catch (error) {
      address.failModel(wantedModel, error.message);
      return null;
    }
  }

  /** A visitor's picture: a File, or what the host's own drop zone made from one, {path, url, orig_name}. */
  async take(file) {
    if (!file) return;
    this.#own = { id: `upload-${++this.#uploads}`, file };
    const own = this.#own;
    if ((await this.#reach()) && own === this.#own && this.#page.store.example?.id === own.id) keepPicture(file);
  }

  /** Another model. The visitor's picture is analysed by it before anything changes. */
  async choose(model) {
    const { store } = this.#page;
    const shown = store.rawUploads.find(({ id }) => id === store.example?.id);
    const { id, title, picture, file = shown?.image } = shown ?? {};
    if (!this.#pending) this.#own = shown ? { id, title, picture, file } : null;
    this.#model = model;
    await this.#reach();
  }

  /** An example that came without a trace, or short: with a small picture and without what the views below need. */
  async open(id) {
    const { store } = this.#page;
    const example = store.rawExamples.find((one) => one.id === id);
    if (!example || (example.trace && !example.short)) return;
    const { model, rawExample: seen } = store;
    store.setBusy(true);
    try {
      const whole = await this.#whole(example, model);
      if (model !== store.model) return;
      store.setExamples(store.rawExamples.map((one) => (one.id === id ? whole : one)));
      if (example.short ? store.example?.id === id : store.rawExample === seen) store.show(whole);
    } catch (error) {
      if (model === store.model) store.setMessage(error.message);
    }
    if (!this.#pending) store.setBusy(false);
  }

  async #whole(example, model) {
    if (example.short) return ask("example", { model, id: example.id });
    const { image, label } = example;
    const { trace, maps, saw, note, truth } = await ask("analyse_again", { model, image, label });
    return { ...example, trace, maps, saw, note, truth };
  }

  /** A batch's files, as its questions take them. Batch's own script may still be loading. */
  async receiveFiles(files) {
    try {
      await loadTab("batch");
    } catch {
      return this.#page.store.keep({ late: "page.part_failed" });
    }
    document.dispatchEvent(new CustomEvent("batch-files", { detail: files }));
  }

  /** Brings the page to the model and picture aimed at. Returns whether the picture, if there is one, is shown. */
  async #reach() {
    const { store } = this.#page;
    const turn = this.#begin();
    const own = this.#own;
    const model = this.#model ?? store.model;
    let before, shown = null;
    try {
      const opened = model === store.model ? null : await ask("examples_of", { model });
      if (turn !== this.#turn) return false; // the next question would end the one of the newer turn
      let failed = null;
      if (own) {
        try {
          const answer = await this.#analyse(own, model);
          shown = { ...answer, id: own.id, model, file: own.file, picture: own.picture };
          if (own.title) shown.title = own.title;
        } catch (error) {
          failed = error.message;
        }
      }
      if (turn !== this.#turn) return false;
      before = store.example?.id; // only now: another may have been chosen in the meantime
      if (shown?.short) shown.image = pictureHere(own.file);
      else if (shown) store.addUpload(shown);
      if (opened) openModel(store, opened, {}, shown);
      else if (shown) store.show(shown);
      if (failed) store.setMessage(failed);
      if (shown?.short) store.setBusy(true); // until the rest arrives
      store.flush(); // so that the next frame shows it, not the one after that
      if (shown?.short) await this.#complete(turn, shown);
    } catch (error) {
      if (shown?.short) URL.revokeObjectURL(shown.image); // it is not shown
      if (turn !== this.#turn) return false;
      this.#model = store.model; // the other one did not open
      store.setMessage(error.message);
    }
    this.#end(turn);
    const same = own ? null : store.rawExamples.find(({ id }) => id === before);
    if (same && !same.trace) this.open(before); // this model has the same example, but has not analysed it yet
    return shown !== null;
  }

  async #analyse(own, model) {
    if (!(own.file instanceof Blob)) return ask("analyse", { model, picture: own.picture ?? own.file });
    own.picture ??= this.#send(own.file); // only once, even if the model changes
    try {
      own.picture = await own.picture;
    } catch (error) {
      own.picture = null;
      throw error;
    }
    return ask("analyse", { model, picture: own.picture });
  }

  /**
   * Adds the other results of the same pass to a picture whose trace is already shown, as long as it is shown. If they
   * do not arrive the picture stays as it is, and a sentence says so.
   */
  async #complete(turn, { rest, short, ...shown }) {
    const { store } = this.#page;
    let more = {};
    let failed = null;
    try {
      more = await within(rest);
      if (more.error) [more, failed] = [{}, translated(more.error)];
    } catch {
      failed = t("page.no_answer");
    }
    const whole = { saw: null, maps: [], ...shown, ...more };
    const { busy, message } = store;
    if (turn === this.#turn || store.model === shown.model) store.addUpload(whole);
    if (store.rawTrace === shown.trace) store.show(whole);
    if (whole.image !== shown.image) URL.revokeObjectURL(shown.image);
    if (turn === this.#turn) return failed && store.setMessage(failed);
    store.setMessage(message); // about something newer, which is still loading or has failed
    store.setBusy(busy);
  }

  #begin() {
    this.#page.store.setBusy(true);
    this.#pending = true;
    return ++this.#turn;
  }

  #end(turn) {
    if (turn !== this.#turn) return;
    this.#pending = false;
    this.#page.store.setBusy(false);
  }
}
