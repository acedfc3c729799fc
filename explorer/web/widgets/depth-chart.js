// <depth-chart>: how the top classes rise and fall from exit to exit.

import { classStyle } from "./colormap.js";
import { curveFrame, pathThrough, valueTicks } from "./curve-frame.js";
import { classesToDraw, DASHES, MARKS } from "./depth-lines.js";
import { element, keepChildren, setAttributes, setText, svgElement } from "./dom.js";
import { saveButtons } from "./save.js";
import { t } from "./strings.js";
import { onThemeChange, themeColor } from "./theme.js";
import { Widget } from "./widget.js";
import { probabilityText } from "./words.js";

const HEIGHT = 320;
const RIGHT = 16; // there is no handle
const PROBABILITY = { min: 0, max: 1, step: 0.005 };

const CHART_STYLE = `
.plot { display: block; width: 100%; overflow: visible; font-size: 0.75rem; cursor: pointer; }
text { fill: var(--quiet); font-family: inherit; }
.grid line { stroke: var(--line); }
.grid text { text-anchor: end; dominant-baseline: central; }
.xticks text { text-anchor: middle; }
.xticks .fired { font-weight: 700; fill: var(--ink); }
.axis { text-anchor: end; }
.fires { stroke: var(--accent-mark); stroke-width: 2; }
.looked { stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 2 4; }
.flag { fill: var(--accent-ink); font-weight: 700; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.mark { stroke-width: 2; }
.readout { min-height: 1.45em; margin-bottom: 0.25rem; font-size: 0.8125rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.25rem 0 0; padding: 0; list-style: none; }
.legend li { display: inline-flex; align-items: center; gap: 0.5rem; }
.legend svg { flex: none; }
@container (max-width: 640px) { .readout { min-height: 2.9em; } }
`;

const chartMarkup = () => `
<div class="head">
  <h2 id="title">${t("explore.why_depth")}</h2>
  <span class="quiet small">${t("explore.depth_idea")}</span>
</div>
<p class="readout" id="readout"></p>
<svg class="plot" role="img" aria-labelledby="title readout" height="${HEIGHT}">
  <g class="grid"></g><g class="xticks"></g><text class="axis">${t("explore.curve_block")}</text>
  <line class="looked"/><line class="fires"/>
  <g class="curves"></g>
  <text class="flag">${t("explore.curve_leaves")}</text>
</svg>
<ul class="legend small"></ul>`;

export class DepthChart extends Widget {
  static style = CHART_STYLE;
  #frame = null;
  #classes = []; // positions of the classes that have a line
  #pointed = null; // the exit under the pointer, read out instead of the one in view
  #endThemeWatch = null;

  static get markup() {
    return chartMarkup();
  }

  build() {
    this.svg = this.part(".plot");
    this.part(".head").append(saveButtons("class-probabilities", { svg: () => this.svg, csv: () => this.#rows() }));
    this.svg.addEventListener("pointermove", (event) => this.#point(this.#exitAt(event)));
    this.svg.addEventListener("pointerleave", () => this.#point(null));
    this.svg.addEventListener("click", (event) => this.store.select(this.#exitAt(event)));
  }

  connectedCallback() {
    super.connectedCallback();
    this.#endThemeWatch = onThemeChange(() => this.resize());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#endThemeWatch?.();
  }

  update(changed) {
    const { trace } = this.store;
    if (!trace) return;
    if (changed.has("trace")) {
      this.#pointed = null;
      this.#classes = classesToDraw(trace);
      this.#frame = curveFrame(this.width, HEIGHT, trace, PROBABILITY, RIGHT);
      this.#drawAxes(trace);
      this.#drawCurves(trace);
    }
    this.#drawExits(trace);
  }

  #drawAxes(trace) {
    const frame = this.#frame;
    setAttributes(this.svg, { viewBox: `0 0 ${frame.width} ${frame.height}` });
    setAttributes(this.part(".axis"), { x: frame.left - 8, y: frame.bottom + 18 });
    const ticks = valueTicks(PROBABILITY, 1);
    const makeTick = () => svgElement("g", {}, svgElement("line"), svgElement("text"));
    keepChildren(this.part(".grid"), ticks, makeTick).forEach(({ children: [line, text] }, i) => {
      const y = frame.y(ticks[i]);
      setAttributes(line, { x1: frame.left, x2: frame.right, y1: y, y2: y });
      setAttributes(text, { x: frame.left - 8, y });
      setText(text, String(ticks[i]));
    });
    const stride = Math.ceil(18 / (2 * frame.half)); // numbers that would touch are left out
    const last = trace.exits.length - 1;
    keepChildren(this.part(".xticks"), trace.exits, () => svgElement("text")).forEach((text, e) => {
      const { block } = trace.exits[e];
      const written = e === last || (e % stride === 0 && last - e >= stride);
      setAttributes(text, { x: frame.x(block), y: frame.bottom + 18 });
      setText(text, written ? String(block) : "");
    });
  }

  #drawCurves(trace) {
    const { x, y } = this.#frame;
    const paper = themeColor(this, "--paper");
    const looks = this.#classes.map((_, n) => classStyle(n, paper));
    const curves = this.#classes.map((position, n) => {
      const points = trace.exits.map(({ block }, e) => [x(block), y(trace.probabilities[e][position])]);
      const { color, dash, marker } = looks[n];
      const line = svgElement("path", { class: "curve", d: pathThrough(points), stroke: color });
      setAttributes(line, { "stroke-dasharray": DASHES[dash] });
      const marks = points.map(([px, py]) => makeMark(marker, color, px, py));
      return svgElement("g", {}, line, ...marks);
    });
    this.part(".curves").replaceChildren(...curves.reverse()); // the most probable on top
    const entries = this.#classes.map((position, n) => {
      const { color, dash, marker } = looks[n];
      const line = svgElement("path", { class: "curve", d: "M1 8H33", stroke: color });
      setAttributes(line, { "stroke-dasharray": DASHES[dash] });
      const sample = svgElement("svg", { width: 34, height: 16, "aria-hidden": "true" }, line);
      sample.append(makeMark(marker, color, 17, 8));
      return element("li", {}, sample, trace.classes[position].label);
    });
    this.part(".legend").replaceChildren(...entries);
  }

  /** Where it left, which exit is in view, and the numbers there: what the threshold and a choice change. */
  #drawExits(trace) {
    const { fired, selectedExit } = this.store;
    const frame = this.#frame;
    const upright = (exit) => {
      const x = frame.x(trace.exits[exit].block);
      return { x1: x, x2: x, y1: frame.top, y2: frame.bottom };
    };
    setAttributes(this.part(".fires"), upright(fired));
    setAttributes(this.part(".looked"), upright(selectedExit));
    const { x1: x } = upright(fired);
    const crowded = x > frame.right - 90;
    const place = { x: x + (crowded ? -8 : 8), y: frame.top + 10, "text-anchor": crowded ? "end" : null };
    setAttributes(this.part(".flag"), place);
    [...this.part(".xticks").children].forEach((text, e) => {
      setAttributes(text, { class: e === fired ? "fired" : null });
    });
    this.#read(trace);
  }

  #read(trace) {
    const exit = this.#pointed ?? this.store.selectedExit;
    const answers = this.#classes.map((position) => {
      const probability = probabilityText(trace.probabilities[exit][position], 3);
      return t("explore.depth_answer", { label: trace.classes[position].label, probability });
    });
    const { block } = trace.exits[exit];
    setText(this.part(".readout"), t("explore.depth_readout", { block, answers: answers.join(", ") }));
  }

  #point(exit) {
    if (exit === this.#pointed || !this.store.trace) return;
    this.#pointed = exit;
    this.#read(this.store.trace);
  }

  /** The exit nearest the pointer. */
  #exitAt(event) {
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    const away = this.store.trace.exits.map(({ block }) => Math.abs(this.#frame.x(block) - x));
    return away.indexOf(Math.min(...away));
  }

  #rows() {
    const { trace } = this.store;
    const header = ["block", ...this.#classes.map((position) => trace.classes[position].label)];
    const row = ({ block }, e) => [block, ...this.#classes.map((position) => trace.probabilities[e][position])];
    return [header, ...trace.exits.map(row)];
  }
}

function makeMark(marker, color, x, y) {
  const place = `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  return svgElement("path", { class: "mark", d: MARKS[marker], fill: color, stroke: color, transform: place });
}
