// <tune-rules>: every rule at the same savings, as a table and as one figure at every grain. Loaded when opened.

import { ask } from "../ask.js";
import { element, setText } from "../dom.js";
import { loadPlotly } from "../parts.js";
import { CLASSES } from "../reading.js";
import { t } from "../strings.js";
import { onThemeChange, themeColor } from "../theme.js";
import { factorText, grainText, msText, ruleText } from "../words.js";
import { percentText } from "./numbers.js";
import { candidates, curve } from "./tradeoff.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

// Okabe and Ito's colours, distinguishable for the colour-blind; dashes show the grain, so colour is not the only cue.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c"];
const DASHES = ["solid", "dash", "dot"];
const MARKS = ["circle", "square", "diamond", "cross"];

const STYLE = `${TUNE_STYLE}
.figure { min-height: 30rem; }
.body:not([hidden]) { display: grid; gap: 1rem; }
`;

export class TuneRules extends TuneWidget {
  static style = STYLE;
  #open = false;
  #rows = null; // of the requested model
  #model = null;
  #drawn = ""; // what the figure shows
  #endTheme = null;
  #saving = 2;

  static get markup() {
    return `<style id="plotly-style"></style>
<div class="head"><h2 id="title">${t("tune.rules")}</h2>
  <button type="button" class="button open">${t("tune.rules_open")}</button></div>
<div class="body" hidden>
  <p class="note says" role="status"></p>
  <fieldset><legend>${t("tune.rules_saving")}</legend><div class="choices savings"></div></fieldset>
  <div class="scroll"><table aria-labelledby="title"><thead><tr></tr></thead><tbody></tbody></table></div>
  <p class="note">${t("tune.rules_note")}</p>
  <div class="figure" role="img" aria-label="${t("tune.rules_figure")}"></div>
  <p class="note">${t("tune.rules_figure_note")}</p>
</div>`;
  }

  build() {
    this.#drawn = "";
    this.part(".open").addEventListener("click", () => this.#toggle());
    this.part(".savings").addEventListener("change", (event) => {
      this.#saving = Number(event.target.value);
      this.#showTable();
    });
    const heads = ["rule", "threshold", "accuracy", "fewer", "ece", "block", "ms_1", "ms_64"];
    this.part("thead tr").append(...heads.map((name) => element("th", { scope: "col" }, t(`tune.rules_${name}`))));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#endTheme?.();
    this.#endTheme = null;
  }

  #toggle() {
    this.#open = !this.#open;
    this.#endTheme ??= onThemeChange(() => this.#open && this.#draw());
    this.#show();
  }

  draw() {
    if (this.#open) this.#show();
  }

  live() {
    if (this.#open) this.#draw();
  }

  #show() {
    this.part(".body").hidden = !this.#open;
    setText(this.part(".open"), t(this.#open ? "tune.rules_close" : "tune.rules_open"));
    if (!this.#open) return;
    this.#fetch();
    this.#draw();
  }

  async #fetch() {
    const { model } = this.store;
    if (this.#model === model) return this.#showTable();
    this.#model = model;
    this.#rows = null;
    setText(this.part(".says"), t("tune.rules_waiting"));
    try {
      const { rows } = await ask("rules_table", { model });
      if (this.store.model !== model) return; // the next model has its own request
      this.#rows = rows;
      setText(this.part(".says"), rows.length ? "" : t("tune.rules_none"));
    } catch (error) {
      if (this.store.model !== model) return;
      this.#model = null;
      setText(this.part(".says"), error.message);
    }
    this.#showTable();
  }

  #showTable() {
    const { grain, rules } = this.store;
    const rows = (this.#rows ?? []).filter((row) => row.grain === grain);
    const savings = [...new Set(rows.map(({ saving }) => saving))];
    if (!savings.includes(this.#saving)) this.#saving = savings.at(-1) ?? this.#saving;
    this.part(".savings").replaceChildren(
      ...savings.map((saving) => {
        const input = element("input", { type: "radio", name: "saving", value: saving });
        input.checked = saving === this.#saving;
        return element("label", {}, input, element("span", {}, factorText(saving)));
      }),
    );
    this.part("fieldset").hidden = this.part(".scroll").hidden = rows.length === 0;
    const shown = rows.filter(({ saving }) => saving === this.#saving);
    this.part("tbody").replaceChildren(
      ...shown.map((row) => {
        const cells = [
          Number.isInteger(rules[row.rule]?.step) ? String(row.threshold) : row.threshold.toPrecision(3),
          percentText(row.accuracy),
          factorText(row.by_macs) + (row.reached ? "" : " *"),
          row.ece === null ? "–" : (100 * row.ece).toFixed(2),
          row.block.toFixed(2),
          msText(row.ms_1),
          msText(row.ms_64),
        ];
        const title = ruleText(row.rule, rules[row.rule], "title");
        return element("tr", {}, element("th", { scope: "row" }, title), ...cells.map((cell) => element("td", {}, cell))); // prettier-ignore
      }),
    );
  }

  /** Every rule's curve at every grain whose evaluation is loaded; requests the others. */
  #traces(split) {
    const { store, desk } = this;
    const named = [CLASSES, ...store.grains.map(({ name }) => name)];
    const classes = { name: CLASSES, labels: { length: store.grains[0]?.groups.length ?? 0 } };
    return named.flatMap((grain, g) => {
      desk.open(store.model, grain);
      const plain = desk.entry(store.model, grain)?.evaluation;
      if (!plain?.splits[split]) return [];
      const facts = store.grains.find(({ name }) => name === grain) ?? classes;
      const title = facts.labels.length ? grainText(facts) : t("tune.rules_classes");
      return Object.keys(plain.splits[split].scores).map((rule, r) => {
        const { splits, macs, macs_full: full } = desk.under(plain, store, rule);
        const scores = splits[split].scores[rule];
        const points = curve(splits[split], scores, candidates(splits[split], scores, 120), macs);
        const name = ruleText(rule, store.rules[rule], "title");
        return {
          x: [...points.macs].map((spent) => spent / full),
          y: [...points.accuracy].map((share) => 100 * share),
          customdata: [...points.thresholds].map((one) => (Number.isFinite(one) ? one.toPrecision(4) : "∞")),
          name,
          uid: `${store.model} ${grain} ${rule}`, // by which Plotly recognises the curve, wherever it is in the list
          legendgroup: title,
          legendgrouptitle: { text: title },
          mode: "lines+markers",
          visible: grain === store.grain ? true : "legendonly", // the others have another height: one click away
          line: { color: COLOURS[r % COLOURS.length], dash: DASHES[g % DASHES.length], width: 1.75 },
          marker: { symbol: MARKS[Math.floor(r / COLOURS.length) % MARKS.length], size: 4, maxdisplayed: 12 },
          hovertemplate: t("tune.rules_hover", { rule: name, grain: title }),
        };
      });
    });
  }

  async #draw() {
    const { store } = this;
    const loaded = [CLASSES, ...store.grains.map(({ name }) => name)].filter((grain) => this.desk.entry(store.model, grain)?.evaluation); // prettier-ignore
    const ink = `rgb(${themeColor(this, "--ink").join()})`;
    const line = `rgb(${themeColor(this, "--line").join()})`;
    const narrow = this.width < 620;
    const split = this.desk.splitIn(this.desk.entry(store.model, store.grain)?.evaluation);
    const key = [store.model, store.grain, split, loaded.join(), store.leftOut, narrow, ink, line].join(" ");
    if (key === this.#drawn) return;
    this.#drawn = key;
    let library;
    try {
      library = await loadPlotly();
    } catch {
      this.#drawn = "";
      setText(this.part(".says"), t("tune.rules_no_figure"));
      return;
    }
    if (key !== this.#drawn) return; // something else is to be drawn now
    const layout = {
      // While this stays the same, a redraw keeps which curves a reader switched off and where they zoomed to: the
      // other grains come one by one, and the theme may change at any time.
      uirevision: `${store.model} ${store.grain}`,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink, family: "inherit" },
      margin: { l: 56, r: 8, t: 8, b: 48 },
      height: narrow ? 720 : 480,
      showlegend: true,
      legend: narrow ? { orientation: "h", y: -0.25, groupclick: "toggleitem" } : { groupclick: "toggleitem" },
      xaxis: { title: { text: t(narrow ? "tune.rules_x_short" : "tune.rules_x") }, gridcolor: line, zeroline: false, tickformat: ".0%" },
      yaxis: { title: { text: t(`tune.rules_y_${split}`) }, gridcolor: line, zeroline: false },
      hovermode: "closest",
    };
    const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] };
    await library.react(this.part(".figure"), this.#traces(split), layout, options);
    this.#takeStyles();
  }

  /** Plotly puts its style rules into the document, where they do not reach a shadow root. */
  #takeStyles() {
    const sheets = [...document.querySelectorAll('style[id^="plotly.js-style"]')].map(({ sheet }) => sheet);
    const rules = sheets.flatMap((sheet) => [...(sheet?.cssRules ?? [])].map(({ cssText }) => cssText));
    setText(this.part("#plotly-style"), rules.join("\n"));
  }
}
