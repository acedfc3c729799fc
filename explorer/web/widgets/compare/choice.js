// What Compare compares: two sides, each a picture under a model, a rule and thresholds. The defaults tell a story.
//
// `store.compare` holds only what a visitor chose: {mode, a, b, model, linked, rule, thresholds}, the last three of
// side B; side A has the page's own model, rule and thresholds.

import { decide } from "../decide.js";

export const MODES = ["images", "models", "rules"];

/** The example a page opens with: the one marked for it, else one from the middle of the order by exit. */
export function firstExample(examples) {
  return examples.find(({ opens }) => opens) ?? examples[Math.floor(examples.length / 2)] ?? null;
}

/** Ids of an example that leaves early and one that leaves late at the first rule's default threshold. */
export function easyAndHard(examples, rules) {
  const [name] = Object.keys(rules);
  const leaves = examples
    .filter(({ trace }) => trace?.scores?.[name])
    .map(({ id, trace }) => ({ id, share: decide(trace.scores[name], rules[name].default) / trace.exits.length }));
  const easy = leaves.reduce((best, one) => (!best || one.share < best.share ? one : best), null);
  const hard = leaves.reduce((best, one) => (!best || one.share >= best.share ? one : best), null);
  return [easy?.id ?? null, hard?.id ?? null];
}

/** The defaults of {mode, a, b, model, rule} in a mode. */
export function defaultChoice({ examples, rules, rule, models, model }, mode) {
  const [easy, hard] = easyAndHard(examples, rules);
  const a = mode === "images" ? easy : (firstExample(examples)?.id ?? null);
  return {
    mode: MODES[0],
    a,
    b: mode === "images" ? hard : a,
    model: models.find(({ name }) => name !== model)?.name ?? model,
    rule: Object.keys(rules).find((name) => name !== rule) ?? rule,
  };
}

/**
 * What is compared: {mode, linked, a: {picture, model}, b: {picture, model, rule, thresholds}}.
 *
 * `linked` is true while B follows A's rule and threshold, and then B's own are null. `thresholds` null is the
 * default of the rule. A picture that is gone, e.g. after a change of model, is replaced by the default.
 */
export function choiceOf(store) {
  const { compare, examples, uploads, model, models } = store;
  const mode = compare.mode ?? MODES[0];
  const standard = defaultChoice(store, mode);
  const known = (id) => [...examples, ...uploads].some((picture) => picture.id === id);
  const picture = (id, otherwise) => (known(id) ? id : otherwise);
  const a = picture(compare.a, standard.a);
  const other = models.some(({ name }) => name === compare.model && name !== model) ? compare.model : standard.model;
  const linked = mode !== "rules" && compare.linked !== false;
  return {
    mode,
    linked,
    a: { picture: a, model },
    b: {
      picture: mode === "images" ? picture(compare.b, standard.b) : a,
      model: mode === "models" ? other : model,
      rule: linked ? null : (compare.rule ?? (mode === "rules" ? standard.rule : store.rule)),
      thresholds: linked ? null : (compare.thresholds ?? null),
    },
  };
}
