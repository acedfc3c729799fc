// The exit rules that need logits alone, scored exit by exit. Twins of explorer/rules/; tests hold them to Python.

import { argmax, logSoftmax } from "./numbers.js";

/** name -> a reader of one image's walk: it is handed each exit's logits in turn and gives a score, higher = surer. */
export const RULES = {
  confidence: () => (logits) => Math.exp(logSoftmax(logits).reduce((a, b) => Math.max(a, b))),
  entropy: () => (logits) => {
    let nats = 0;
    for (const log of logSoftmax(logits)) nats -= Math.exp(log) * log;
    return Math.min(1, Math.max(0, 1 - nats / Math.log(logits.length)));
  },
  patience: () => {
    let [last, streak] = [null, 0];
    return (logits) => {
      const answer = argmax(logits);
      streak = answer === last ? streak + 1 : 1;
      last = answer;
      return streak;
    };
  },
};

/** Every rule's scores of a walk, name -> one number per exit. */
export function allScores(logitsPerExit) {
  return Object.fromEntries(Object.entries(RULES).map(([name, begin]) => [name, logitsPerExit.map(begin())]));
}
