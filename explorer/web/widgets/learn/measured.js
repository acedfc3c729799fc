// A model's evaluation as lessons and About use it, requested once.

import { ask } from "../ask.js";

const asked = new Map(); // model -> promise of its evaluation

/** A model's evaluation from the server, requested once; null if it has none. Rejects with `NoAnswer`. */
export function evaluationOf(model) {
  if (!asked.has(model)) {
    const whole = ({ evaluation, models }) => evaluation && { ...evaluation, models };
    const answer = ask("evaluated", { model }).then(whole);
    asked.set(model, answer);
    answer.catch(() => asked.delete(model));
  }
  return asked.get(model);
}
