// Says in words when a deeper answer was a worse one (overthinking, Kaya et al. 2019), and when depth was needed.

import { t } from "./strings.js";
import { answerAt, answersClass, probabilityText } from "./words.js";

// Without a true label, how sure an earlier exit must be for its lost answer to be worth a sentence. Our own choice.
const SURE = 0.8;

/** The exits' blocks in words, neighbours merged: "block 5", "blocks 5 to 9", "blocks 4, 6 to 8". */
function blocksText(trace, exits) {
  const runs = [];
  for (const exit of exits) {
    if (runs.at(-1)?.at(-1) === exit - 1) runs.at(-1).push(exit);
    else runs.push([exit]);
  }
  const block = (exit) => trace.exits[exit].block;
  const words = runs.map((run) =>
    run.length === 1 ? block(run[0]) : t("explore.verdict_run", { from: block(run[0]), to: block(run.at(-1)) }),
  );
  return t(exits.length === 1 ? "explore.verdict_block" : "explore.verdict_blocks", { blocks: words.join(", ") });
}

/**
 * {kind, text}: kind is "overthinking" (an earlier exit was right, or sure, and the last one changed its mind),
 * "depth" (only the deeper exits are right) or "calm" (nothing changed that matters).
 *
 * `truth` and `label` are the index and name of the image's class, or null; `reference` says whose they are: "labels"
 * are true, "teacher" is another network's answer.
 */
export function verdict(trace, { truth, label } = {}, reference = "labels") {
  if (truth === null || truth === undefined) return unlabelled(trace);
  const early = trace.exits.map((_, exit) => exit).slice(0, -1);
  const last = trace.exits.length - 1;
  const final = answerAt(trace, last).label;
  const isRight = (exit) => answersClass(trace, exit, truth);
  const right = early.filter(isRight);
  const say = (kind, name, values) => ({ kind, text: t(referenced(`explore.verdict_${name}`, reference), values) });

  if (!isRight(last) && right.length > 0) {
    return say("overthinking", "overthinking", { label, blocks: blocksText(trace, right), final });
  }
  if (!isRight(last)) return say("calm", "nobody", { label });
  if (right.length === early.length) return say("calm", "everybody", { label });
  const since = early.findLast((exit) => !isRight(exit)) + 1;
  return say("depth", "depth", { label, block: trace.exits[since].block });
}

/** The key of a text about labels, in the version for the answers of a teacher network. */
export function referenced(key, reference) {
  return reference === "teacher" ? `${key}_teacher` : key;
}

function unlabelled(trace) {
  const early = trace.exits.map((_, exit) => exit).slice(0, -1);
  const { label: final, index } = answerAt(trace, trace.exits.length - 1);
  const other = early.filter((exit) => !answersClass(trace, exit, index));
  const sure = other.findLast((exit) => answerAt(trace, exit).probability >= SURE);
  if (sure !== undefined) {
    const { label, probability } = answerAt(trace, sure);
    const values = { block: trace.exits[sure].block, label, probability: probabilityText(probability), final };
    return { kind: "overthinking", text: t("explore.verdict_changed", values) };
  }
  const settled = other.at(-1);
  if (settled === undefined) return { kind: "calm", text: t("explore.verdict_same", { label: final }) };
  const since = trace.exits[settled + 1].block;
  return { kind: "calm", text: t("explore.verdict_since", { label: final, block: since }) };
}
