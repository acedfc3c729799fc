// What a rule looks at besides its score, as the trace gives it: rows of numbers in [0, 1], one per exit.

import { hasText, t } from "./strings.js";

// What a rule looks at that is another rule's score: a trace has each row of numbers once.
const SCORES_OF_OTHERS = {
  margin: { first: "confidence" },
  sorted: { confidence: "confidence" },
  performance: { confidence: "confidence" },
  pcee: { certainty: "entropy" },
};

/** [{name, title, values}] for the rule; empty if it looks only at its score or the trace lacks it. */
export function looksOf(trace, rule) {
  const others = Object.entries(trace?.scores?.[rule] ? (SCORES_OF_OTHERS[rule] ?? {}) : {})
    .map(([name, other]) => [name, (trace.read ?? trace.scores)[other]])
    .filter(([, values]) => values);
  const looks = { ...Object.fromEntries(others), ...trace?.rules?.[rule]?.looks };
  return Object.entries(looks).map(([name, values]) => ({ name, title: lookTitle(name), values }));
}

function lookTitle(name) {
  const key = `rules.look_${name}`;
  return hasText(key) ? t(key) : name;
}

/** The height of a value's bar, in [0, 1]; nothing for what is not a number. */
export function barOf(value) {
  return typeof value === "number" && Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}
