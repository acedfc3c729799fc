// <cost-table>: what leaving at every exit would cost and save, in numbers.

import { savings } from "./decide.js";
import { element, keepChildren, setAttributes, setText } from "./dom.js";
import { Widget } from "./widget.js";
import { factorText, familyOf, macsText, msText } from "./words.js";

const TABLE_STYLE = `
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; max-width: 56rem; }
th, td { padding: 0.3125rem 0.75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: 0.8125rem; color: var(--quiet); }
:is(th, td):first-child { text-align: left; padding-left: 0.5rem; }
tbody th { color: var(--ink); font-weight: 400; }
tr.fired { background: var(--accent-soft); }
tr.fired :is(th, td) { font-weight: 650; }
tr.selected th { box-shadow: inset 3px 0 var(--quiet); }
tfoot td, tfoot th { border-bottom: 0; color: var(--quiet); font-weight: 400; }
`;

const TABLE_MARKUP = `
<div class="head">
  <h2 id="title">Cost of every exit</h2>
  <span class="quiet small">each head on the way is included in MACs and time</span>
</div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title">
  <table aria-labelledby="title">
    <thead><tr><th scope="col">Exit</th><th scope="col">MACs</th><th scope="col">Time</th>
      <th scope="col">By blocks</th><th scope="col">By MACs</th><th scope="col">Measured</th></tr></thead>
    <tbody></tbody>
    <tfoot><tr><th scope="row">Backbone without exits</th><td></td><td></td>
      <td>1.00×</td><td>1.00×</td><td>1.00×</td></tr></tfoot>
  </table>
</div>`;

export class CostTable extends Widget {
  static style = TABLE_STYLE;
  static markup = TABLE_MARKUP;

  update(changed) {
    const { trace, fired, selectedExit } = this.store;
    if (!trace) return;
    if (changed.has("trace")) this.#fill(trace);
    [...this.part("tbody").children].forEach((row, exit) => {
      row.classList.toggle("fired", exit === fired);
      row.classList.toggle("selected", exit === selectedExit);
      const { block } = trace.exits[exit];
      const family = familyOf(trace.exits[exit]).letter;
      setText(row.firstChild, `Block ${block} · ${family}${exit === fired ? " · left here" : ""}`);
      setAttributes(row, { "aria-current": exit === fired ? "true" : null });
    });
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
