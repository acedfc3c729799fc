// Which model on offer has the weights that a rule needs, and the way there in one step.

// Rules that ask one read-out of every depth: at their best where a network was trained so, as Sorted's authors do.
const OF_ONE_READOUT = ["sorted", "mue"];

/** [{rule, model, title}] of the rules that this store's model lacks and another on offer has, the first that does. */
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

/** The model on offer that the rule in force was made for, where this one is another: {rule, model, title} or null. */
export function madeFor({ model, models, rule }) {
  if (!OF_ONE_READOUT.includes(rule) || models.find(({ name }) => name === model)?.shared) return null;
  const other = models.find(({ name, shared }) => shared && name !== model);
  return other ? { rule, model: other.name, title: other.title } : null;
}

/** Opens a model, and once it is open, chooses the rule. What is opened or chosen meanwhile comes first. */
export function openWith(store, { rule, model }) {
  const end = store.subscribe((changed) => {
    if (store.model === model && Object.hasOwn(store.rules, rule)) {
      end();
      store.setRule(rule);
    } else if (changed.has("model") || changed.has("rule") || store.message) end();
  });
  document.dispatchEvent(new CustomEvent("choose-model", { detail: model }));
}
