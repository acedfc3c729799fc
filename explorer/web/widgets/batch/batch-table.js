// <batch-table>: every picture of the batch with its answer, where it left and what it cost; sortable.

import { element, setAttributes, setText } from "../dom.js";
import { saveButtons } from "../save.js";
import { t, translated } from "../strings.js";
import { probabilityText } from "../words.js";
import { BatchWidget } from "./batch-widget.js";
import { COLUMNS, csvRows, jsonRows, ordered } from "./results.js";

const STYLE = `
.scroll { max-height: 36rem; overflow: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.25rem 0.625rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; z-index: 1; padding: 0; background: var(--paper); }
thead button {
  width: 100%; padding: 0.375rem 0.625rem; border: 0; background: none; color: var(--quiet); cursor: pointer;
  font-size: 0.8125rem; font-weight: 600; text-align: inherit;
}
thead button:hover { color: var(--ink); }
thead button:focus-visible { outline-offset: -3px; }
[aria-sort] button { color: var(--ink); }
[aria-sort=ascending] button::after { content: " ↑"; }
[aria-sort=descending] button::after { content: " ↓"; }
.picture { width: 3rem; padding: 0.1875rem 0.375rem; }
.image, .answer { text-align: left; }
tbody th { max-width: 16rem; overflow: hidden; text-overflow: ellipsis; font-weight: 400; text-align: left;
  unicode-bidi: isolate; }
td.answer { max-width: 12rem; overflow: hidden; text-overflow: ellipsis; }
.error { white-space: normal; text-align: left; color: var(--quiet); }
.error::before { content: "✗ "; }
.look {
  display: block; width: 2.25rem; height: 2.25rem; padding: 0; border: 1px solid var(--line); border-radius: 4px;
  overflow: hidden; background: var(--well); cursor: pointer;
}
.look:hover { border-color: var(--accent-mark); }
img { display: block; width: 100%; height: 100%; object-fit: contain; }
.empty { min-height: 3rem; color: var(--quiet); }
.shares { margin: 0.75rem 0 0; }
@container (max-width: 520px) {
  th, td, thead button { padding-inline: 0.375rem; }
  tbody th { max-width: 7.5rem; }
  td.answer { max-width: 6rem; }
}
`;

export class BatchTable extends BatchWidget {
  static style = STYLE;
  #column = null;
  #down = false;
  #made = []; // a table row per report, as the reports came
  #of = null; // the first report, which tells one run from another

  static get markup() {
    const heads = COLUMNS.map(
      (name) => `<th scope="col" class="${name}" data-column="${name}"><button type="button">${t(`batch.col_${name}`)}</button></th>`,
    );
    return `
<div class="head"><h2 id="title">${t("batch.table")}</h2><span class="quiet small">${t("batch.table_idea")}</span>
  <span class="end"></span></div>
<p class="empty">${t("batch.empty")}</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title" hidden>
  <table aria-labelledby="title">
    <thead><tr><td class="picture"></td>${heads.join("")}</tr></thead><tbody></tbody>
  </table>
</div>
<p class="shares quiet small" hidden>${t("batch.ms_says")}</p>`;
  }

  build() {
    this.#made = [];
    this.part("thead").addEventListener("click", (event) => {
      const head = event.target.closest("th");
      if (head) this.#sort(head.dataset.column);
    });
    this.part("tbody").addEventListener("click", (event) => {
      const look = event.target.closest(".look");
      if (look) this.batch.look(Number(look.dataset.index));
    });
    const { batch } = this;
    const parts = { csv: () => csvRows(batch.rows), json: () => jsonRows(batch.rows) };
    this.part(".end").append(saveButtons("batch", parts));
  }

  /** Ascending, then descending, then in their original order. */
  #sort(column) {
    if (column !== this.#column) [this.#column, this.#down] = [column, false];
    else if (!this.#down) this.#down = true;
    else this.#column = null;
    this.#show();
  }

  update(changed) {
    if (!changed.has("batch")) return;
    const { rows } = this.batch;
    this.part(".empty").hidden = rows.length > 0;
    this.part(".scroll").hidden = rows.length === 0;
    this.part(".shares").hidden = rows.length === 0;
    if (rows[0] !== this.#of) [this.#of, this.#made] = [rows[0], []];
    for (let i = this.#made.length; i < rows.length; i++) this.#made.push(tableRow(rows[i], i));
    this.#show();
  }

  #show() {
    for (const head of this.shadowRoot.querySelectorAll("thead th")) {
      const here = head.dataset.column === this.#column;
      setAttributes(head, { "aria-sort": here ? (this.#down ? "descending" : "ascending") : null });
    }
    const order = ordered(this.batch.rows, this.#column, this.#down);
    this.part("tbody").replaceChildren(...order.map((i) => this.#made[i]));
  }
}

function tableRow(row, index) {
  const name = element("th", { scope: "row", title: row.image }, row.image);
  if (row.error) {
    const cells = [element("td", { class: "picture" }), name, element("td", { class: "error", colspan: 5 }, translated(row.error))];
    return element("tr", {}, ...cells);
  }
  const picture = element("img", { loading: "lazy", decoding: "async", alt: "", src: row.thumbnail });
  const look = element("button", { type: "button", class: "look", "data-index": index }, picture);
  setAttributes(look, { "aria-label": t("batch.look", { image: row.image }), title: t("batch.look_short") });
  const [{ label, probability }] = row.prediction;
  const percent = Math.round((1 - row.macs.used / row.macs.full) * 100);
  const answer = element("td", { class: "answer", title: label });
  setText(answer, label);
  const texts = [
    probabilityText(probability, 3),
    String(row.exit.block),
    `${percent < 0 ? "−" : ""}${Math.abs(percent)} %`,
    row.ms.used.toFixed(1),
  ];
  return element(
    "tr",
    {},
    element("td", { class: "picture" }, look),
    name,
    answer,
    ...texts.map((text) => element("td", {}, text)),
  );
}
