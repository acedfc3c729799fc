// Numbers and sentences: how the page writes what happened, in one place so that every widget says it alike.

import { savings, thresholdAt } from "./decide.js";
import { thresholdText } from "./threshold.js";

/** A probability in two digits, or as many as asked; never "1.00" or "0.00" for something that is not. */
export function probabilityText(p, digits = 2) {
  if (!Number.isFinite(p)) return "–";
  const smallest = 10 ** -digits;
  if (p < 1 && p >= 1 - smallest / 2) return `>${(1 - smallest).toFixed(digits)}`;
  if (p > 0 && p < smallest / 2) return `<${smallest.toFixed(digits)}`;
  return p.toFixed(digits);
}

/** Multiply-accumulates as "176 M" or "17.6 G". */
export function macsText(macs) {
  if (!(macs >= 0)) return "–";
  const [unit, sign] = macs >= 1e9 ? [1e9, " G"] : macs >= 1e6 ? [1e6, " M"] : [1e3, " k"];
  return `${Number((macs / unit).toPrecision(3))}${sign}`;
}

export function msText(ms) {
  return ms > 0 ? `${ms.toFixed(ms < 9.995 ? 2 : 1)} ms` : "–";
}

export function factorText(factor) {
  return factor === null ? "–" : `${factor.toFixed(2)}×`;
}

/** A number on a colour bar: three digits that matter. */
export function levelText(value) {
  if (value === 0) return "0";
  return value < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

const FAMILIES = {
  local: { letter: "L", name: "local perception head" },
  global: { letter: "G", name: "global aggregation head" },
  linear: { letter: "C", name: "linear head on the [CLS] token" },
  final: { letter: "End", name: "the network's own last layer" },
};

/** {letter, name} of an exit's family; an unknown family shows its own name. */
export function familyOf(exit) {
  return FAMILIES[exit.family] ?? { letter: "?", name: String(exit.family) };
}

// What a rule's score measures, as a noun; another rule goes by its title.
const SCORE_NOUNS = { confidence: "confidence", entropy: "certainty", patience: "run of equal answers" };

export function scoreNoun(name, rule) {
  return SCORE_NOUNS[name] ?? String(rule?.title ?? name).toLowerCase();
}

/** Score and threshold side by side, with as many digits as it takes to see which is larger. */
export function comparisonText(rule, score, threshold) {
  if (typeof score !== "number" || Number.isNaN(score)) return `no score, threshold ${thresholdText(rule, threshold)}`;
  const sign = score >= threshold ? "≥" : "<";
  const short = thresholdText(rule, score);
  const near = short === thresholdText(rule, threshold) && score !== threshold;
  return `${near ? String(score) : short} ${sign} ${thresholdText(rule, threshold)}`;
}

/** "left at block 7 of 12". */
export function leftText(trace, exit) {
  const { block } = trace.exits[exit];
  if (exit === trace.exits.length - 1)
    return trace.blocks === 1 ? "went through its only block" : `went through all ${trace.blocks} blocks`;
  return `left at block ${block} of ${trace.blocks}`;
}

/** Why this exit fired: "confidence 0.934 ≥ 0.900". */
export function reasonText(trace, exit, name, rule, thresholds) {
  const noun = scoreNoun(name, rule);
  if (exit === trace.exits.length - 1) {
    if (exit === 0) return "it is the only exit";
    const bar = Array.isArray(thresholds) ? "its threshold" : thresholdText(rule, thresholds);
    return `no earlier exit’s ${noun} reached ${bar}`;
  }
  return `${noun} ${comparisonText(rule, trace.scores[name][exit], thresholdAt(thresholds, exit))}`;
}

/** The class an exit answers and how sure it is: {label, probability, index}. */
export function answerAt(trace, exit) {
  const position = trace.predicted[exit];
  return { ...trace.classes[position], probability: trace.probabilities[exit][position] };
}

/** The three units a saving is counted in, and how each number came about. */
export const UNITS = [
  {
    key: "blocks",
    title: "Blocks",
    by: "by blocks",
    amount: (s) => `${s.spent.blocks} of ${s.full.blocks}`,
    says: (s) =>
      `All blocks ÷ blocks run: ${s.full.blocks} ÷ ${s.spent.blocks}. The speed-up the LGViT paper reports. ` +
      "It counts the exit heads as free.",
  },
  {
    key: "macs",
    title: "MACs, with heads",
    by: "by MACs",
    amount: (s) => `${macsText(s.spent.macs)} of ${macsText(s.full.macs)}`,
    says: (s) =>
      `Multiply-accumulates of the plain backbone (${macsText(s.full.macs)}) ÷ those spent until this exit ` +
      `(${macsText(s.spent.macs)}), every exit head on the way included. ` +
      "Below 1× the heads cost more than leaving early saved.",
  },
  {
    key: "ms",
    title: "Measured time",
    by: "measured",
    amount: (s) => (s.ms === null ? "not measured" : `${msText(s.spent.ms)} of ${msText(s.full.ms)}`),
    says: (s) =>
      `Time of the plain backbone (${msText(s.full.ms)}) ÷ ` +
      `time until this exit had answered (${msText(s.spent.ms)}), both ` +
      "measured in the same run on the machine that serves this page. It varies from run to run.",
  },
];

/** A factor as the share it saved: "36 % saved", "6 % more", "nothing saved". */
export function shareText(factor) {
  if (factor === null) return "";
  const percent = Math.round((1 - 1 / factor) * 100);
  if (percent === 0) return "nothing saved";
  return percent > 0 ? `${percent} % saved` : `${-percent} % more`;
}

/** The whole story in a sentence, for those who listen to the page. */
export function storyText(trace, exit, name, rule, thresholds) {
  const { label, probability } = answerAt(trace, exit);
  const saved = savings(trace, exit);
  const parts = UNITS.filter(({ key }) => saved[key] !== null).map(({ key, by }) => `${factorText(saved[key])} ${by}`);
  const reason = reasonText(trace, exit, name, rule, thresholds);
  const answer = `${label}, ${probabilityText(probability)}`;
  return `${answer}: ${leftText(trace, exit)}, because ${reason}. Speed-up ${parts.join(", ")}.`;
}
