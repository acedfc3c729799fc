// Which picture under which model has been analysed: what the page holds already, and what the server was asked.

/** An image of the session without what a model said of it. */
function bare({ id, title, label, image }) {
  return { id, title, label, image, trace: null };
}

export class Library {
  #store;
  #ask;
  #models = new Map(); // name -> {model, rules, examples}, as the server answered
  #analysed = new Map(); // "model picture" -> example

  /** `ask(name, question)` asks the server, as ask.js does. */
  constructor(store, ask) {
    this.#store = store;
    this.#ask = ask;
  }

  /** {rules, examples} of a model, or null while they have not been asked for. */
  model(name) {
    const { model, rules, examples } = this.#store;
    return name === model ? { rules, examples } : (this.#models.get(name) ?? null);
  }

  /** A picture as `model` sees it, or null while the server has not been asked. */
  example(picture, model) {
    const inModel = this.model(model)?.examples.find(({ id, trace }) => id === picture && trace);
    const upload = this.#store.uploads.find((one) => one.id === picture && one.model === model);
    return inModel ?? upload ?? this.#analysed.get(`${model} ${picture}`) ?? null;
  }

  /** All pictures to choose from under a model; those that it has not analysed have no trace. */
  pictures(model) {
    const { uploads, examples } = this.#store;
    return [...uploads, ...examples].map((one) => this.example(one.id, model) ?? bare(one));
  }

  /** Asks the server for what `example` lacks. Throws `NoAnswer`. */
  async fetch(picture, model) {
    if (!this.model(model)) this.#models.set(model, await this.#ask("examples_of", { model }));
    const found = this.example(picture, model);
    if (found) return found;
    const { uploads, examples } = this.#store;
    const held = [...uploads, ...examples].find(({ id }) => id === picture);
    const answer = await this.#ask("analyse_again", { model, image: held.image });
    // Its true label is a word of the model it came with; another model may not know that word.
    const example = { ...answer, ...bare(held), trace: answer.trace, label: null };
    this.#analysed.set(`${model} ${picture}`, example);
    return example;
  }
}
