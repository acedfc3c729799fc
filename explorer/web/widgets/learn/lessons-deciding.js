// The first half of the tour: depth, blocks, heads, and how a score and a threshold decide. See lessons.js.

import { familyOf } from "../words.js";
import {
  best,
  blockOf,
  confidenceThreshold,
  movedThreshold,
  pointAt,
  reachable,
  reachableNow,
  reached,
  ruleTitle,
  seenExits,
  setScene,
  settable,
  showManySided,
  traced,
} from "./goals.js";
import { listed, percent } from "./numbers.js";

export const DECIDING = [
  {
    id: "depth",
    explore: true,
    figure: ["example-strip", "exit-ladder"],
    stage(store) {
      setScene(store, traced(store)[0]);
      const distinct = () => new Set(traced(store).map(({ trace }) => store.firedOf(trace))).size;
      if (distinct() > 1) return;
      const spread = (threshold) => (store.setThresholds(threshold), distinct());
      store.setThresholds(best(settable(store.ruleFacts), spread));
    },
    goal({ store, memory }) {
      const { trace, example, fired } = store;
      if (!trace) return null;
      memory.left ??= new Map(); // an image -> {title, block}
      memory.left.set(example.id, { title: example.title, block: blockOf(trace, fired) });
      const now = memory.left.get(example.id);
      const other = [...memory.left.values()].find((one) => one.block !== now.block);
      return {
        done: other !== undefined,
        title: now.title,
        block: now.block,
        other: other?.title,
        other_block: other?.block,
      };
    },
  },
  {
    id: "block",
    explore: true,
    figure: ["block-figure"],
    formulas: { 1: "block", 2: "attention" },
    goal(look) {
      const { trace } = look.store;
      if (!trace) return null;
      const wanted = [0, Math.max(0, trace.exits.length - 2)];
      const seen = seenExits(look);
      const left = wanted.filter((exit) => !seen.has(exit));
      return {
        done: left.length === 0,
        first: blockOf(trace, wanted[0]),
        last: blockOf(trace, wanted[1]),
        left: listed(left.map((exit) => blockOf(trace, exit))),
      };
    },
  },
  {
    id: "heads",
    explore: true,
    figure: ["heads-figure", "exit-ladder"],
    formulas: { 3: "readout" },
    goal(look) {
      const { trace } = look.store;
      if (!trace) return null;
      const letters = [...new Set(trace.exits.map((exit) => familyOf(exit).letter))];
      const seen = new Set([...seenExits(look)].map((exit) => familyOf(trace.exits[exit] ?? {}).letter));
      const left = letters.filter((letter) => !seen.has(letter));
      return { done: left.length === 0, kinds: listed(letters), left: listed(left) };
    },
  },
  {
    id: "score",
    explore: true,
    figure: ["rule-controls", "score-curve"],
    formulas: { 1: "decision" },
    stage: showManySided,
    goal({ store, memory }) {
      const { trace, fired, rule } = store;
      if (!trace) return null;
      if (memory.trace !== trace || memory.rule !== rule) {
        const others = reachableNow(store).filter((exit) => exit !== fired);
        Object.assign(memory, { trace, rule, target: others[Math.floor(others.length / 2)] });
      }
      if (memory.target === undefined) return { kind: "stuck", done: false };
      return { done: fired === memory.target, block: blockOf(trace, memory.target), now: blockOf(trace, fired) };
    },
  },
  {
    id: "tradeoff",
    figure: ["rule-controls", "tradeoff-figure"],
    stage(store) {
      setScene(store, null);
      if (store.rule === "confidence") store.setThresholds(store.ruleFacts.max);
    },
    goal(look) {
      const { store, memory, facts } = look;
      if (facts === undefined || !store.ruleFacts) return null;
      if (facts === null) return movedThreshold(look);
      const { macs, accuracy } = facts.curves.test;
      const [least, most] = [Math.min(...macs), Math.max(...macs)];
      const budget = Math.ceil((100 * (least + 0.15 * (most - least))) / facts.macs_full) / 100; // our own choice
      const within = accuracy.filter((_, i) => macs[i] <= budget * facts.macs_full);
      const floor = Math.floor(Math.max(...within) * 1000) / 1000;
      const threshold = confidenceThreshold(store);
      const values = { budget: percent(budget, 0), floor: percent(floor, 1) };
      if (threshold === null) return { kind: "rule", done: false, ...values };
      const i = pointAt(facts, threshold);
      return {
        ...reached(memory, macs[i] <= budget * facts.macs_full && accuracy[i] >= floor, facts),
        cost: percent(macs[i] / facts.macs_full, 1),
        accuracy: percent(accuracy[i], 2),
        ...values,
      };
    },
  },
  {
    id: "rules",
    explore: true,
    figure: ["rule-controls", "score-curve"],
    formulas: { 1: "confidence", 2: "certainty", 3: "patience" },
    stage(store) {
      const disagreement = ({ trace }) =>
        new Set(
          Object.entries(store.rules)
            .filter(([name]) => trace.scores?.[name])
            .map(([name, rule]) => reachable(trace, name, { ...rule, min: rule.default, max: rule.default })[0]),
        ).size;
      setScene(store, best(traced(store), disagreement));
    },
    goal({ store, memory }) {
      const { trace, rule, rules, fired } = store;
      if (!trace || !rule) return null;
      const named = ["confidence", "entropy", "patience"].filter((name) => trace.scores?.[name] && rules[name]);
      if (memory.trace !== trace) Object.assign(memory, { trace, left: new Map() });
      memory.left.set(rule, blockOf(trace, fired));
      const missing = named.filter((name) => !memory.left.has(name));
      const title = (name) => ruleTitle(name, rules[name]);
      return {
        done: missing.length === 0,
        rules: listed(named.map(title)),
        missing: listed(missing.map(title)),
        left: listed(named.map((name) => `${title(name)} ${memory.left.get(name)}`)),
      };
    },
  },
];
