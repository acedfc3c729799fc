// Which available model has the weights that a rule needs, and how to switch to it in one step.

// Rules with one read-out for every depth: best on a network trained that way, as Sorted's authors do.
const OF_ONE_READOUT = ["sorted", "mue"];

/** [{rule, model, title}] for each rule that this store's model lacks, with the first available model that has it. */
export function rulesElsewhere({ model, models, rules }) {
  const found = new Map();
  for (const other of models) {
    if (other.name === model) continue;
    for (const rule of other.learned ?? []) {
      if (!Object.hasOwn(rules, rule) && !found.has(rule)) found.set(rule, { rule, model: other.name, title: other.title });
    }
  }
  return [...found.values()];
}

/** The available model that the current rule was made for, unless it is this one: {rule, model, title} or null. */
export function madeFor({ model, models, rule }) {
  if (!OF_ONE_READOUT.includes(rule) || models.find(({ name }) => name === model)?.shared) return null;
  const other = models.find(({ name, shared }) => shared && name !== model);
  return other ? { rule, model: other.name, title: other.title } : null;
}

/** Opens a model, and once it is open, chooses the rule. Anything opened or chosen in the meantime wins. */
export function openWith(store, { rule, model }) {
  const end = store.subscribe((changed) => {
    if (store.model === model && Object.hasOwn(store.rules, rule)) {
      end();
      store.setRule(rule);
    } else if (changed.has("model") || changed.has("rule") || store.message) end();
  });
  document.dispatchEvent(new CustomEvent("choose-model", { detail: model }));
}
