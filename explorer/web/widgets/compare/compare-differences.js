// <compare-differences>: what sets the two sides apart, in a few sentences and in a table.

import { element, keepChildren, setAttributes, setText } from "../dom.js";
import { t } from "../strings.js";
import { SIDE_STYLE } from "./compare-style.js";
import { CompareWidget } from "./compare-widget.js";
import { differenceRows, differenceSentences, sideOf } from "./differences.js";

const PAUSE_MS = 500; // a screen reader hears where a drag ended, not every step of it

const DIFFERENCES_STYLE = `
${SIDE_STYLE}
.body { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); gap: 0.75rem 2rem; align-items: start; }
.story { min-height: 11rem; }
.story p { max-width: 34rem; margin-top: 0.375rem; }
.story p:first-child {
  margin-top: 0; font-size: 1.25rem; font-weight: 650; line-height: 1.3; letter-spacing: -0.01em; text-wrap: balance;
}
.story.waits p:first-child { color: var(--quiet); font-size: 0.875rem; font-weight: 400; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 0.25rem 0.5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 400; color: var(--quiet); }
:is(th, td):first-child { padding-left: 0; width: 27%; }
:is(th, td):last-child { padding-right: 0; width: 21%; text-align: right; }
td { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
td.apart { font-weight: 650; }
thead th { vertical-align: middle; }
.times { margin-top: 0.375rem; }
.bar { display: block; height: 4px; margin-top: 2px; border-radius: 2px; transform-origin: left; }
.bar[data-side=a] { background: var(--ink); }
.bar[data-side=b] { background: repeating-linear-gradient(90deg, var(--b) 0 5px, transparent 5px 7px); }
@container (max-width: 820px) {
  .body { grid-template-columns: minmax(0, 1fr); }
  .story { min-height: 9rem; }
}
@container (max-width: 460px) {
  .story { min-height: 13.5rem; }
  table { font-size: 0.8125rem; }
  th, td { padding-inline: 0.25rem; }
  td { white-space: normal; overflow-wrap: anywhere; }
  :is(th, td):first-child { width: 25%; }
  :is(th, td):last-child { width: 24%; }
}
`;

export class CompareDifferences extends CompareWidget {
  static style = DIFFERENCES_STYLE;
  #telling = null;
  #told = "";

  static get markup() {
    return `<div class="head"><h2></h2></div>
      <div class="body">
        <div class="story"></div>
        <div><table>
          <thead><tr><th scope="col"></th>
            <th scope="col"><span class="side-badge" data-side="a">A</span></th>
            <th scope="col"><span class="side-badge" data-side="b">B</span></th>
            <th scope="col" class="last"></th></tr></thead>
          <tbody></tbody>
        </table><p class="times quiet small"></p></div>
      </div>
      <p class="unseen" role="status" aria-live="polite"></p>`;
  }

  build() {
    setText(this.part("h2"), t("compare.differences"));
    setText(this.part("thead th"), t("compare.aspect"));
    setText(this.part(".times"), t("compare.times"));
    setText(this.part("thead .last"), t("compare.b_to_a"));
    this.#told = "";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#telling);
  }

  update() {
    const { choice } = this.comparison;
    const [a, b] = ["a", "b"].map((side) => sideOf(this.comparison[side], this.store.models));
    this.part("table").style.visibility = a && b ? "visible" : "hidden";
    const sentences = a && b ? differenceSentences(choice.mode, a, b) : [t("compare.waiting")];
    this.part(".story").classList.toggle("waits", !a || !b);
    keepChildren(this.part(".story"), sentences, () => element("p")).forEach((p, i) => setText(p, sentences[i]));
    if (!a || !b) return;
    // What each side consists of is in its heading; here it gets a row only if it is the difference.
    const shown = ({ key, a: one, b: other }) =>
      !["picture", "model"].includes(key) && (!["rule", "threshold"].includes(key) || one !== other);
    this.#showRows(differenceRows(a, b).filter(shown));
    const story = sentences.join(" ");
    if (story === this.#told || this.store.tab !== "compare") return;
    this.#told = story;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => setText(this.part("[role=status]"), story), PAUSE_MS);
  }

  #showRows(rows) {
    keepChildren(this.part("tbody"), rows, makeRow).forEach((node, i) => {
      const { key, a, b, difference, values, bar } = rows[i];
      const [name, cellA, cellB, last] = node.children;
      setText(name, t(`compare.row_${key}`));
      [a, b].forEach((text, side) => {
        const cell = [cellA, cellB][side];
        setText(cell.firstChild, text);
        cell.title = text;
        cell.lastChild.hidden = !bar;
        if (bar) cell.lastChild.style.transform = `scaleX(${values[side] / Math.max(...values)})`;
      });
      setText(last, difference);
      setAttributes(last, { class: a === b ? null : "apart" });
    });
  }
}

function makeRow() {
  const cell = (side) => element("td", {}, element("span"), element("span", { class: "bar", "data-side": side }));
  return element("tr", {}, element("th", { scope: "row" }), cell("a"), cell("b"), element("td"));
}
