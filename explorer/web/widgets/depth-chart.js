// <depth-chart plotly-src="...">: how the top classes rise and fall from exit to exit, and a word on overthinking.

import { depthFigure, firedLine } from "./depth-figure.js";
import { setText } from "./dom.js";
import { verdict } from "./overthinking.js";
import { adoptPlotlyStyle, loadPlotly } from "./plotly.js";
import { onThemeChange, themeColor } from "./theme.js";
import { Widget } from "./widget.js";

const CHART_HEIGHT = 360;
const CHART_STYLE = `
.verdict { display: flex; gap: 0.5rem; min-height: 2.9em; margin-bottom: 0.25rem; max-width: 60rem; }
.verdict[data-kind=overthinking] { font-weight: 600; }
.verdict::before { content: "•"; color: var(--quiet); }
.verdict[data-kind=overthinking]::before { content: "⚠"; color: var(--accent-ink); }
.verdict[data-kind=depth]::before { content: "↗"; color: var(--accent-ink); }
.chart { height: ${CHART_HEIGHT}px; overflow: hidden; }
@container (min-width: 700px) { .verdict { min-height: 1.45em; } }
.none { position: absolute; }
`;

const CHART_MARKUP = `
<div class="head">
  <h2 id="title">Class probabilities over depth</h2>
  <span class="quiet small">the upright line is the exit that fires</span>
</div>
<p class="verdict"></p>
<div class="chart" role="img" aria-labelledby="title"><p class="none quiet" hidden></p></div>`;

export class DepthChart extends Widget {
  static style = CHART_STYLE;
  static markup = CHART_MARKUP;
  #plotly = null;
  #progress = "none"; // of loading Plotly: none, loading or failed; a failure is tried again when the tab is reopened
  #drawn = null; // the trace the figure shows
  #line = null; // the exit its upright line stands at
  #endThemeWatch = null;

  connectedCallback() {
    super.connectedCallback();
    this.#endThemeWatch = onThemeChange(() => this.#draw());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#endThemeWatch?.();
  }

  update(changed) {
    const { trace, example, fired } = this.store;
    if (!trace) return;
    if (changed.has("trace") || changed.has("example")) {
      const { kind, text } = verdict(trace, example?.label ?? null);
      this.part(".verdict").dataset.kind = kind;
      setText(this.part(".verdict"), text);
    }
    if (this.width === 0) return; // in a closed tab: neither load nor draw
    if (!this.#plotly) this.#load();
    else if (this.#drawn !== trace) this.#draw();
    else if (this.#line !== fired) this.#moveLine();
  }

  resize() {
    if (this.#progress === "failed") this.#progress = "none";
    if (this.width > 0 && this.#drawn) this.#draw();
    super.resize();
  }

  async #load() {
    if (this.#progress !== "none") return;
    this.#progress = "loading";
    const source = this.getAttribute("plotly-src") ?? window.ExitExplorer?.plotlySrc;
    try {
      const plotly = await loadPlotly(source);
      this.#plotly = plotly;
      this.part(".none").hidden = true;
      this.#draw();
      adoptPlotlyStyle(this.shadowRoot);
    } catch (error) {
      this.#progress = "failed";
      this.part(".none").hidden = false;
      setText(this.part(".none"), `The chart needs Plotly, and ${error.message} The other views work without it.`);
    }
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
    const { trace, fired } = this.store;
    if (!this.#plotly || !trace || this.width === 0) return;
    const theme = this.#theme();
    this.accent = theme.accent;
    const { data, layout } = depthFigure(trace, fired, theme, CHART_HEIGHT);
    this.#plotly.react(this.part(".chart"), data, { ...layout, width: this.width }, this.#config());
    this.#drawn = trace;
    this.#line = fired;
  }

  #moveLine() {
    const { trace, fired } = this.store;
    this.#line = fired;
    this.#plotly.relayout(this.part(".chart"), { shapes: [firedLine(trace, fired, this.accent)] });
  }

  #config() {
    const plotly = this.#plotly;
    const filename = "class-probabilities-over-depth";
    const save = (format) => (chart) =>
      plotly.downloadImage(chart, { format, filename, scale: format === "png" ? 2 : 1 });
    return {
      displaylogo: false,
      displayModeBar: true,
      modeBarButtons: [
        [
          { name: "Save as PNG", icon: plotly.Icons.camera, click: save("png") },
          { name: "Save as SVG", icon: plotly.Icons.disk, click: save("svg") },
        ],
        ["zoom2d", "pan2d", "resetScale2d"],
      ],
    };
  }
}
