// Thresholds for a goal by one of the available searches, possibly with a deepest exit: what <tune-finder> uses.

import { sparedBy } from "../left-out.js";
import { searchAsked, searchEach, searchOne } from "./search.js";
import { searchShares, upTo } from "./shares.js";

/**
 * {thresholds, reached} on the evaluation's validation images, by "one", "shares" or "each" as in search.js and
 * shares.js. If images may not pass exit `deepest`, all leave at the exits from there on.
 */
export function find(how, { splits: { validation: split }, macs }, rule, ruleFacts, goal, deepest) {
  const scores = split.scores[rule];
  const last = split.exits - 1;
  if (how === "shares") return searchShares(split, scores, ruleFacts, macs, goal, deepest);
  const part = upTo(split, scores, deepest);
  const search = how === "each" ? searchEach : searchOne;
  const found = search(part.split, part.scores, ruleFacts, macs.slice(0, deepest + 1), goal);
  return { ...found, thresholds: stoppedAt(found.thresholds, deepest, last, ruleFacts) };
}

/**
 * {thresholds, reached, leftOut}: one threshold, and the blocks of the exits to turn off; none under a
 * rule that needs every exit anyway. `plain` is the evaluation with every exit, whatever the rule.
 */
export function findAsked({ splits: { validation }, macs }, plain, rule, ruleFacts, goal, deepest) {
  const { split, scores } = upTo(validation, validation.scores[rule], deepest);
  const spent = macs.slice(0, deepest + 1);
  const search = ruleFacts.alone
    ? searchAsked(split, scores, ruleFacts, spent, goal, sparedBy(plain.heads, validation.ownMacs?.[rule]))
    : { ...searchOne(split, scores, ruleFacts, spent, goal), leftOut: [] };
  const { leftOut, ...found } = search;
  return {
    ...found,
    thresholds: stoppedAt(found.thresholds, deepest, validation.exits - 1, ruleFacts),
    leftOut: plain.exits.flatMap(({ block }, e) => (leftOut[e] ? [block] : [])),
  };
}

function stoppedAt(thresholds, deepest, last, { min }) {
  if (deepest === last) return thresholds;
  const early = Array.isArray(thresholds) ? thresholds : Array(deepest).fill(thresholds);
  return [...early, ...Array(last - deepest).fill(min)];
}
