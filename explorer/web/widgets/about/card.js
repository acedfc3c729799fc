// A model's card, its parts' sizes and the libraries' versions from the server, requested once per model.

import { ask } from "../ask.js";

const asked = new Map(); // model -> promise

/** Rejects with `NoAnswer`; the next call then asks again. */
export function cardOf(model) {
  if (!asked.has(model)) {
    const answer = ask("card", { model });
    asked.set(model, answer);
    answer.catch(() => asked.delete(model));
  }
  return asked.get(model);
}
