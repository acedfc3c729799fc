// <tune-summary>: which images the numbers are from, and what the thresholds give on them.

import { element, keepChildren, setText } from "../dom.js";
import { t } from "../strings.js";
import { factorText, macsText, ruleText } from "../words.js";
import { SPLITS } from "./desk.js";
import { countText, marginText, percentText, pointsText } from "./numbers.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const SUMMARY_STYLE = `
.summary { display: flex; flex-wrap: wrap; gap: 0.75rem 2rem; align-items: start; }
.which { flex: 1 1 20rem; max-width: 30rem; }
.which .note { margin-top: 0.375rem; min-height: 2.9em; }
dl {
  flex: 2 1 26rem; display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 0.75rem 1.25rem; margin: 0;
}
dt { color: var(--quiet); font-size: 0.8125rem; }
dd { margin: 0; }
.value { display: block; font-size: 1.375rem; font-weight: 650; line-height: 1.3; white-space: nowrap; }
.than { display: block; min-height: 2.6em; color: var(--quiet); font-size: 0.8125rem; line-height: 1.3; }
.status { min-height: 1.45em; }
:host(.waiting) .summary { display: none; }
:host(:not(.waiting)) .status { display: none; }
@container (max-width: 620px) { dl { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
`;

const SPOKEN_AFTER = 600; // ms without a move before the numbers are read out

export class TuneSummary extends TuneWidget {
  static style = TUNE_STYLE + SUMMARY_STYLE;

  static get markup() {
    const figure = (name, term) => `<div><dt>${term}</dt>
      <dd><span class="value" id="${name}"></span><span class="than" id="${name}-than"></span></dd></div>`;
    return `
<div class="head"><h2 id="title">${t("tune.title")}</h2><span class="quiet small">${t("tune.title_says")}</span></div>
<p class="status" role="status"><span></span>
  <button type="button" class="plain" hidden>${t("tune.retry")}</button></p>
<div class="summary">
  <div class="which">
    <fieldset><legend>${t("tune.images")}</legend><div class="choices"></div></fieldset>
    <p class="note"></p>
  </div>
  <dl>
    ${figure("accuracy", '<span class="measure"></span>')}
    ${figure("macs", `<glossary-term name="macs">${t("tune.macs")}</glossary-term>`)}
    ${figure("factor", `<glossary-term name="speedup">${t("tune.fewer_macs")}</glossary-term>`)}
    ${figure("block", t("tune.mean_block"))}
  </dl>
</div>
<p class="unseen" aria-live="polite"></p>`;
  }

  build() {
    this.part(".choices").addEventListener("change", (event) => this.desk.setSplit(event.target.value));
    this.part(".status button").addEventListener("click", () => this.desk.retry(this.store.model, this.store.grain));
  }

  wait() {
    const { evaluation, failed } = this.desk.entry(this.store.model, this.store.grain) ?? {};
    const rule = ruleText(this.store.rule, this.store.ruleFacts, "title");
    const why = evaluation ? t("tune.no_rule", { rule }) : (failed ?? t("tune.loading"));
    setText(this.part(".status span"), why);
    this.part(".status button").hidden = !failed;
    this.#state(failed || evaluation ? "none" : "pending");
  }

  /** For the panels around, which have nothing to show without an evaluation (tune.css). */
  #state(name) {
    const tab = this.closest(".ee-tune");
    if (tab) tab.dataset.state = name;
  }

  draw({ evaluation, split }) {
    this.#state("ready");
    const makeChoice = () =>
      element("label", {}, element("input", { type: "radio", name: "split" }), element("span", {}));
    const names = SPLITS.filter((name) => evaluation.splits[name]);
    keepChildren(this.part(".choices"), names, makeChoice).forEach(({ children: [input, text] }, i) => {
      const count = countText(evaluation.splits[names[i]].count);
      input.value = names[i];
      input.checked = names[i] === split.name;
      setText(text, t(`tune.split_${names[i]}`, { count }));
    });
    setText(this.part(".which .note"), t(`tune.split_${split.name}_says`));
    setText(this.part(".measure"), t(split.teacher ? "tune.agreement" : "tune.accuracy"));
  }

  live({ evaluation, split, tally }) {
    const end = split.rightAt[split.exits - 1] / split.count;
    const full = evaluation.macs_full;
    const factor = full / tally.meanMacs;
    const last = evaluation.exits.at(-1).block;
    const show = (name, value, than) => {
      setText(this.part(`#${name}`), value);
      setText(this.part(`#${name}-than`), than);
    };
    show(
      "accuracy",
      percentText(tally.accuracy),
      t("tune.against_end", {
        points: pointsText(tally.accuracy - end),
        end: percentText(end),
        error: marginText(tally.accuracy, split.count),
      }),
    );
    show("macs", macsText(tally.meanMacs), t("tune.of_full", { full: macsText(full) }));
    show("factor", factorText(factor), factor < 1 ? t("tune.costs_more") : t("tune.heads_included"));
    show("block", tally.meanBlock.toFixed(2), t("tune.of_blocks", { blocks: last, factor: factorText(last / tally.meanBlock) }));
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      const values = {
        measure: t(split.teacher ? "tune.agreement" : "tune.accuracy"),
        accuracy: percentText(tally.accuracy),
        macs: macsText(tally.meanMacs),
        factor: factorText(factor),
      };
      setText(this.part("[aria-live]"), t("tune.spoken", values));
    }, SPOKEN_AFTER);
  }
}
