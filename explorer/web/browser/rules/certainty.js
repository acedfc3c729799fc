// Rules that look at how sure an exit is: confidence, entropy, margin, SDN, Sorted.

import { bestTwo } from "./seen.js";

const STEPS = [0, 0, 0, 0.05, 0.05, 0.15, 0.15, 0.25]; // as in explorer/rules/sorted.py

/** How much less confidence Sorted requires at an exit than at the first, for this number of exits. */
function lowered(exit, exits) {
  const early = exits - 1;
  if (early < 2) return 0;
  const at = (Math.min(exit, early - 1) / (early - 1)) * (STEPS.length - 1);
  const below = Math.min(Math.floor(at), STEPS.length - 2);
  return STEPS[below] + (STEPS[below + 1] - STEPS[below]) * (at - below);
}

export const CERTAINTY = {
  confidence: { reader: () => (_, seen) => ({ score: seen.confidence }) },

  entropy: { reader: () => (_, seen) => ({ score: seen.certainty }) },

  margin: {
    reader: () => (_, seen) => {
      const [first, second] = bestTwo(seen.probabilities);
      return { score: first - second, looks: { first, second } };
    },
  },

  sdn: {
    reader: ({ exits }) => {
      let [most, answer] = [-Infinity, null];
      return (exit, seen) => {
        if (answer === null || seen.confidence > most) answer = seen.logits;
        most = Math.max(most, seen.confidence);
        return { score: seen.confidence, answer: exit === exits - 1 ? answer : null, looks: { surest: most } };
      };
    },
  },

  sorted: {
    reader:
      ({ exits }) =>
      (exit, { confidence }) => ({ score: confidence + lowered(exit, exits), looks: { confidence } }),
  },
};
