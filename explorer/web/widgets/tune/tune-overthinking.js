// <tune-overthinking>: how often going deeper wasted work or lost the answer (Kaya et al. 2019), in numbers.

import { setText } from "../dom.js";
import { HINT_STYLE, makeHint } from "../hint.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { macsText } from "../words.js";
import { countText, percentText } from "./numbers.js";
import { makeTally, tally } from "./tally.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const OVERTHINKING_STYLE = `
td { vertical-align: top; white-space: normal; }
tbody th { vertical-align: top; white-space: normal; }
tbody th > span { display: flex; align-items: center; gap: 0.375rem; }
td b { font-weight: 650; }
td span { display: block; color: var(--quiet); font-size: 0.8125rem; }
`;

const KINDS = ["wasteful", "destructive", "too_early"];
const FIELDS = { wasteful: "wasteful", destructive: "destructive", too_early: "tooEarly" };

export class TuneOverthinking extends TuneWidget {
  static style = TUNE_STYLE + HINT_STYLE + OVERTHINKING_STYLE;

  static get markup() {
    const row = (kind) => `
      <tr data-kind="${kind}"><th scope="row"><span>${t(`tune.${kind}`)}</span></th><td><b></b><span></span></td>
        <td><b></b><span></span></td></tr>`;
    return `
<div class="head"><h2 id="title"><glossary-term name="overthinking">${t("tune.overthinking")}</glossary-term></h2></div>
<div class="body">
  <table aria-labelledby="title">
    <thead><tr><th scope="col"></th><th scope="col">${t("tune.at_these")}</th>
      <th scope="col">${t("tune.to_the_end")}</th></tr></thead>
    <tbody>${KINDS.map(row).join("")}</tbody>
  </table>
  <p class="note wasted"></p>
  <p class="note oracle"></p>
</div>`;
  }

  build() {
    this.part(".head").append(saveButtons("overthinking", { csv: () => this.#rows() }));
    for (const kind of KINDS) {
      const hint = makeHint(t("tune.what_is", { what: t(`tune.${kind}`) }), `hint-${kind}`);
      hint.say(t(`tune.${kind}_says`));
      this.part(`[data-kind=${kind}] th > span`).append(hint.node);
    }
    this.cells = KINDS.map((kind) => [...this.part(`[data-kind=${kind}]`).querySelectorAll("td")]);
  }

  draw({ evaluation, split, scores }) {
    // A threshold that no score reaches: every image runs to the end, as in the paper.
    this.end = tally(split, scores, Infinity, makeTally(evaluation));
    KINDS.forEach((kind, i) => this.#show(this.cells[i][1], this.end, this.end[FIELDS[kind]]));
    const values = {
      share: percentText(this.end.someRight / split.count),
      macs: macsText(this.end.bestMacs),
    };
    setText(this.part(".oracle"), t("tune.oracle", values));
  }

  live({ evaluation, tally: out }) {
    KINDS.forEach((kind, i) => this.#show(this.cells[i][0], out, out[FIELDS[kind]]));
    const each = out.wasteful ? out.wastedMacs / out.wasteful : 0;
    const values = {
      macs: macsText(each),
      share: percentText(each / evaluation.macs_full, 0),
    };
    setText(this.part(".wasted"), out.wasteful ? t("tune.wasted", values) : t("tune.wasted_none"));
  }

  #show(cell, { count }, images) {
    setText(cell.firstChild, percentText(images / count));
    setText(cell.lastChild, t("tune.count_images", { count: countText(images) }));
  }

  #rows() {
    const { tally: out } = this.desk.now(this.store);
    const rows = KINDS.map((kind) => [kind, out[FIELDS[kind]], this.end[FIELDS[kind]], out.count]);
    return [["kind", "images_at_these_thresholds", "images_to_the_end", "images"], ...rows];
  }
}
