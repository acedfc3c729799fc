// What a growing severity does, in sentences.

import { language, t } from "../strings.js";
import { probabilityText } from "../words.js";

/** The story of the points of one corruption, a sentence or two; `known` says whether the true label is. */
export function stressStory(points, known) {
  return [exitStory(points), answerStory(points, known), warning(points)].filter(Boolean).join(" ");
}

function exitStory(points) {
  const blocks = points.map(({ block }) => block);
  const [from, last] = [blocks[0], blocks.at(-1)];
  const [high, low] = [Math.max(...blocks), Math.min(...blocks)];
  const reach = (block) => ({ from, to: block, severity: points[blocks.indexOf(block)].severity });
  if (high === low) return t("stress.exit_stays", { block: from });
  if (high === from) return t("stress.exit_falls", reach(low));
  if (last === high) return t("stress.exit_climbs", reach(high));
  return t("stress.exit_climbs_and_ends", { ...reach(high), block: last });
}

function answerStory(points, known) {
  const wrong = points.filter(({ right }) => !right).map(({ severity }) => severity);
  const kind = known ? "answer" : "same";
  if (wrong.length === 0) return t(`stress.${kind}_stays`, { label: points[0].label });
  if (wrong.length === points.length) return t("stress.answer_never");
  if (wrong.at(-1) === points.length - 1 && wrong.length === points.length - wrong[0]) {
    return t(`stress.${kind}_from`, { severity: wrong[0] });
  }
  if (wrong.length === 1) return t(`stress.${kind}_once`, { severity: wrong[0] });
  const list = new Intl.ListFormat(language(), { type: "conjunction" }).format(wrong.map(String));
  return t(`stress.${kind}_at`, { severities: list });
}

/** The most certain wrong answer, if it left no later than the untouched picture did: sure is not the same as right. */
function warning(points) {
  const early = points.filter(({ right, block }) => points[0].right && !right && block <= points[0].block);
  if (early.length === 0) return "";
  const { severity, block, label, probability } = early.reduce((a, b) => (b.probability > a.probability ? b : a));
  return t("stress.sure_and_wrong", { severity, block, label, probability: probabilityText(probability) });
}

/** One severity in words: "leaves at block 9 of 12: Bag 0.41, wrong". */
export function pointText(point, blocks, known) {
  const verdict = known ? (point.right ? "right" : "wrong") : point.right ? "same" : "other";
  const { severity, block, label } = point;
  const values = { severity, block, blocks, label, probability: probabilityText(point.probability) };
  return t("stress.point", { ...values, verdict: t(`stress.${verdict}`) });
}
