// A trace read at a grain, under a rule and without some exits: an ordinary trace again, so that every widget can draw it.

import { NONE_LEFT_OUT, leaveOut } from "./left-out.js";

/** The name of the finest reading, the model's own classes. */
export const CLASSES = "classes";

/** The grain a model opens with. */
export function openingGrain(grains) {
  return grains.find(({ opens }) => opens)?.name ?? CLASSES;
}

const read = new WeakMap(); // trace -> "grain rule exits" -> reading
const readings = new WeakSet(); // results of `readingOf` are not read again

/**
 * `trace.readings[grain]` has what differs at a coarser grain, `trace.rules[rule]` what a rule adds: the answers of
 * images that leave under it, and its own MACs; `omitted` says which exits are off (left-out.js). A grain or rule that
 * the trace lacks changes nothing. The same trace, grain, rule and exits give the same object.
 */
export function readingOf(trace, grain, rule, omitted = NONE_LEFT_OUT) {
  if (!trace || readings.has(trace)) return trace;
  const coarse = trace.readings?.[grain];
  const own = (coarse ?? trace).rules?.[rule];
  if (!coarse && !own && omitted.leftOut.length === 0) return trace;
  if (!read.has(trace)) read.set(trace, new Map());
  const key = `${grain} ${own ? rule : ""} ${omitted.leftOut} ${omitted.alone}`;
  const known = read.get(trace);
  if (!known.has(key)) {
    const { macs, answers } = own ?? {};
    const view = { ...trace, ...coarse };
    if (answers) {
      view.predicted = view.predicted.map((position, e) => answers[e]?.predicted ?? position);
      view.probabilities = view.probabilities.map((row, e) => answers[e]?.probabilities ?? row);
    }
    if (macs) view.macs = trace.macs.map((spent, e) => spent + macs[e]);
    const left = leaveOut(view, omitted, trace, macs);
    readings.add(left);
    known.set(key, left);
  }
  return known.get(key);
}

const seen = new WeakMap(); // example -> {key, view}

/**
 * An example read likewise: its trace, and its true class as {truth, label}, the index and name of its group. `raw` is
 * the example as it came. `groups` is the grain's description, or null for the classes.
 */
export function exampleAt(example, groups, rule, omitted = NONE_LEFT_OUT) {
  if (!example || example.raw) return example;
  const grain = groups?.name ?? CLASSES;
  const key = `${grain} ${rule} ${omitted.leftOut} ${omitted.alone}`;
  const known = seen.get(example);
  if (known?.key === key) return known.view;
  const truth = example.truth ?? null;
  const group = groups && truth !== null ? groups.groups[truth] : truth;
  const label = groups && truth !== null ? groups.labels[group] : (example.label ?? null);
  const view = { ...example, trace: readingOf(example.trace, grain, rule, omitted), truth: group, label, raw: example };
  seen.set(example, { key, view });
  return view;
}

/** Whether two traces, of which either may be missing, leave behind the same blocks. */
export function sameExits(a, b) {
  return a?.exits.length === b?.exits.length && a.exits.every((exit, e) => exit.block === b.exits[e].block);
}
