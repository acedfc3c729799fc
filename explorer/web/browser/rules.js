// The exit rules, scored exit by exit. Twins of explorer/rules/; tests check them against Python.

import { AGREEMENT } from "./rules/agreement.js";
import { CERTAINTY } from "./rules/certainty.js";
import { CHANGE } from "./rules/change.js";
import { LEARNED } from "./rules/learned.js";
import { PERFORMANCE } from "./rules/performance.js";

/**
 * name -> {reader, needs, byClass, addon}, as explorer/rules/rule.py describes a rule. `reader(setting)` begins one
 * picture's walk; what it returns is called with (exit, seen) shallow to deep, and gives {score, answer, looks}: higher
 * = more certain, NaN never leaves; the logits answered there, if not the exit's own; what the rule looks at, by name.
 * `setting` is {exits, classes, grain, parts}.
 */
export const RULES = { ...CERTAINTY, ...AGREEMENT, ...CHANGE, ...LEARNED, ...PERFORMANCE };

/** The rule with that name. Throws a sentence. */
export function ruleOf(name, among) {
  if (!Object.hasOwn(RULES, name) || !among.includes(name)) {
    throw new Error(`there is no exit rule '${name}' on this page; choose another.`);
  }
  return RULES[name];
}

/**
 * Several rules read side by side: `step(exit, seen)` gives what each says about an exit, by rule, and `done()` at the
 * end {rule: {scores, answers, looks}}.
 */
export function walk(names, setting, partsOf) {
  const readers = names.map((name) => [name, RULES[name].reader({ ...setting, parts: partsOf(RULES[name]) })]);
  const said = new Map(names.map((name) => [name, []]));
  return {
    step(exit, seen) {
      const verdicts = Object.fromEntries(readers.map(([name, read]) => [name, read(exit, seen)]));
      for (const name of names) said.get(name).push(verdicts[name]);
      return verdicts;
    },
    done: () => Object.fromEntries([...said].map(([name, verdicts]) => [name, readingOf(verdicts)])),
  };
}

/** `answers` has null where an exit gives its own logits, and is null if all do. */
function readingOf(verdicts) {
  const answers = verdicts.map(({ answer }) => answer ?? null);
  const names = Object.keys(verdicts[0]?.looks ?? {});
  return {
    scores: verdicts.map(({ score }) => score),
    answers: answers.some((answer) => answer !== null) ? answers : null,
    looks: Object.fromEntries(names.map((name) => [name, verdicts.map(({ looks }) => looks[name])])),
  };
}
