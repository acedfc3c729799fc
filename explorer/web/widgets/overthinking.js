// Says in words when a deeper answer was a worse one (overthinking, Kaya et al. 2019), and when depth was needed.

import { answerAt, probabilityText } from "./words.js";

// Without a true label, how sure an earlier exit must be for its lost answer to be worth a sentence. Our own choice.
const SURE = 0.8;

/** The exits' blocks in words, neighbours drawn together: "block 5", "blocks 5 to 9", "blocks 4, 6 to 8". */
function blocksText(trace, exits) {
  const runs = [];
  for (const exit of exits) {
    if (runs.at(-1)?.at(-1) === exit - 1) runs.at(-1).push(exit);
    else runs.push([exit]);
  }
  const block = (exit) => trace.exits[exit].block;
  const words = runs.map((run) => (run.length === 1 ? `${block(run[0])}` : `${block(run[0])} to ${block(run.at(-1))}`));
  return `${exits.length === 1 ? "block" : "blocks"} ${words.join(", ")}`;
}

/**
 * {kind, text}: kind is "overthinking" (an earlier exit was right, or sure, and the last one changed its mind),
 * "depth" (only the deeper exits are right) or "calm" (nothing changed that matters). `label` is the truth or null.
 */
export function verdict(trace, label) {
  const last = trace.exits.length - 1;
  const final = answerAt(trace, last);
  const early = trace.exits.map((_, exit) => exit).slice(0, last);

  if (label !== null && label !== undefined) {
    const right = early.filter((exit) => answerAt(trace, exit).label === label);
    if (final.label !== label && right.length > 0) {
      const where = blocksText(trace, right);
      const then = `${label} was the answer at ${where}, and it is true`;
      return { kind: "overthinking", text: `Overthinking: ${then}; the last exit changed its mind to ${final.label}.` };
    }
    if (final.label === label && right.length < early.length) {
      const since = early.findLast((exit) => answerAt(trace, exit).label !== label) + 1;
      return {
        kind: "depth",
        text: `Depth helped: the true answer, ${label}, holds from block ${trace.exits[since].block} on.`,
      };
    }
    if (final.label !== label) return { kind: "calm", text: `No exit found the true answer, ${label}.` };
    return { kind: "calm", text: `Every exit gives the true answer, ${label}.` };
  }

  const sure = early.filter(
    (exit) => answerAt(trace, exit).label !== final.label && answerAt(trace, exit).probability >= SURE,
  );
  if (sure.length > 0) {
    const { label: other, probability } = answerAt(trace, sure.at(-1));
    const block = trace.exits[sure.at(-1)].block;
    const then = `block ${block} was sure of ${other} (${probabilityText(probability)})`;
    const text = `Changed its mind: ${then}, the last exit answers ${final.label}. It may be overthinking.`;
    return { kind: "overthinking", text };
  }
  const settled = early.findLast((exit) => answerAt(trace, exit).label !== final.label);
  if (settled === undefined) return { kind: "calm", text: `Every exit answers ${final.label}.` };
  return { kind: "calm", text: `The answer, ${final.label}, holds from block ${trace.exits[settled + 1].block} on.` };
}
