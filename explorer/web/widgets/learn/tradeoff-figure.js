// <tradeoff-figure>: accuracy over cost as one confidence threshold moves, on the model's whole test set, and the
// point of the current threshold. In the lesson on choosing thresholds also the validation set, drawn behind it.

import { keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { linear, tickDigits, ticks } from "./axes.js";
import { FIGURE_STYLE } from "./figure-style.js";
import { measureWord } from "./goal-words.js";
import { pointAt } from "./goals.js";
import { decimal, percent } from "./numbers.js";
import { TourWidget } from "./tour-widget.js";

const HEIGHT = 260;
const EDGE = { top: 12, right: 12, bottom: 42, left: 48 };

const STYLE = `
${FIGURE_STYLE}
.curve { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.curve.validation { stroke: var(--quiet); stroke-dasharray: 4 3; stroke-width: 1.5; }
.final { stroke: var(--faint); stroke-dasharray: 2 3; }
.cross { stroke: var(--accent-mark); stroke-dasharray: 3 3; }
.point { fill: var(--accent-mark); stroke: var(--paper); stroke-width: 2; }
.point.validation { fill: var(--paper); stroke: var(--accent-mark); stroke-width: 2.5; }
`;

const swatch = (names) => `<svg width="26" height="12" aria-hidden="true"><path class="${names}" d="M1 6H25"/></svg>`;

const MARKUP = `
<div class="head"><h2></h2><span class="quiet small" id="says"></span></div>
<p class="readout small"></p>
<p class="none" hidden></p>
<svg class="plot" role="img" height="${HEIGHT}">
  <g class="grid"></g><g class="xticks"></g>
  <text class="xname" text-anchor="end"></text><text class="yname" x="0" y="10"></text>
  <line class="final"/><text class="finalname"></text>
  <path class="curve validation"/><path class="curve test"/>
  <g class="live"><line class="cross" id="down"/><line class="cross" id="across"/>
    <circle class="point validation" r="6"/><circle class="point test" r="6"/></g>
</svg>
<p class="legend quiet small">
  <span>${swatch("curve")}<span id="test"></span></span>
  <span id="other">${swatch("curve validation")}<span id="validation"></span></span>
</p>
<p class="unseen" role="status" aria-live="polite"></p>`;

export class TradeoffFigure extends TourWidget {
  static style = STYLE;

  static get markup() {
    return MARKUP;
  }

  build() {
    setText(this.part("h2"), t("learn.tradeoff_figure_title"));
    setText(this.part(".none"), t("learn.no_evaluation"));
    for (const split of ["test", "validation"]) setText(this.part(`#${split}`), t(`learn.curve_${split}`));
    const rows = () => {
      const { thresholds, curves } = this.tour.facts;
      const columns = Object.entries(curves).flatMap(([split, { accuracy, macs }]) => [
        [`${split} accuracy`, accuracy],
        [`${split} macs`, macs],
      ]);
      const head = ["threshold", ...columns.map(([name]) => name)];
      return [head, ...thresholds.map((threshold, i) => [threshold, ...columns.map(([, values]) => values[i])])];
    };
    this.part(".head").append(saveButtons("trade-off", { svg: () => this.part(".plot"), csv: rows }));
  }

  draw() {
    const { facts } = this.tour;
    this.part(".none").hidden = facts !== null;
    this.part(".plot").style.visibility = facts ? "visible" : "hidden";
    this.part(".save").hidden = !facts;
    if (!facts || this.width === 0) return;
    const split = this.tour.lesson.id === "ship" ? "validation" : "test";
    const both = split === "validation";
    setText(this.part("#says"), t(both ? "learn.ship_figure_says" : "learn.tradeoff_figure_says"));
    this.part("#other").hidden = !both;
    for (const part of [".plot .curve.validation", ".point.validation"])
      setAttributes(this.part(part), { display: both ? null : "none" });
    this.#drawAxes(facts, both);
    this.#drawPoint(facts, split);
  }

  #drawAxes(facts, both) {
    const shown = both ? ["test", "validation"] : ["test"];
    const cost = shown.flatMap((name) => facts.curves[name].macs.map((macs) => (100 * macs) / facts.macs_full));
    const right = shown.flatMap((name) => [...facts.curves[name].accuracy, facts.final[name]].map((a) => 100 * a));
    const padded = (values, share) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = (high - low || 1) * share;
      return [low - room, high + room];
    };
    const [xs, ys] = [padded(cost, 0.03), padded(right, 0.12)];
    const frame = { right: this.width - EDGE.right, bottom: HEIGHT - EDGE.bottom };
    this.x = linear(xs, [EDGE.left, frame.right]);
    this.y = linear(ys, [frame.bottom, EDGE.top + 10]);
    setAttributes(this.part(".plot"), { viewBox: `0 0 ${this.width} ${HEIGHT}`, width: this.width });

    const [xTicks, yTicks] = [ticks(...xs, this.width < 420 ? 4 : 7), ticks(...ys, 5)];
    const makeTick = () => svgElement("g", {}, svgElement("line"), svgElement("text"));
    keepChildren(this.part(".grid"), yTicks, makeTick).forEach(({ children: [line, text] }, i) => {
      const y = this.y(yTicks[i]);
      setAttributes(line, { x1: EDGE.left, x2: frame.right, y1: y, y2: y });
      setAttributes(text, { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" });
      setText(text, decimal(yTicks[i], tickDigits(yTicks)));
    });
    keepChildren(this.part(".xticks"), xTicks, () => svgElement("text")).forEach((text, i) => {
      setAttributes(text, { x: this.x(xTicks[i]), y: frame.bottom + 17, "text-anchor": "middle" });
      setText(text, decimal(xTicks[i], tickDigits(xTicks)));
    });
    setAttributes(this.part(".xname"), { x: frame.right, y: frame.bottom + 36 });
    setText(this.part(".xname"), t("learn.axis_cost"));
    setText(this.part(".yname"), t("learn.axis_measure", { measure: measureWord(facts) }));

    const final = facts.final[both ? "validation" : "test"];
    const y = this.y(100 * final);
    setAttributes(this.part(".final"), { x1: EDGE.left, x2: frame.right, y1: y, y2: y });
    setAttributes(this.part(".finalname"), { x: frame.right, y: y - 5, "text-anchor": "end" });
    setText(this.part(".finalname"), t("learn.last_exit", { value: percent(final, 2) }));
    for (const name of ["test", "validation"])
      setAttributes(this.part(`.plot .curve.${name}`), { d: this.#path(facts, name) });
  }

  #place(facts, name, i) {
    const { macs, accuracy } = facts.curves[name];
    return [this.x((100 * macs[i]) / facts.macs_full), this.y(100 * accuracy[i])];
  }

  #path(facts, name) {
    const points = facts.thresholds.map((_, i) =>
      this.#place(facts, name, i)
        .map((p) => p.toFixed(1))
        .join(" "),
    );
    return `M${points.join("L")}`;
  }

  #drawPoint(facts, split) {
    const { rule, thresholds } = this.store;
    const live = rule === "confidence" && !Array.isArray(thresholds);
    setAttributes(this.part(".live"), { visibility: live ? null : "hidden" });
    let reading = t("learn.tradeoff_no_point");
    if (live) {
      const i = pointAt(facts, thresholds);
      const [x, y] = this.#place(facts, split, i);
      setAttributes(this.part("#down"), { x1: x, x2: x, y1: y, y2: HEIGHT - EDGE.bottom });
      setAttributes(this.part("#across"), { x1: EDGE.left, x2: x, y1: y, y2: y });
      for (const name of ["test", "validation"]) {
        const [cx, cy] = this.#place(facts, name, i);
        setAttributes(this.part(`.point.${name}`), { cx, cy });
      }
      reading = t("learn.tradeoff_reading", {
        threshold: decimal(thresholds, 3),
        cost: percent(facts.curves[split].macs[i] / facts.macs_full, 1),
        accuracy: percent(facts.curves[split].accuracy[i], 2),
        measure: measureWord(facts),
      });
    }
    const named = split === "validation" ? `${t("learn.curve_validation")}: ${reading}` : reading;
    setText(this.part(".readout"), named);
    setAttributes(this.part(".plot"), { "aria-label": named });
    this.say(named);
  }
}
