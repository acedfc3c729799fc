// <tune-classes>: what the thresholds give for each true class; sortable, and filtered if there are many.

import { element, keepChildren, setAttributes, setText } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { countText, percentText } from "./numbers.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const CLASSES_STYLE = `
thead button {
  padding: 0; border: 0; background: none; color: inherit; cursor: pointer; font-weight: 600; text-align: inherit;
  line-height: 1.25;
}
thead button:hover { text-decoration: underline; }
thead button::after { content: "\\2195"; margin-left: 0.2em; opacity: 0.4; }
[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
.filter { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; margin-bottom: 0.5rem; }
.filter input {
  flex: 1 1 10rem; min-height: 2rem; padding: 0.125rem 0.625rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper);
}
tr.more td { text-align: center; color: var(--quiet); }
td:last-child { color: var(--quiet); }
`;

const ALL = 20; // more classes than this: only the two ends of the order are shown
const EACH_END = 8;
const SETTLED = 200; // ms without a move before the rows are sorted again: they should not jump around

// name -> the value of a class, from the live numbers.
const COLUMNS = {
  label: ({ evaluation }, c) => evaluation.labels[c],
  images: ({ split }, c) => split.classCount[c],
  accuracy: ({ split, tally }, c) => tally.classRight[c] / split.classCount[c],
  end: ({ split }, c) => split.classEnd[c] / split.classCount[c],
  block: ({ split, tally }, c) => tally.classBlocks[c] / split.classCount[c],
  saved: ({ evaluation, split, tally }, c) => 1 - tally.classMacs[c] / split.classCount[c] / evaluation.macs_full,
};
const WRITE = {
  label: String,
  images: countText,
  accuracy: (share) => percentText(share, 1),
  end: (share) => percentText(share, 1),
  block: (block) => (Number.isFinite(block) ? block.toFixed(1) : "–"),
  saved: (share) => percentText(share, 0).replace("-", "−"),
};
const NAMES = Object.keys(COLUMNS);

export class TuneClasses extends TuneWidget {
  static style = TUNE_STYLE + CLASSES_STYLE;
  #sort = { by: "accuracy", down: false };
  #filter = "";

  static get markup() {
    const heads = NAMES.map(
      (name) => `<th scope="col" data-by="${name}"><button type="button">${t(`tune.class_${name}`)}</button></th>`,
    );
    return `
<div class="head"><h2 id="title">${t("tune.classes")}</h2></div>
<div class="body">
  <div class="filter" hidden><input type="search" aria-label="${t("tune.class_filter")}"
    placeholder="${t("tune.class_filter")}"><span class="small quiet"></span></div>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="title">
    <table aria-labelledby="title"><thead><tr>${heads.join("")}</tr></thead><tbody></tbody></table>
  </div>
</div>`;
  }

  build() {
    this.part(".head").append(saveButtons("classes", { csv: () => this.#rows() }));
    this.part("thead").addEventListener("click", (event) => {
      const by = event.target.closest("[data-by]")?.dataset.by;
      if (!by) return;
      const down = this.#sort.by === by ? !this.#sort.down : by !== "label" && by !== "accuracy";
      this.#sort = { by, down };
      this.resize();
    });
    this.part("input").value = this.#filter;
    this.part("input").addEventListener("input", ({ target }) => {
      this.#filter = target.value;
      this.resize();
    });
  }

  draw(now) {
    setText(this.part('[data-by="accuracy"] button'), t(this.teacher ? "tune.agreement_now" : "tune.class_accuracy"));
    for (const head of this.shadowRoot.querySelectorAll("[data-by]")) {
      const order = this.#sort.down ? "descending" : "ascending";
      setAttributes(head, { "aria-sort": head.dataset.by === this.#sort.by ? order : null });
    }
    this.#arrange(now);
  }

  /** Which class is in which row. */
  #arrange(now) {
    const { labels } = now.evaluation;
    const wanted = this.#filter.trim().toLowerCase();
    const value = COLUMNS[this.#sort.by];
    const sign = this.#sort.down ? -1 : 1;
    const values = labels.map((_, c) => value(now, c));
    const order = labels
      .map((_, c) => c)
      .filter((c) => now.split.classCount[c] > 0 && labels[c].toLowerCase().includes(wanted))
      .sort((a, b) => sign * (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0) || a - b);
    const hidden = order.length > ALL ? order.length - 2 * EACH_END : 0;
    this.shown = hidden ? [...order.slice(0, EACH_END), null, ...order.slice(-EACH_END)] : order;
    this.part(".filter").hidden = labels.length <= ALL;
    setText(this.part(".filter span"), t("tune.class_count", { count: countText(order.length) }));
    const makeRow = () => element("tr", {}, element("th", { scope: "row" }), ...NAMES.slice(1).map(() => element("td")));
    this.rows = keepChildren(this.part("tbody"), this.shown, makeRow);
    this.rows.forEach((row, i) => {
      row.classList.toggle("more", this.shown[i] === null);
      if (this.shown[i] !== null) return;
      setText(row.firstChild, t("tune.class_hidden", { count: countText(hidden) }));
      for (const cell of [...row.children].slice(1)) setText(cell, "");
    });
  }

  live(now) {
    this.#write(now);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      const later = this.desk.now(this.store);
      if (this.width === 0 || !later) return;
      this.#arrange(later);
      this.#write(later);
    }, SETTLED);
  }

  #write(now) {
    this.rows.forEach((row, i) => {
      const c = this.shown[i];
      if (c !== null) NAMES.forEach((name, n) => setText(row.children[n], WRITE[name](COLUMNS[name](now, c))));
    });
  }

  #rows() {
    const now = this.desk.now(this.store);
    const rows = now.evaluation.labels.map((_, c) => NAMES.map((name) => COLUMNS[name](now, c)));
    const head = ["class", "images", "accuracy", "accuracy_at_the_end", "mean_exit_block", "macs_saved"];
    return [head, ...rows.map((row) => row.map((value) => (Number.isNaN(value) ? "" : value)))];
  }
}
