// Numbers and sentences: how the page words what happened, in one place so that every widget says the same.

import { savings, thresholdAt } from "./decide.js";
import { hasText, t } from "./strings.js";
import { thresholdText } from "./threshold.js";

/** A probability in two digits, or as many as requested; never "1.00" or "0.00" for something that is not. */
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
  if (value < 0) return `−${levelText(-value)}`;
  return value < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** {letter, name} of an exit's family; an unknown family shows its own name. */
export function familyOf(exit) {
  const key = `explore.family_${exit.family}`;
  return hasText(key) ? { letter: t(`${key}_letter`), name: t(key) } : { letter: "?", name: String(exit.family) };
}

/** A rule's title, `says` or `paper` in the page's language, or as the rule itself gives it. */
export function ruleText(name, rule, part) {
  const key = `rules.${name}_${part}`;
  return hasText(key) ? t(key) : String(rule?.[part] ?? name);
}

// A paper's address, found in what a rule says about its source.
const ADDRESSES = [
  [/arXiv (\d{4}\.\d{5})/, "https://arxiv.org/abs/"],
  [/(aclanthology\.org\/[\w.-]+)/, "https://"],
];

/** What a rule says about its paper, [before, {text, href}, after]; without an address only the first. */
export function paperParts(text) {
  for (const [pattern, start] of ADDRESSES) {
    const found = pattern.exec(text);
    if (!found) continue;
    const end = found.index + found[0].length;
    return [text.slice(0, found.index), { text: found[0], href: start + found[1] }, text.slice(end)];
  }
  return [text];
}

/** A grain's name: "100 kinds"; one of its own by its own title. */
export function grainText({ name, title, labels }) {
  const key = `rules.grain_${name}`;
  return hasText(key) ? t(key, { count: labels.length }) : String(title ?? name);
}

/** What a rule's score measures, as a noun; a rule without one uses its title. */
export function scoreNoun(name, rule) {
  const key = `rules.${name}_noun`;
  return hasText(key) ? t(key) : ruleText(name, rule, "title").toLowerCase();
}

/** Score and threshold side by side, with as many digits as it takes to see which is larger. */
export function comparisonText(rule, score, threshold) {
  if (typeof score !== "number" || Number.isNaN(score)) {
    return t("explore.no_score", { threshold: thresholdText(rule, threshold) });
  }
  const sign = score >= threshold ? "≥" : "<";
  const short = thresholdText(rule, score);
  const near = short === thresholdText(rule, threshold) && score !== threshold;
  return `${near ? String(score) : short} ${sign} ${thresholdText(rule, threshold)}`;
}

/** "left at block 7 of 12". */
export function leftText(trace, exit) {
  const { blocks } = trace;
  if (exit < trace.exits.length - 1) return t("explore.left", { block: trace.exits[exit].block, blocks });
  return blocks === 1 ? t("explore.left_only") : t("explore.left_all", { blocks });
}

/** Why this exit fired: "confidence 0.934 ≥ 0.900". */
export function reasonText(trace, exit, name, rule, thresholds) {
  const noun = scoreNoun(name, rule);
  if (exit === trace.exits.length - 1) {
    if (exit === 0) return t("explore.reason_only");
    const bar = Array.isArray(thresholds) ? t("explore.own_threshold") : thresholdText(rule, thresholds);
    if (trace.leftOut?.filter(Boolean).length === exit) return t("explore.reason_none_on");
    return t(trace.leftOut ? "explore.reason_last_on" : "explore.reason_last", { noun, bar });
  }
  const comparison = comparisonText(rule, trace.scores[name][exit], thresholdAt(thresholds, exit));
  return t("explore.reason", { noun, comparison });
}

/** The class an exit answers and its probability: {label, probability, index}. */
export function answerAt(trace, exit) {
  const position = trace.predicted[exit];
  return { ...trace.classes[position], probability: trace.probabilities[exit][position] };
}

/** Whether an exit answers the class with that index; two classes may share a name. */
export function answersClass(trace, exit, index) {
  return trace.classes[trace.predicted[exit]].index === index;
}

const MEASURES = { blocks: String, macs: macsText, ms: msText };

/** A unit a saving is counted in, and how its number is computed; its words are in the page's language when read. */
function unit(key) {
  const amounts = ({ spent, full }) => ({ spent: MEASURES[key](spent[key]), full: MEASURES[key](full[key]) });
  return {
    key,
    get title() {
      return t(`explore.unit_${key}`);
    },
    get by() {
      return t(`explore.unit_${key}_by`);
    },
    amount: (saved) => (saved[key] === null ? t("explore.not_measured") : t("explore.amount", amounts(saved))),
    says: (saved) => t(`explore.unit_${key}_says`, amounts(saved)),
  };
}

/** The three units a saving is counted in. */
export const UNITS = ["blocks", "macs", "ms"].map(unit);

/** A factor as the share saved: "36 % saved", "6 % more", "nothing saved". */
export function shareText(factor) {
  if (factor === null) return "";
  const percent = Math.round((1 - 1 / factor) * 100);
  if (percent === 0) return t("explore.nothing_saved");
  return t(percent > 0 ? "explore.saved_share" : "explore.more_share", { percent: Math.abs(percent) });
}

/** The whole story in a sentence, for screen readers. */
export function storyText(trace, exit, name, rule, thresholds) {
  const { label, probability } = answerAt(trace, exit);
  const saved = savings(trace, exit);
  const factors = UNITS.filter(({ key }) => saved[key] !== null).map(({ key, by }) =>
    t("explore.story_factor", { factor: factorText(saved[key]), by }),
  );
  return t("explore.story", {
    answer: t("explore.answer", { label, probability: probabilityText(probability) }),
    left: leftText(trace, exit),
    reason: reasonText(trace, exit, name, rule, thresholds),
    factors: factors.join(", "),
  });
}
