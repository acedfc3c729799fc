// How two sides differ, in sentences and in rows. A side is {trace, exit, rule, facts, thresholds, title, label,
// reference, model}: the exit it left at, `facts` the rule's description, `label` the true one (or a teacher's, where
// `reference` is "teacher") or null, `model` its title.

import { savings, thresholdAt } from "../decide.js";
import { hasText, t } from "../strings.js";
import { thresholdText } from "../threshold.js";
import { answerAt, answersClass, comparisonText, factorText, macsText, msText, probabilityText, scoreNoun } from "../words.js";

/** A side in the form these functions take, from its store; null before there is something to compare. */
export function sideOf(store, models) {
  const { trace, fired, rule, ruleFacts, thresholds, example, model, reference } = store;
  if (!trace || !ruleFacts) return null;
  return {
    trace,
    exit: fired,
    rule,
    facts: ruleFacts,
    thresholds,
    title: example.title,
    label: example.label ?? null,
    truth: example.truth ?? null,
    reference,
    model: models.find(({ name }) => name === model)?.title ?? model,
  };
}

/** A rule's name in the page's language, or as the rule itself gives it. */
export function ruleTitle(name, facts) {
  const key = `rules.${name}_title`;
  return hasText(key) ? t(key) : (facts?.title ?? "");
}

const blockOf = ({ trace, exit }) => trace.exits[exit].block;
const isRight = (side) => (side.truth === null ? null : answersClass(side.trace, side.exit, side.truth));

/** The differences in a few sentences: where and at what cost, which answers, and why one went on. */
export function differenceSentences(mode, a, b) {
  return [whereText(a, b), answersText(mode, a, b), truthText(mode, a, b), reasonText(a, b)].filter(Boolean);
}

function whereText(a, b) {
  const [blockA, blockB] = [blockOf(a), blockOf(b)];
  const { blocks } = a.trace;
  const n = Math.abs(blockB - blockA);
  const costs = costText(a, b);
  if (blocks !== b.trace.blocks) {
    const values = { blockA, blockB, blocksA: blocks, blocksB: b.trace.blocks };
    return t("compare.where_depths", values) + costs.apart;
  }
  if (n === 0)
    return (
      t(blockA === blocks ? "compare.where_both_end" : "compare.where_both", { block: blockA, blocks }) + costs.apart
    );
  const direction = blockB > blockA ? "later" : "earlier";
  return t(`compare.where_${direction}${n === 1 ? "_one" : ""}`, { n }) + costs.joined;
}

/** What B spent compared with A: to follow "B left …" (`joined`) or another subject (`apart`). Ends the sentence. */
function costText(a, b) {
  const ratio = b.trace.macs[b.exit] / a.trace.macs[a.exit];
  if (!Number.isFinite(ratio)) return { joined: ".", apart: "." };
  if (Math.abs(ratio - 1) < 0.005) return { joined: t("compare.cost_same"), apart: t("compare.cost_same") };
  const values = { factor: factorText(ratio) };
  return { joined: t("compare.cost_joined", values), apart: t("compare.cost_apart", values) };
}

function answersText(mode, a, b) {
  const [one, other] = [answerAt(a.trace, a.exit), answerAt(b.trace, b.exit)];
  const values = {
    a: one.label,
    b: other.label,
    pa: probabilityText(one.probability),
    pb: probabilityText(other.probability),
  };
  if (mode === "images") return t(one.index === other.index ? "compare.taken_same" : "compare.taken", values);
  return t(one.index === other.index ? "compare.agree" : "compare.disagree", values);
}

function truthText(mode, a, b) {
  const [rightA, rightB] = [isRight(a), isRight(b)];
  if (rightA === null || rightB === null || a.reference !== b.reference) return "";
  const key = rightA && rightB ? "both_right" : rightA ? "only_a_right" : rightB ? "only_b_right" : "both_wrong";
  const named = mode !== "images" && !(rightA && rightB);
  return t(`compare.${key}${named ? "_named" : ""}${a.reference === "teacher" ? "_teacher" : ""}`, { label: a.label });
}

/** Why the other one went on at the block where the first left. */
function reasonText(a, b) {
  const [blockA, blockB] = [blockOf(a), blockOf(b)];
  if (blockA === blockB) return "";
  const [first, second, names] =
    blockA < blockB ? [a, b, { first: "A", second: "B" }] : [b, a, { first: "B", second: "A" }];
  const block = blockOf(first);
  const exit = second.trace.exits.findIndex((one) => one.block === block);
  if (exit < 0) return t("compare.no_exit_there", { ...names, block });
  const score = second.trace.scores?.[second.rule]?.[exit];
  const comparison = comparisonText(second.facts, score, thresholdAt(second.thresholds, exit));
  return t("compare.went_on", { ...names, block, noun: scoreNoun(second.rule, second.facts), comparison });
}

/** "0.68", or "0.6 to 0.9" if every exit has its own. */
function thresholdsText({ facts, thresholds }) {
  if (!Array.isArray(thresholds)) return thresholdText(facts, thresholds);
  const [low, high] = [Math.min(...thresholds), Math.max(...thresholds)].map((one) => thresholdText(facts, one));
  return low === high ? low : t("compare.range", { low, high });
}

/**
 * Rows of the table: {key, a, b, difference, values}. `a`, `b` and `difference` are texts; `values` [a, b] are the
 * numbers behind them, or null; `bar` says that they are amounts to draw.
 */
export function differenceRows(a, b) {
  const sides = [a, b];
  const answers = sides.map(({ trace, exit }) => answerAt(trace, exit));
  const saved = sides.map(({ trace, exit }) => savings(trace, exit));
  const row = (key, texts, difference = "", values = null, bar = false) => ({
    key,
    a: texts[0],
    b: texts[1],
    difference,
    values,
    bar,
  });
  const same = (texts) => (texts[0] === texts[1] ? t("compare.same") : t("compare.other"));
  const texts = (of) => sides.map(of);
  const marks = sides.map((side) => ({ true: " ✓", false: " ✗", null: "" })[isRight(side)]);
  const labels = answers.map(({ label }, i) => label + marks[i]);
  const amounts = (key, text) => {
    const values = saved.map(({ spent }) => spent[key]);
    const known = values.every((value) => value > 0);
    return row(key, values.map(text), known ? factorText(values[1] / values[0]) : "–", known ? values : null, known);
  };
  const factors = (key) =>
    row(
      `speedup_${key}`,
      saved.map((one) => factorText(one[key])),
      "",
      saved.map((one) => one[key]),
    );
  const probabilities = answers.map(({ probability }) => probability);
  const blocks = sides.map(blockOf);
  const rules = texts(({ rule, facts }) => ruleTitle(rule, facts));
  const pictures = texts(({ title }) => title);
  const models = texts(({ model }) => model);
  return [
    row("picture", pictures, same(pictures)),
    row("model", models, same(models)),
    row("rule", rules, same(rules)),
    row(
      "threshold",
      texts(thresholdsText),
      "",
      texts(({ thresholds }) => (Array.isArray(thresholds) ? null : thresholds)),
    ),
    row("answer", labels, same(answers.map(({ label }) => label))),
    row(
      "probability",
      probabilities.map((p) => probabilityText(p, 3)),
      signed(probabilities[1] - probabilities[0], 3),
      probabilities,
    ),
    row(
      "blocks",
      texts((side) => t("compare.of", { n: blockOf(side), all: side.trace.blocks })),
      signed(blocks[1] - blocks[0], 0),
      blocks,
      true,
    ),
    amounts("macs", macsText),
    amounts("ms", msText),
    factors("blocks"),
    factors("macs"),
    factors("ms"),
  ];
}

/** A difference with its sign, a true minus: "+8", "−0.12", "0". */
function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return "0";
  return `${value > 0 ? "+" : "−"}${text}`;
}

/** The rows as a table to download: numbers as numbers. */
export function differenceTable(a, b) {
  const head = ["quantity", "a", "b", "difference", "ratio"].map((key) => t(`compare.csv_${key}`));
  const body = differenceRows(a, b).map(({ key, a: one, b: other, difference, values }) => {
    const name = t(`compare.row_${key}`).replaceAll("\u00ad", ""); // soft hyphens are for narrow screens
    const known = values?.every((value) => typeof value === "number");
    if (!known) return [name, values?.[0] ?? one, values?.[1] ?? other, difference, ""];
    return [name, ...values, values[1] - values[0], values[0] === 0 ? "" : values[1] / values[0]];
  });
  return [head, ...body];
}

/** Both sides as data: the whole traces, and the decisions made on them. Without pictures. */
export function differenceData(mode, a, b) {
  const side = ({ trace, exit, rule, thresholds, title, label, model }) => ({
    picture: title,
    label,
    model: trace.model,
    model_title: model,
    rule,
    thresholds,
    exit,
    block: trace.exits[exit].block,
    trace,
  });
  return { compared: mode, a: side(a), b: side(b), differences: differenceSentences(mode, a, b) };
}
