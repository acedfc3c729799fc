// <score-curve>: the score at every exit against the threshold, which can be dragged; where they meet, it leaves.

import { pointsInUse, curveFrame, pathThrough, thresholdPath, valueTicks } from "./curve-frame.js";
import { thresholdAt } from "./decide.js";
import { keepChildren, setAttributes, setText, svgElement } from "./dom.js";
import { saveButtons } from "./save.js";
import { CURVE_STYLE } from "./score-curve-style.js";
import { t, translated } from "./strings.js";
import { dragHandles } from "./threshold-handles.js";
import { Widget } from "./widget.js";
import { answerAt, comparisonText, familyOf, ruleText, scoreNoun } from "./words.js";

const CURVE_HEIGHT = 236;
/** A marker as in the legend. */
const legendMarker = (names) => `<svg width="14" height="14" aria-hidden="true">
  <g class="${names}"><circle class="dot" cx="7" cy="7" r="4.5"/></g></svg>`;
const curveMarkup = () => `
<div class="head"><h2 id="title"></h2><span class="readout quiet small"></span></div>
<svg class="plot" role="group" aria-labelledby="title" height="${CURVE_HEIGHT}">
  <rect class="above"/>
  <g class="grid"></g><g class="xticks"></g><text class="axis">${t("explore.curve_block")}</text>
  <path class="ghost"/><path class="skipped"/><line class="drop"/><path class="ran"/>
  <g class="markers"></g>
  <path class="line"/><path class="strip"/>
  <text class="flag">${t("explore.curve_leaves")}</text>
  <g class="handles"></g>
</svg>
<p class="legend quiet small">
  <span>${legendMarker("marker agrees")}${t("explore.curve_agrees")}</span>
  <span>${legendMarker("marker")}${t("explore.curve_differs")}</span>
  <span id="previous">
    <svg width="26" height="14" aria-hidden="true"><path class="ghost" d="M1 7H25"/></svg><span class="previous"></span>
  </span>
</p>`;

export class ScoreCurve extends Widget {
  static style = CURVE_STYLE;

  static get markup() {
    return curveMarkup();
  }
  frame = null;

  build() {
    this.svg = this.part(".plot");
    this.part(".head").append(saveButtons("score-curve", { svg: () => this.svg, csv: () => this.#rows() }));
    this.handles = dragHandles(this);
    this.part(".markers").addEventListener("click", (event) => {
      const marker = event.target.closest("[data-exit]");
      if (marker) this.store.select(Number(marker.dataset.exit));
    });
  }

  update(changed) {
    const { trace, ruleFacts: rule } = this.store;
    if (!trace || !rule) return;
    if (changed.has("trace") || changed.has("rule") || changed.has("rules")) {
      this.frame = curveFrame(this.width, CURVE_HEIGHT, trace, rule);
      this.#drawAxes(trace, rule);
      this.#drawCurve(trace);
    }
    this.#drawDecision(trace, rule);
    this.handles.draw();
  }

  #drawAxes(trace, rule) {
    const { frame } = this;
    setText(this.part("#title"), t("explore.curve", { rule: ruleText(this.store.rule, rule, "title") }));
    setAttributes(this.part(".axis"), { x: frame.left - 8, y: frame.bottom + 18 });
    setAttributes(this.svg, { viewBox: `0 0 ${frame.width} ${frame.height}` });
    const ticks = valueTicks(rule, frame.high);
    const makeTick = () => svgElement("g", {}, svgElement("line"), svgElement("text"));
    keepChildren(this.part(".grid"), ticks, makeTick).forEach(({ children: [line, text] }, i) => {
      const y = frame.y(ticks[i]);
      setAttributes(line, { x1: frame.left, x2: frame.right, y1: y, y2: y });
      setAttributes(text, { x: frame.left - 8, y });
      setText(text, String(Number(ticks[i].toFixed(2))));
    });
    // Block numbers are thinned out if they would touch; the first and last always stay.
    const stride = Math.ceil(18 / (2 * frame.half));
    const makeBlock = () => svgElement("g", {}, svgElement("text"), svgElement("text", { class: "family" }));
    keepChildren(this.part(".xticks"), trace.exits, makeBlock).forEach((group, e) => {
      const exit = trace.exits[e];
      const last = trace.exits.length - 1;
      const written = e === last || (e % stride === 0 && last - e >= stride);
      const [number, family] = group.children;
      setAttributes(group, { visibility: written ? null : "hidden" });
      setAttributes(number, { x: frame.x(exit.block), y: frame.bottom + 18 });
      setAttributes(family, { x: frame.x(exit.block), y: frame.bottom + 32 });
      setText(number, String(exit.block));
      setText(family, familyOf(exit).letter);
    });
  }

  /** The curve itself and its ghost, which the threshold does not change. */
  #drawCurve(trace) {
    const { frame, store } = this;
    const points = (of) => {
      const scores = store.scoresOf(of);
      return of.exits.map(({ block }, e) => [frame.x(block), frame.y(scores[e])]);
    };
    this.points = points(trace);
    const ghost = store.previousTrace ? points(store.previousTrace) : [];
    setAttributes(this.part(".plot > .ghost"), { d: pathThrough(pointsInUse(ghost, store.previousTrace)) });
    this.part("#previous").style.visibility = ghost.length ? "visible" : "hidden";
    const previous = translated(store.previousTitle);
    const named = previous ? t("explore.curve_previous_named", { title: previous }) : t("explore.curve_previous");
    setText(this.part(".previous"), named);

    const answer = trace.predicted.at(-1);
    const circle = (name, r) => svgElement("circle", { class: name, r });
    const make = () =>
      svgElement(
        "g",
        {},
        ...[
          ["hit", 14],
          ["chosen", 12],
          ["ring", 8.5],
          ["dot", 4.5],
        ].map((c) => circle(...c)),
      );
    this.markers = keepChildren(this.part(".markers"), trace.exits, make);
    this.markers.forEach((marker, e) => {
      const [x, y] = this.points[e];
      setAttributes(marker, { "data-exit": e, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
      marker.agrees = trace.predicted[e] === answer;
    });
  }

  /** What the threshold changes: attributes only, so that a drag repaints within its frame. */
  #drawDecision(trace, rule) {
    const { frame, store, points } = this;
    const { fired, selectedExit, thresholds } = store;
    const line = thresholdPath(frame, trace, thresholds);
    setAttributes(this.part(".line"), { d: line });
    setAttributes(this.part(".strip"), { d: Array.isArray(thresholds) ? "" : line });
    const level = Array.isArray(thresholds) ? frame.top : frame.y(thresholds);
    const above = { x: frame.left, y: frame.top, width: frame.right - frame.left, height: level - frame.top };
    setAttributes(this.part(".above"), above);

    const [x, y] = points[fired];
    setAttributes(this.part(".ran"), { d: pathThrough(pointsInUse(points.slice(0, fired + 1), trace)) });
    setAttributes(this.part(".plot > .skipped"), { d: pathThrough(pointsInUse(points, trace, fired)) });
    setAttributes(this.part(".drop"), { x1: x, x2: x, y1: y, y2: frame.bottom });
    const crowded = x > frame.right - 90; // no room for the words to the right of the line
    setAttributes(this.part(".flag"), {
      x: x + (crowded ? -8 : 8),
      y: frame.bottom - 10,
      "text-anchor": crowded ? "end" : null,
    });
    this.markers.forEach((marker, e) => {
      const names = [
        "marker",
        marker.agrees && "agrees",
        e > fired && "skipped-dot",
        e === fired && "fired",
        e === selectedExit && "selected",
      ];
      setAttributes(marker, {
        class: names.filter(Boolean).join(" "),
        visibility: trace.leftOut?.[e] ? "hidden" : null,
      });
      setAttributes(this.part(".xticks").children[e].firstChild, { class: e === fired ? "fired" : null });
    });
    setText(this.part(".readout"), this.#readout(trace, rule, selectedExit, thresholds));
  }

  #readout(trace, rule, exit, thresholds) {
    const noun = scoreNoun(this.store.rule, rule);
    const score = this.store.scores[exit];
    const last = exit === trace.exits.length - 1;
    const compared = trace.leftOut?.[exit]
      ? t("explore.off")
      : last
      ? t("explore.curve_always", { noun, score: typeof score === "number" ? Number(score.toFixed(3)) : "–" })
      : t("explore.reason", { noun, comparison: comparisonText(rule, score, thresholdAt(thresholds, exit)) });
    const { block } = trace.exits[exit];
    return t("explore.curve_readout", { block, label: answerAt(trace, exit).label, compared });
  }

  #rows() {
    const { trace, rule, scores, thresholds } = this.store;
    const last = trace.exits.length - 1;
    const row = ({ block }, e) => {
      const agrees = trace.predicted[e] === trace.predicted[last];
      return [block, rule, scores[e], e === last ? null : thresholdAt(thresholds, e), answerAt(trace, e).label, agrees];
    };
    return [["block", "rule", "score", "threshold", "answer", "agrees_with_last"], ...trace.exits.map(row)];
  }
}
