// Which picture under which model has been analysed: what the page holds already, and what the server was asked.

/** An image of the session without what a model said of it. */
function bare({ id, title, label, image }) {
  return { id, title, label, image, trace: null };
}

export class Library {
  #store;
  #ask;
  #rules = new Map(); // model -> its rules
  #analysed = new Map(); // "model picture" -> example

  /** `ask(name, question)` asks the server, as ask.js does. */
  constructor(store, ask) {
    this.#store = store;
    this.#ask = ask;
  }

  /** The rules of a model, with its own defaults; null while the server has not been asked of it. */
  rules(model) {
    return model === this.#store.model ? this.#store.rules : (this.#rules.get(model) ?? null);
  }

  /** A picture as `model` sees it, or null while the server has not been asked. */
  example(picture, model) {
    const { examples, uploads } = this.#store;
    const inModel = model === this.#store.model && examples.find(({ id, trace }) => id === picture && trace);
    const upload = uploads.find((one) => one.id === picture && one.model === model);
    return inModel || upload || (this.#analysed.get(`${model} ${picture}`) ?? null);
  }

  /** All pictures to choose from under a model; those that it has not analysed have no trace. */
  pictures(model) {
    const { uploads, examples } = this.#store;
    return [...uploads, ...examples].map((one) => this.example(one.id, model) ?? bare(one));
  }

  /** Asks the server what `model` makes of a picture the page holds. Throws `NoAnswer`. */
  async fetch(picture, model) {
    const { uploads, examples } = this.#store;
    const held = bare([...uploads, ...examples].find(({ id }) => id === picture));
    const { rules, ...answer } = await this.#ask("analyse_again", { model, image: held.image, label: held.label });
    this.#rules.set(model, rules);
    this.#analysed.set(`${model} ${picture}`, { ...held, ...answer, id: held.id, title: held.title });
  }
}
