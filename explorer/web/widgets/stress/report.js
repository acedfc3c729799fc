// The Stress tab's results to download: one row per corruption and severity, or everything as JSON.

import { t } from "../strings.js";

/** CSV rows of the corruptions with an answer, under the current rule. */
export function rowsOf(stress, corruptions) {
  const header = ["corruption", "severity", "exit_block", "answer", "probability", "right", "macs"];
  const rows = corruptions.flatMap((name) =>
    (stress.points(name) ?? []).map(({ severity, exit, block, label, probability, right }) => {
      const { macs } = stress.store.view(stress.answer(name).traces[severity]);
      return [name, severity, block, label, probability, right, macs[exit]];
    }),
  );
  return [header, ...rows];
}

/** What was asked, under which rule, and every trace. */
export function sweepJson(stress, corruptions) {
  const { model, rule, thresholds, grain, example } = stress.store;
  const answered = corruptions.filter((name) => stress.answer(name)?.traces);
  return {
    model,
    rule,
    thresholds,
    grain,
    picture: example?.title ?? t("stress.untouched"),
    label: example?.label ?? null,
    corruptions: answered.map((name) => ({
      corruption: name,
      seed: stress.answer(name).seed,
      severities: stress.points(name).map((point) => ({ ...point, trace: stress.answer(name).traces[point.severity] })),
    })),
  };
}
