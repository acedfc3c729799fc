// The second half of the tour: what is saved, what can be trusted, and how thresholds are chosen. See lessons.js.

import { decide, savings } from "../decide.js";
import { ofAnswers } from "../explain/offer.js";
import { CLASSES, readingOf } from "../reading.js";
import { fitting } from "../threshold.js";
import { factorText, grainText } from "../words.js";
import {
  best,
  blockOf,
  confidenceThreshold,
  labelAt,
  movedThreshold,
  overthought,
  pointAt,
  reachable,
  reachableNow,
  reached,
  setScene,
  showManySided,
  traced,
} from "./goals.js";
import { decimal, percent } from "./numbers.js";

/** Where an example leaves under this rule, by class and at the coarsest grain, and how many exits lie between. */
function earlier(store, example) {
  const raw = example.raw?.trace ?? example.trace;
  const coarsest = store.grains.at(-1) ?? { name: CLASSES, labels: [] };
  const at = (grain) => {
    const view = readingOf(raw, grain, store.rule, store.omitted);
    const exit = decide(view.scores?.[store.rule] ?? view.exits.map(() => NaN), fitting(store.thresholds, view.exits.length));
    return { exit, block: blockOf(view, exit), label: labelAt(view, exit) };
  };
  const [fine, coarse] = [at(CLASSES), at(coarsest.name)];
  return { fine, coarse, coarsest, gain: fine.exit - coarse.exit };
}

export const JUDGING = [
  {
    id: "saved",
    explore: true,
    figure: ["rule-controls", "cost-meter"],
    formulas: { 2: "saved" },
    stage: showManySided,
    goal({ store, memory }) {
      const { trace, fired, rule } = store;
      if (!trace) return null;
      const exits = reachableNow(store);
      const wanted = [exits[0], exits.at(-1)];
      if (wanted[0] === wanted[1]) return { kind: "stuck", done: false };
      if (memory.trace !== trace || memory.rule !== rule) Object.assign(memory, { trace, rule, seen: new Set() });
      memory.seen.add(fired);
      const factor = (unit) => factorText(savings(trace, wanted[1])[unit]);
      return {
        done: wanted.every((exit) => memory.seen.has(exit)),
        first: blockOf(trace, wanted[0]),
        last: blockOf(trace, wanted[1]),
        now: blockOf(trace, fired),
        by_blocks: factor("blocks"),
        by_macs: factor("macs"),
        by_time: factor("ms"),
      };
    },
  },
  {
    id: "grain",
    explore: true,
    figure: ["rule-controls", "exit-ladder"],
    stage(store) {
      setScene(store, best(traced(store), (example) => earlier(store, example).gain));
      if (store.grains.length) store.setGrain(CLASSES);
    },
    goal({ store, memory }) {
      const { rawTrace: trace, grain } = store;
      if (!trace || !store.ruleFacts) return null;
      if (store.grains.length === 0) return movedThreshold({ store, memory });
      const { fine, coarse, coarsest } = earlier(store, { trace });
      memory.seen ??= new Set();
      memory.seen.add(grain);
      const both = memory.seen.has(CLASSES) && memory.seen.has(coarsest.name);
      return {
        ...reached(memory, both),
        grain: grainText(coarsest),
        first: fine.label,
        first_block: fine.block,
        second: coarse.label,
        second_block: coarse.block,
        now: blockOf(store.trace, store.fired),
      };
    },
  },
  {
    id: "calibration",
    figure: ["exit-ladder", "reliability-figure"],
    formulas: { 2: "ece" },
    goal(look) {
      const { store, memory, facts } = look;
      if (facts === undefined || !store.trace) return null;
      const { selected, trace } = store;
      if (facts === null) return { kind: "none", done: selected !== null };
      const worst = best(facts.exits.keys(), (exit) => facts.exits[exit].ece);
      const exit = store.selectedExit;
      return {
        ...reached(memory, selected === worst, facts),
        block: blockOf(trace, exit),
        ece: decimal(facts.exits[exit]?.ece ?? NaN, 4),
      };
    },
  },
  {
    id: "overthinking",
    explore: true,
    figure: ["rule-controls", "exit-ladder"],
    stage(store) {
      const rule = store.rules.confidence ? "confidence" : store.rule;
      const within = ({ trace }) => reachable(trace, rule, store.rules[rule]);
      const worth = { destructive: 2, changes: 1, calm: 0 };
      const telling = (example) => worth[overthought(example.trace, example.truth, within(example)).kind];
      setScene(store, best(traced(store), telling), rule);
      if (store.trace) store.setThresholds(store.ruleFacts.max);
    },
    goal({ store, memory }) {
      const { trace, fired, example } = store;
      if (!trace) return null;
      const { kind, exits } = overthought(trace, example?.truth, reachableNow(store));
      return {
        kind,
        ...reached(memory, exits.includes(fired), trace),
        block: blockOf(trace, fired),
        label: example?.label ?? "",
        now: labelAt(trace, fired),
        final: labelAt(trace, trace.exits.length - 1),
      };
    },
  },
  {
    id: "lgvit",
    figure: ["network-figure"],
    formulas: { 2: "stages" },
    goal(look) {
      const { store, memory, facts } = look;
      if (!store.trace || !facts?.title) return facts === undefined ? null : movedThreshold(look);
      memory.start ??= { model: store.model, title: facts.title, last: facts.accuracy.at(-1) };
      const other = facts.models.find(({ name }) => name !== memory.start.model)?.title;
      if (other === undefined) return movedThreshold(look);
      return {
        done: store.model !== memory.start.model && facts.model === store.model,
        other,
        title: facts.title,
        last: percent(facts.accuracy.at(-1), 2),
        start: memory.start.title,
        start_last: percent(memory.start.last, 2),
      };
    },
  },
  {
    id: "maps",
    explore: true,
    figure: ["example-strip", "attention-view"],
    goal({ store, memory }) {
      const { example, trace } = store;
      if (!trace) return null;
      memory.seen ??= new Set();
      memory.seen.add(example.id);
      return { done: memory.seen.size >= 3, count: Math.min(3, memory.seen.size) };
    },
  },
  {
    id: "rollout",
    explore: true,
    figure: ["attention-view"],
    goal({ store }) {
      if (!store.trace) return null;
      return { done: store.maps.answered.some(({ method, patch }) => method === "rollout" && patch !== null) };
    },
  },
  {
    id: "trust",
    explore: true,
    figure: ["saliency-view"],
    goal({ store }) {
      if (!store.trace) return null;
      const byTarget = new Map(); // an exit and a class -> the methods that explained them
      for (const { method, exit, classes, against } of store.maps.answered) {
        const target = JSON.stringify([exit, classes, against]);
        if (classes.length > 0) byTarget.set(target, (byTarget.get(target) ?? new Set()).add(method));
      }
      const count = Math.max(0, ...[...byTarget.values()].map(({ size }) => size));
      // Without a server fewer methods are available.
      const here = ofAnswers(store.methods).filter((method) => method.here !== false).length;
      const wanted = Math.min(3, here || 3);
      return { done: count >= wanted, count: Math.min(wanted, count), wanted };
    },
  },
  {
    id: "ship",
    figure: ["rule-controls", "tradeoff-figure"],
    stage(store) {
      setScene(store, null);
      if (store.rule === "confidence") store.setThresholds(0.95);
    },
    goal(look) {
      const { store, memory, facts } = look;
      if (facts === undefined || !store.ruleFacts) return null;
      if (facts === null) return movedThreshold(look);
      const { macs, accuracy } = facts.curves.validation;
      const final = facts.final.validation;
      const cheapest = Math.min(...macs.filter((_, i) => accuracy[i] >= final));
      const threshold = confidenceThreshold(store);
      const values = { final: percent(final, 2) };
      if (!Number.isFinite(cheapest)) return movedThreshold(look);
      if (threshold === null) return { kind: "rule", done: false, ...values };
      const i = pointAt(facts, threshold);
      const { test } = facts.curves;
      return {
        // A tolerance of a hundredth, our own choice.
        ...reached(memory, accuracy[i] >= final && macs[i] <= 1.01 * cheapest, facts),
        accuracy: percent(accuracy[i], 2),
        threshold: decimal(threshold, 3),
        test: percent(test.accuracy[i], 2),
        by_macs: decimal(facts.macs_full / test.macs[i], 2),
        ...values,
      };
    },
  },
];
