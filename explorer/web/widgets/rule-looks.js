// <rule-looks>: what the rule looks at, exit by exit: a learned gate's opening, the chance of halting, and so on.

import { element, keepChildren, setAttributes, setText } from "./dom.js";
import { barOf, looksOf } from "./looks.js";
import { saveButtons } from "./save.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { probabilityText } from "./words.js";

const LOOKS_STYLE = `
.looks { margin-top: 1rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 0.75rem; }
th { padding: 0.125rem 0.25rem; font-weight: 400; color: var(--quiet); text-align: center; }
th[scope="row"] { width: 7.5rem; text-align: left; }
td { padding: 0 0.125rem; text-align: center; }
.well { display: block; position: relative; height: 2.25rem; background: var(--hush); overflow: hidden; }
.bar { position: absolute; inset: 0; background: var(--faint); transform-origin: bottom; }
.value { display: block; padding: 0.125rem 0 0.375rem; color: var(--quiet); }
.fired .bar { background: var(--accent-mark); }
.fired .value, th.fired { color: var(--ink); font-weight: 700; }
.skipped .well { opacity: 0.55; }
@container (max-width: 520px) {
  th[scope="row"] { width: 4.75rem; }
  td { padding: 0 1px; }
  .value { font-size: 0.625rem; }
}
`;

const looksMarkup = () => `
<div class="looks" hidden>
  <div class="head">
    <h2 id="title">${t("rules.looks")}</h2>
    <button type="button" class="plain" id="draw">${t("rules.draw")}</button>
  </div>
  <div class="scroll">
    <table aria-labelledby="title">
      <thead><tr></tr></thead>
      <tbody></tbody>
    </table>
  </div>
</div>`;

export class RuleLooks extends Widget {
  static style = LOOKS_STYLE;

  static get markup() {
    return looksMarkup();
  }

  build() {
    const save = saveButtons("rule-looks", { csv: () => this.#rows() });
    this.part(".head").append(save);
    // PonderNet halts at each exit by chance; leaving where the sum passes a q drawn uniformly from [0, 1] is the same.
    this.part("#draw").addEventListener("click", () => this.store.setThresholds(Math.random()));
  }

  update(changed) {
    const { trace, rule } = this.store;
    const looks = looksOf(trace, rule);
    this.part(".looks").hidden = looks.length === 0;
    if (looks.length === 0) return;
    if (changed.has("trace") || changed.has("rule") || changed.has("rules")) this.#draw(trace, looks);
    this.part("#draw").hidden = !looks.some(({ name }) => name === "halt");
    this.#showDecision(trace);
  }

  #draw(trace, looks) {
    const heads = [t("rules.look_block"), ...trace.exits.map(({ block }) => String(block))];
    const makeHead = (i) => element("th", { scope: i ? "col" : "row" });
    keepChildren(this.part("thead tr"), heads, makeHead).forEach((cell, i) => setText(cell, heads[i]));
    const makeRow = () => element("tr", {}, element("th", { scope: "row" }));
    keepChildren(this.part("tbody"), looks, makeRow).forEach((row, i) => {
      const { title, values } = looks[i];
      setText(row.firstElementChild, title);
      const cells = [null, ...values]; // the row's own heading comes first
      keepChildren(row, cells, makeCell).forEach((cell, n) => {
        if (n) fillCell(cell, values[n - 1]);
      });
    });
  }

  /** Which exit fired, and which were not reached: what the threshold changes. */
  #showDecision({ exits }) {
    const { fired } = this.store;
    for (const row of this.shadowRoot.querySelectorAll("tr")) {
      [...row.children].slice(1).forEach((cell, e) => {
        const status = e === fired ? "fired" : e > fired ? "skipped" : null;
        setAttributes(cell, { class: e < exits.length ? status : null });
      });
    }
  }

  #rows() {
    const { trace, rule } = this.store;
    const looks = looksOf(trace, rule);
    const row = ({ block }, e) => [block, ...looks.map(({ values }) => values[e])];
    return [["block", ...looks.map(({ name }) => name)], ...trace.exits.map(row)];
  }
}

function makeCell() {
  const well = element("span", { class: "well", "aria-hidden": "true" }, element("span", { class: "bar" }));
  return element("td", {}, well, element("span", { class: "value" }));
}

function fillCell(cell, value) {
  cell.querySelector(".bar").style.transform = `scaleY(${barOf(value)})`;
  setText(cell.querySelector(".value"), probabilityText(value));
}
