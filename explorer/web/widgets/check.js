// Rejects a trace that breaks the data contract, in a sentence that says what was expected and what was received.

function expectCount(name, list, count, per) {
  if (!Array.isArray(list))
    throw new TypeError(`${name}: expected a list of ${count}, one per ${per}; got ${typeof list}.`);
  if (list.length !== count) throw new TypeError(`${name}: expected ${count}, one per ${per}; got ${list.length}.`);
}

/** Returns the trace, or throws TypeError. */
export function checkTrace(trace) {
  const exits = trace?.exits;
  if (!Array.isArray(exits) || exits.length === 0)
    throw new TypeError("trace.exits: expected at least one exit; got none.");
  exits.forEach((exit, e) => {
    const above = e > 0 ? exits[e - 1].block : 0;
    if (!Number.isInteger(exit.block) || exit.block <= above || exit.block > trace.blocks) {
      throw new TypeError(
        `trace.exits: expected blocks rising from 1 to ${trace.blocks}; got ${exit.block} after ${above}.`,
      );
    }
  });
  const names = ["macs", "ms", "probabilities", "predicted"];
  for (const name of names) expectCount(`trace.${name}`, trace[name], exits.length, "exit");
  if (!Array.isArray(trace.classes)) throw new TypeError("trace.classes: expected a list; got none.");
  trace.probabilities.forEach((row) => expectCount("trace.probabilities", row, trace.classes.length, "class"));
  for (const position of trace.predicted) {
    if (!trace.classes[position]) throw new TypeError(`trace.predicted: there is no class at position ${position}.`);
  }
  for (const [rule, scores] of Object.entries(trace.scores ?? {})) {
    expectCount(`trace.scores.${rule}`, scores, exits.length, "exit");
  }
  return trace;
}
