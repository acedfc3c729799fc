// <depth-chart plotly-src="...">: how the top classes rise and fall from exit to exit.

import { classesToDraw, depthFigure, exitLines } from "./depth-figure.js";
import { setText } from "./dom.js";
import { adoptPlotlyStyle, loadPlotly } from "./plotly.js";
import { saveButtons } from "./save.js";
import { t } from "./strings.js";
import { onThemeChange, themeColor } from "./theme.js";
import { Widget } from "./widget.js";

const CHART_HEIGHT = 360;
const CONFIG = {
  displaylogo: false,
  displayModeBar: true,
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]],
};
const CHART_STYLE = `
.chart { height: ${CHART_HEIGHT}px; overflow: hidden; }
.none { position: absolute; }
`;

const chartMarkup = () => `
<div class="head">
  <h2 id="title">${t("explore.why_depth")}</h2>
  <span class="quiet small">${t("explore.depth_idea")}</span>
</div>
<p class="none quiet" role="status" hidden></p>
<div class="chart" role="img" aria-labelledby="title"></div>`;

export class DepthChart extends Widget {
  static style = CHART_STYLE;
  #plotly = null;
  #progress = "none"; // of loading Plotly: none, loading or failed; a failure is tried again when the tab is reopened
  #drawn = null; // the trace the figure shows
  #lines = ""; // the exits its upright lines stand at
  #look = null; // the theme's colours as drawn
  #endThemeWatch = null;

  static get markup() {
    return chartMarkup();
  }

  build() {
    if (this.chart) this.#plotly?.purge(this.chart);
    this.chart = this.part(".chart");
    this.#drawn = null;
    const image = (format) => this.#image(format);
    this.part(".head").append(saveButtons("class-probabilities", { image, csv: () => this.#rows() }));
    if (this.#plotly) adoptPlotlyStyle(this.shadowRoot);
  }

  connectedCallback() {
    super.connectedCallback();
    this.#endThemeWatch = onThemeChange(() => this.#draw());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#endThemeWatch?.();
  }

  update() {
    const { trace } = this.store;
    if (!trace) return;
    if (!this.#plotly) this.#load();
    else if (this.#drawn !== trace) this.#draw();
    else if (this.#lines !== this.#exits.join()) this.#moveLines();
  }

  /** The exit that fires and, where a person looks at another, that one. */
  get #exits() {
    const { fired, selectedExit } = this.store;
    return selectedExit === fired ? [fired] : [fired, selectedExit];
  }

  resize() {
    if (this.#progress === "failed") this.#progress = "none";
    if (this.width > 0 && this.#drawn) this.#draw();
    super.resize();
  }

  async #load() {
    if (this.#progress !== "none") return;
    this.#progress = "loading";
    this.#say(t("explore.depth_loading"));
    const source = this.getAttribute("plotly-src") ?? window.ExitExplorer?.plotlySrc;
    try {
      const plotly = await loadPlotly(source);
      this.#plotly = plotly;
      this.#say("");
      this.#draw();
      adoptPlotlyStyle(this.shadowRoot);
    } catch (error) {
      this.#progress = "failed";
      console.warn(error);
      this.#say(t("explore.depth_needs_plotly"));
    }
  }

  /** A sentence where the chart will be, or none. */
  #say(sentence) {
    this.part(".none").hidden = sentence === "";
    setText(this.part(".none"), sentence);
  }

  #theme() {
    const css = (name) => `rgb(${themeColor(this, name).join()})`;
    const font = getComputedStyle(this).fontFamily;
    return {
      ink: css("--ink"),
      quiet: css("--quiet"),
      line: css("--line"),
      accent: css("--accent-mark"),
      paper: themeColor(this, "--paper"),
      font,
    };
  }

  #draw() {
    const { trace } = this.store;
    if (!this.#plotly || !trace || this.width === 0) return;
    this.#look = this.#theme();
    const { data, layout } = depthFigure(trace, this.#exits, this.#look, CHART_HEIGHT);
    this.#plotly.react(this.chart, data, { ...layout, width: this.width }, CONFIG);
    this.#drawn = trace;
    this.#lines = this.#exits.join();
  }

  #moveLines() {
    this.#lines = this.#exits.join();
    this.#plotly.relayout(this.chart, { shapes: exitLines(this.store.trace, this.#exits, this.#look) });
  }

  /** The figure on the theme's paper, as a blob. */
  async #image(format) {
    const { data, layout } = depthFigure(this.store.trace, this.#exits, this.#look, CHART_HEIGHT);
    const figure = { data, layout: { ...layout, paper_bgcolor: `rgb(${this.#look.paper.join()})` } };
    const scale = format === "png" ? 2 : 1;
    const address = await this.#plotly.toImage(figure, { format, width: this.width, height: CHART_HEIGHT, scale });
    return (await fetch(address)).blob();
  }

  #rows() {
    const { trace } = this.store;
    const positions = classesToDraw(trace);
    const header = ["block", ...positions.map((position) => trace.classes[position].label)];
    const row = ({ block }, e) => [block, ...positions.map((position) => trace.probabilities[e][position])];
    return [header, ...trace.exits.map(row)];
  }
}
