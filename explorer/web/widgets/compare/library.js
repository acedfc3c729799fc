// Which picture under which model has been analysed: what the page already has, and what the server was asked for.

/** An image of the session without any model's answers. */
function bare(picture) {
  const { id, title, label, image, short } = picture.raw ?? picture;
  return { id, title, label, image, short, trace: null };
}

export class Library {
  #store;
  #ask;
  #facts = new Map(); // model -> {rules, reference, grains}
  #analysed = new Map(); // "model picture" -> example

  /** `ask(name, question)` asks the server, as ask.js does. */
  constructor(store, ask) {
    this.#store = store;
    this.#ask = ask;
  }

  /** {rules, reference, grains} of a model; null while the server has not been asked about it. */
  facts(model) {
    const { rules, reference, grains } = this.#store;
    return model === this.#store.model ? { rules, reference, grains } : (this.#facts.get(model) ?? null);
  }

  /** A picture as `model` sees it, or null while the server has not been asked. */
  example(picture, model) {
    const { examples, uploads } = this.#store;
    const inModel = model === this.#store.model && examples.find(({ id, trace, short }) => id === picture && trace && !short);
    const upload = uploads.find((one) => one.id === picture && one.model === model);
    return inModel || upload || (this.#analysed.get(`${model} ${picture}`) ?? null);
  }

  /**
   * All pictures to choose from under a model; those that it has not analysed have no trace. One that came `short` has
   * the trace of the page's own model, which is all that a row of pictures needs.
   */
  pictures(model) {
    const { uploads, examples } = this.#store;
    const short = (one) => (model === this.#store.model && one.short ? { ...bare(one), trace: (one.raw ?? one).trace } : null);
    return [...uploads, ...examples].map((one) => this.example(one.id, model) ?? short(one) ?? bare(one));
  }

  /** Asks the server for `model`'s analysis of a picture the page has. Throws `NoAnswer`. */
  async fetch(picture, model) {
    const { uploads, examples } = this.#store;
    let held = bare([...uploads, ...examples].find(({ id }) => id === picture));
    if (held.short) {
      const whole = await this.#ask("example", { model: this.#store.model, id: picture });
      held = bare(whole);
      if (model === whole.model) {
        this.#facts.set(model, this.facts(model));
        this.#analysed.set(`${model} ${picture}`, whole);
        return;
      }
    }
    const { rules, reference, grains = [], ...answer } = await this.#ask("analyse_again", {
      model,
      image: held.image,
      label: held.label,
    });
    this.#facts.set(model, { rules, reference, grains });
    this.#analysed.set(`${model} ${picture}`, { ...held, ...answer, id: held.id, title: held.title });
  }
}
