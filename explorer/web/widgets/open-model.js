// Opening a model: its rules and examples go into the store, and one picture is shown.

import { firstExample } from "./compare/choice.js";

/**
 * `answer` is the server's, for a model: {model, reference, rules, grains, notes, examples}. `view` is what a link
 * sets, already checked: {rule, grain, thresholds, leftOut, example, exit, compare}, all optional. `own` is a
 * visitor's picture, analysed by this model, that is shown in place of an example. Without either, the example on show
 * stays if this model has it too; the caller requests its trace if that is missing.
 */
export function openModel(store, { model, reference, rules, grains = [], notes = [], examples }, view = {}, own = null) {
  const stays = view.example ?? store.example?.id;
  store.setModel(model, reference);
  store.keep({ notes });
  store.setRules(rules);
  if (view.rule !== undefined) store.setRule(view.rule);
  store.setExamples(examples);
  store.setGrains(grains);
  if (view.grain !== undefined) store.setGrain(view.grain);
  const wanted = examples.find(({ id, trace }) => id === stays && trace);
  const example = own ?? wanted ?? firstExample(examples);
  if (example?.trace) store.show(example);
  if (view.leftOut !== undefined) store.setLeftOut(view.leftOut);
  if (view.thresholds !== undefined) store.setThresholds(view.thresholds);
  if (view.exit !== undefined) store.select(view.exit);
  if (view.compare) store.keep({ compare: view.compare });
}
