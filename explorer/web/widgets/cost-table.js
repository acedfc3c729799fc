// <cost-table>: what leaving at every exit would cost and save, in numbers.

import { savings } from "./decide.js";
import { element, keepChildren, setAttributes, setText } from "./dom.js";
import { saveButtons } from "./save.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { factorText, familyOf, macsText, msText } from "./words.js";

const TABLE_STYLE = `
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; max-width: 56rem; }
th, td { padding: 0.3125rem 0.75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: 0.8125rem; color: var(--quiet); }
:is(th, td):first-child { text-align: left; padding-left: 0.5rem; }
tbody th { color: var(--ink); font-weight: 400; }
tbody tr { cursor: pointer; }
tbody tr:hover { background: var(--hush); }
tbody tr.fired { background: var(--accent-soft); }
tr.fired :is(th, td) { font-weight: 650; }
tr.selected th { box-shadow: inset 3px 0 var(--quiet); }
tfoot td, tfoot th { border-bottom: 0; color: var(--quiet); font-weight: 400; }
`;

const COLUMNS = ["exit", "macs", "time", "by_blocks", "by_macs", "measured"];
const tableMarkup = () => `
<div class="head">
  <h2 id="title">${t("explore.cost")}</h2>
  <span class="quiet small">${t("explore.cost_idea")}</span>
</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title">
  <table aria-labelledby="title">
    <thead><tr>${COLUMNS.map((name) => `<th scope="col">${t(`explore.cost_${name}`)}</th>`).join("")}</tr></thead>
    <tbody></tbody>
    <tfoot><tr><th scope="row">${t("explore.cost_full")}</th><td></td><td></td>
      <td>1.00×</td><td>1.00×</td><td>1.00×</td></tr></tfoot>
  </table>
</div>`;

export class CostTable extends Widget {
  static style = TABLE_STYLE;

  static get markup() {
    return tableMarkup();
  }

  build() {
    this.part(".head").append(saveButtons("exit-costs", { csv: () => this.#rows() }));
    this.part("tbody").addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) this.store.select(row.sectionRowIndex);
    });
  }

  update(changed) {
    const { trace, fired, selectedExit } = this.store;
    if (!trace) return;
    if (changed.has("trace")) this.#fill(trace);
    [...this.part("tbody").children].forEach((row, exit) => {
      row.classList.toggle("fired", exit === fired);
      row.classList.toggle("selected", exit === selectedExit);
      const { block } = trace.exits[exit];
      const family = familyOf(trace.exits[exit]).letter;
      setText(row.firstChild, t(exit === fired ? "explore.cost_row_left" : "explore.cost_row", { block, family }));
      setAttributes(row, { "aria-current": exit === fired ? "true" : null });
    });
  }

  #rows() {
    const { trace } = this.store;
    const rows = trace.exits.map(({ block, kind }, exit) => {
      const { blocks, macs, ms } = savings(trace, exit);
      return [block, kind, trace.macs[exit], trace.ms[exit], blocks, macs, ms];
    });
    const header = ["block", "head", "macs", "ms", "speedup_blocks", "speedup_macs", "speedup_measured"];
    return [header, ...rows, [trace.blocks, "backbone", trace.macs_full, trace.ms_full, 1, 1, 1]];
  }

  #fill(trace) {
    const makeRow = () =>
      element("tr", {}, element("th", { scope: "row" }), ...Array.from({ length: 5 }, () => element("td")));
    keepChildren(this.part("tbody"), trace.exits, makeRow).forEach((row, exit) => {
      const saved = savings(trace, exit);
      const texts = [
        macsText(trace.macs[exit]),
        msText(trace.ms[exit]),
        ...["blocks", "macs", "ms"].map((unit) => factorText(saved[unit])),
      ];
      texts.forEach((text, i) => setText(row.children[i + 1], text));
    });
    const [, macs, ms] = this.part("tfoot tr").children;
    setText(macs, macsText(trace.macs_full));
    setText(ms, msText(trace.ms_full));
  }
}
