// <cost-meter>: what leaving at the exit that fired cost and saved, in three units that do not always agree.

import { savings } from "./decide.js";
import { element, setText } from "./dom.js";
import { HINT_STYLE, makeHint } from "./hint.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { factorText, shareText, UNITS } from "./words.js";

const METER_STYLE = `
${HINT_STYLE}
.rows { display: grid; gap: 0.875rem; }
.row { position: relative; }
.rows { overflow-x: clip; }
.line { display: flex; align-items: baseline; gap: 0.25rem; }
.line .name { font-weight: 600; }
.line .amount { margin-left: auto; color: var(--quiet); }
.factor { display: flex; align-items: baseline; gap: 0.5rem; min-height: 1.625rem; margin-top: 0.125rem; }
.factor strong { font-size: 1.25rem; font-weight: 650; letter-spacing: -0.01em; line-height: 1.3; }
.factor .share { margin-left: auto; color: var(--quiet); }
.bar { --full: 1; --spent: 0; position: relative; height: 0.75rem; margin-top: 0.25rem; }
/* Every layer is as wide as the scale and clipped to its share, so that a change costs no layout. */
.spent, .saved, .over, .mark { position: absolute; inset: 0; }
.spent { background: var(--accent-mark); clip-path: inset(0 calc(100% - min(var(--spent), var(--full)) * 100%) 0 0); }
.saved {
  border: 1px solid var(--faint); background: var(--hatch);
  clip-path: inset(0 calc(100% - var(--full) * 100%) 0 calc(var(--spent) * 100%));
}
.over {
  background: repeating-linear-gradient(45deg, var(--ink) 0 2px, var(--accent-mark) 2px 5px);
  clip-path: inset(0 calc(100% - var(--spent) * 100%) 0 calc(var(--full) * 100%));
}
.mark {
  inset: -3px auto -3px -1px; width: 100%; border-left: 2px solid var(--ink);
  transform: translateX(calc(var(--full) * 100%));
}
.row.unknown :is(.saved, .mark) { visibility: hidden; }
.row.more .share { font-weight: 650; color: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin-top: 0.75rem; }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; }
.legend i { width: 0.875rem; height: 0.625rem; border-radius: 2px; }
.legend .s { background: var(--accent-mark); }
.legend .n { background: var(--hatch); border: 1px solid var(--faint); }
.legend .f { width: 2px; height: 0.875rem; background: var(--ink); }
`;

const meterMarkup = () => `
<div class="head"><h2>${t("explore.meter")}</h2></div>
<div class="rows"></div>
<p class="legend quiet small" aria-hidden="true">
  <span><i class="s"></i>${t("explore.meter_spent")}</span>
  <span><i class="n"></i>${t("explore.meter_saved")}</span>
  <span><i class="f"></i>${t("explore.meter_full")}</span>
</p>`;

export class CostMeter extends Widget {
  static style = METER_STYLE;

  static get markup() {
    return meterMarkup();
  }

  build() {
    this.rows = UNITS.map((unit) => {
      const parts = Object.fromEntries(
        ["amount", "by", "share"].map((name) => [name, element("span", { class: name })]),
      );
      const factor = element("strong");
      const hint = makeHint(t("explore.meter_how", { unit: unit.title }), `tip-${unit.key}`);
      const bar = element("div", { class: "bar", "aria-hidden": "true" });
      bar.append(...["spent", "saved", "over", "mark"].map((name) => element("span", { class: name })));
      setText(parts.by, unit.by);
      const node = element(
        "div",
        { class: "row", "data-unit": unit.key },
        element("div", { class: "line" }, element("span", { class: "name" }, unit.title), hint.node, parts.amount),
        bar,
        element("div", { class: "factor" }, factor, parts.by, parts.share),
      );
      return { unit, node, bar, factor, hint, ...parts };
    });
    this.part(".rows").append(...this.rows.map(({ node }) => node));
  }

  update() {
    const { trace, fired } = this.store;
    if (!trace) return;
    const saved = savings(trace, fired);
    const dearest = dearestShare(trace);
    for (const { unit, node, bar, factor, hint, amount, share } of this.rows) {
      const value = saved[unit.key];
      setText(amount, unit.amount(saved));
      setText(factor, factorText(value));
      setText(share, shareText(value));
      hint.say(unit.says(saved));
      bar.style.setProperty("--full", 1 / dearest);
      bar.style.setProperty("--spent", value === null ? 0 : 1 / value / dearest);
      node.classList.toggle("unknown", value === null);
      node.classList.toggle("more", value !== null && value < 0.995);
    }
  }
}

/** The cost of the most expensive exit in any unit, as a multiple of the backbone: one scale for a trace's bars. */
function dearestShare(trace) {
  const shares = (spent, full) => (full > 0 ? spent.map((amount) => amount / full) : []);
  return Math.max(1, ...shares(trace.macs, trace.macs_full), ...shares(trace.ms, trace.ms_full));
}
