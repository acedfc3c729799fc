// What the lessons' goals are computed from: where a threshold can send an image, and which example suits a lesson.

import { decide } from "../decide.js";
import { hasText, t } from "../strings.js";
import { nearestThreshold } from "../threshold.js";
import { answerAt, answersClass } from "../words.js";

/** Every threshold the rule's slider can be set to, rising. */
export function settable(rule) {
  const count = Math.round((rule.max - rule.min) / rule.step);
  return Array.from({ length: count + 1 }, (_, i) => nearestThreshold(rule, rule.min + i * rule.step));
}

/** The exits, rising, at which one threshold for all can make a trace leave under that rule. */
export function reachable(trace, name, rule) {
  const scores = trace.scores?.[name];
  if (!scores) return [trace.exits.length - 1];
  return [...new Set(settable(rule).map((threshold) => decide(scores, threshold)))].sort((a, b) => a - b);
}

/** The same for the current trace and rule; none before both exist. */
export function reachableNow(store) {
  const { trace, rule, ruleFacts } = store;
  return trace && ruleFacts ? reachable(trace, rule, ruleFacts) : [];
}

/** A threshold that sends the trace to that exit, or null. */
export function thresholdFor(trace, name, rule, exit) {
  return settable(rule).find((threshold) => decide(trace.scores[name], threshold) === exit) ?? null;
}

/** The label an exit answers. */
export function labelAt(trace, exit) {
  return trace.classes[trace.predicted[exit]].label;
}

/**
 * What depth does to the answers of an image: `exits` are those where a lesson on overthinking wants it to leave.
 * kind "destructive": an exit before the last answers the true class, the index `truth`, and the last does not; "changes": an exit answers other
 * than the last; "calm": all give the same answer, and the first exit would do. Only exits in `within` count.
 */
export function overthought(trace, truth, within) {
  const last = trace.exits.length - 1;
  const final = answerAt(trace, last).index;
  const early = within.filter((exit) => exit < last);
  const right = early.filter((exit) => answersClass(trace, exit, truth));
  if (truth !== null && truth !== undefined && final !== truth && right.length > 0)
    return { kind: "destructive", exits: right };
  const other = early.filter((exit) => !answersClass(trace, exit, final));
  if (other.length > 0) return { kind: "changes", exits: other };
  return { kind: "calm", exits: [within[0] ?? last] };
}

/** The first item with the largest `value`; undefined if there are none. */
export function best(items, value) {
  let found;
  let most = -Infinity;
  for (const item of items) {
    const worth = value(item);
    if (worth > most) [found, most] = [item, worth];
  }
  return found;
}

/** Index of the threshold on an evaluation's curves nearest to `threshold`. */
export function pointAt(facts, threshold) {
  return best(facts.thresholds.keys(), (i) => -Math.abs(facts.thresholds[i] - threshold));
}

/** A rule's name in the page's language, if there is one. */
export function ruleTitle(name, rule) {
  const key = `rules.${name}_title`;
  return hasText(key) ? t(key) : rule.title;
}

/** Shows an example, under a rule if there is that rule, with the rule's own thresholds and every exit in use. */
export function setScene(store, example, rule = "confidence") {
  if (Object.hasOwn(store.rules, rule)) store.setRule(rule);
  store.resetThresholds();
  store.setLeftOut([]);
  if (example) store.show(example);
  store.select(null);
}

/** The examples that came with their trace. */
export function traced(store) {
  return store.examples.filter(({ trace }) => trace);
}

/** The block an exit stands behind. */
export function blockOf(trace, exit) {
  return trace.exits[exit].block;
}

/** One threshold for all under the confidence rule, which the evaluation's curves are drawn for; else null. */
export function confidenceThreshold({ rule, thresholds }) {
  return rule === "confidence" && !Array.isArray(thresholds) ? thresholds : null;
}

/** Marks an exit as seen once it is chosen; returns those seen so far. */
export function seenExits({ store, memory }) {
  memory.seen ??= new Set();
  if (store.selected !== null) memory.seen.add(store.selected);
  return memory.seen;
}

/** If a model has no evaluation, moving the threshold is enough. */
export function movedThreshold({ store, memory }) {
  memory.start ??= String(store.thresholds);
  return { kind: "none", done: String(store.thresholds) !== memory.start };
}

/** The example with the most exits to leave at, at the rule's own threshold. */
export function showManySided(store) {
  const rule = store.rules.confidence ?? store.ruleFacts;
  const name = store.rules.confidence ? "confidence" : store.rule;
  setScene(
    store,
    best(traced(store), ({ trace }) => reachable(trace, name, rule).length),
    name,
  );
}

/**
 * {done, given}: a goal that was met from the start, for that `key` (a picture, a rule), is given and not done; it is
 * done once it is met after not having been.
 */
export function reached(memory, met, key = "") {
  if (memory.key !== key) Object.assign(memory, { key, given: met });
  if (!met) memory.given = false;
  return { done: met && !memory.given, given: memory.given };
}
