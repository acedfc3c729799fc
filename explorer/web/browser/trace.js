// What the network did with a picture, as the page reads it. Twin of trace_json in explorer/trace.py, and of page_trace.

import { merged } from "./grain.js";
import { argmax, softmax } from "./numbers.js";
import { RULES, walk } from "./rules.js";
import { Seen } from "./rules/seen.js";

const TOP = 5;
const COARSE = 3; // best groups of each exit that a coarser reading names, as in explorer/web/analysis.py

const rounded = (value, digits) => Number(value.toFixed(digits));
const orNull = (values) => values.map((value) => (Number.isNaN(value) ? null : value));

/**
 * `logits` is an array per exit; `readings` what every rule says about them, `partsOf(rule)` its learned parts; `ms` as
 * measured; `facts` the model's.
 */
export function traceOf(facts, logits, readings, partsOf, ms, fullMs) {
  return {
    model: facts.name,
    blocks: facts.blocks,
    exits: facts.exits,
    macs: facts.macs,
    macs_full: facts.macs_full,
    heads: facts.heads,
    ms: ms.map((one) => rounded(one, 3)),
    ms_full: rounded(fullMs, 3),
    ...answersOf(facts, facts.labels, logits, readings, TOP),
    sets: setSizes(facts.sets?.classes, logits),
    readings: Object.fromEntries(
      facts.grains.map((grain) => [grain.name, atGrain(facts, grain, logits, readings, partsOf)]),
    ),
  };
}

/** What differs at a coarser grain: rules read by class keep their scores, the others are read again. */
function atGrain(facts, grain, logits, readings, partsOf) {
  const mergedOf = (rows) => rows.map((row, exit) => row && merged(row, grain, exit));
  const coarse = mergedOf(logits);
  const anew = facts.rules.filter((name) => !RULES[name].byClass);
  const reader = walk(anew, { exits: coarse.length, classes: grain.labels.length, grain: grain.name }, partsOf);
  coarse.forEach((row, exit) => reader.step(exit, new Seen(row)));
  const read = reader.done();
  const all = facts.rules.map((name) => {
    const own = read[name] ?? readings[name];
    return [name, read[name] || !own.answers ? own : { ...own, answers: mergedOf(own.answers) }];
  });
  const answers = answersOf(facts, grain.labels, coarse, Object.fromEntries(all), COARSE);
  return { ...answers, sets: setSizes(facts.sets?.[grain.name], coarse) };
}

/** How many classes are in the conformal set at each exit, by coverage. Twin of set_sizes in explorer/conformal.py. */
function setSizes(limits = {}, logits) {
  const probabilities = logits.map(softmax);
  const size = (row, limit) => Math.max(1, row.reduce((count, p) => count + (p >= limit), 0));
  const sizes = (limit) => probabilities.map((row, exit) => size(row, limit[exit]));
  return Object.fromEntries(Object.entries(limits).map(([coverage, limit]) => [coverage, sizes(limit)]));
}

function answersOf(facts, labels, logits, readings, top) {
  const probabilities = logits.map(softmax);
  const answered = Object.values(readings).flatMap(({ answers }) => (answers ?? []).filter(Boolean).map(argmax));
  const most = (c) => Math.max(...probabilities.map((row) => row[c]));
  const shown = new Set([...logits.flatMap((row) => surest(row, top)), ...answered]);
  const classes = [...shown].sort((a, b) => most(b) - most(a) || a - b);
  const row = (chances) => classes.map((c) => rounded(chances[c], 6));
  const scores = Object.fromEntries(Object.entries(readings).map(([name, reading]) => [name, orNull(reading.scores)]));
  const own = Object.entries(readings).map(([name, reading]) => {
    const answers = (reading.answers ?? []).flatMap((answer, exit) =>
      answer && !same(answer, logits[exit])
        ? [[exit, { predicted: classes.indexOf(argmax(answer)), probabilities: row(softmax(answer)) }]]
        : [],
    );
    const looks = Object.entries(reading.looks)
      .map(([look, values]) => [look, orNull(values)])
      .filter(([, values]) => !Object.values(scores).some((known) => same(known, values)));
    return [
      name,
      {
        ...(facts.rule_macs[name] ? { macs: facts.rule_macs[name] } : {}),
        ...(answers.length ? { answers: Object.fromEntries(answers) } : {}),
        ...(looks.length ? { looks: Object.fromEntries(looks) } : {}),
      },
    ];
  });
  return {
    class_count: labels.length,
    classes: classes.map((index) => ({ index, label: labels[index] })),
    probabilities: probabilities.map(row),
    predicted: logits.map((one) => classes.indexOf(argmax(one))),
    scores,
    rules: Object.fromEntries(own.filter(([, added]) => Object.keys(added).length > 0)),
  };
}

const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

/** Indices of the largest numbers, largest first, the first of equal ones first. */
export function surest(row, count) {
  return [...row.keys()].sort((a, b) => row[b] - row[a] || a - b).slice(0, count);
}
