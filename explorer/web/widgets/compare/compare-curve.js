// <compare-curve>: the scores of both sides under one rule in one figure, against the threshold, which can be dragged.

import { pointsInUse, curveFrame, pathThrough, thresholdPath, valueTicks } from "../curve-frame.js";
import { keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { CURVE_STYLE } from "../score-curve-style.js";
import { t } from "../strings.js";
import { dragHandles } from "../threshold-handles.js";
import { scoreNoun } from "../words.js";
import { SIDE_STYLE } from "./compare-style.js";
import { CompareWidget } from "./compare-widget.js";

const CURVE_HEIGHT = 260;
const SIDES = ["a", "b"];

const PAIR_STYLE = `
${CURVE_STYLE}
${SIDE_STYLE}
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.curve.rest { stroke-width: 1.5; opacity: 0.55; }
[data-side=a] .curve { stroke: var(--ink); }
[data-side=b] .curve { stroke: var(--b); stroke-dasharray: 7 4; }
.dots .dot { stroke-width: 2; fill: var(--paper); }
[data-side=a] .dot { stroke: var(--ink); }
[data-side=b] .dot { stroke: var(--b); }
[data-side=a] .dot.ran { fill: var(--ink); }
[data-side=b] .dot.ran { fill: var(--b); }
.dot.later { opacity: 0.6; }
.fell { stroke-width: 2; }
[data-side=a] .fell { stroke: var(--ink); }
[data-side=b] .fell { stroke: var(--b); stroke-dasharray: 7 4; }
.name rect, .name circle { stroke-width: 2; }
[data-side=a] .name :is(rect, circle) { fill: var(--ink); stroke: var(--ink); }
[data-side=b] .name :is(rect, circle) { fill: var(--paper); stroke: var(--b); }
.name text { font-weight: 700; text-anchor: middle; dominant-baseline: central; }
[data-side=a] .name text { fill: var(--paper); }
[data-side=b] .name text { fill: var(--b); }
.line-b { fill: none; stroke: var(--b); stroke-width: 1.5; stroke-dasharray: 2 3; }
`;

export class CompareCurve extends CompareWidget {
  static style = PAIR_STYLE;
  frame = null;

  static get markup() {
    const side = (name) => `<g data-side="${name}"><path class="curve ran"/><path class="curve rest"/>
      <line class="fell"/><g class="dots"></g><g class="name"></g></g>`;
    return `<div class="head"><h2 id="title"></h2><span class="readout quiet small"></span></div>
      <svg class="plot" role="group" aria-labelledby="title" height="${CURVE_HEIGHT}">
        <g class="grid"></g><g class="xticks"></g><text class="axis"></text>
        <path class="line"/><path class="line-b"/><path class="strip"/>
        ${SIDES.toReversed().map(side).join("")}
        <g class="handles"></g>
      </svg>`;
  }

  // The handles are A's, whose rule and threshold are the page's; see threshold-handles.js.
  connectedCallback() {
    this.store = this.comparison.store;
    super.connectedCallback();
  }

  build() {
    this.svg = this.part(".plot");
    const { a } = this.comparison;
    const curve = this;
    this.handles = dragHandles({
      store: a,
      svg: this.svg,
      part: (selector) => this.part(selector),
      get frame() {
        return curve.frame;
      },
    });
    const save = saveButtons("both-exit-curves", { svg: () => this.svg });
    save.classList.add("end");
    this.part(".head").append(save);
  }

  update() {
    const { a, b } = this.comparison;
    const alike = a.rule === b.rule;
    this.closest(".ee-panel")?.toggleAttribute("hidden", !alike);
    if (!a.trace || !b.trace || !a.ruleFacts || !alike || this.width === 0) return;
    const blocks = [...new Set([a, b].flatMap(({ trace }) => trace.exits.map(({ block }) => block)))].sort(
      (x, y) => x - y,
    );
    const both = { exits: blocks.map((block) => ({ block })), blocks: blocks.at(-1) };
    this.frame = curveFrame(this.width, CURVE_HEIGHT, both, a.ruleFacts);
    this.#drawAxes(blocks, a);
    SIDES.forEach((side) => this.#drawSide(side, this.comparison[side]));
    const line = thresholdPath(this.frame, a.trace, a.thresholds);
    setAttributes(this.part(".line"), { d: line });
    setAttributes(this.part(".strip"), { d: Array.isArray(a.thresholds) ? "" : line });
    const apart = String(a.thresholds) !== String(b.thresholds);
    setAttributes(this.part(".line-b"), { d: apart ? thresholdPath(this.frame, b.trace, b.thresholds) : "" });
    this.handles.draw();
  }

  #drawAxes(blocks, { rule, ruleFacts, trace, fired }) {
    const { frame } = this;
    const other = this.comparison.b;
    const says = { blockA: trace.exits[fired].block, blockB: other.trace.exits[other.fired].block };
    setText(this.part("#title"), t("compare.curve", { noun: scoreNoun(rule, ruleFacts) }));
    setText(this.part(".readout"), t("compare.curve_says", says));
    setAttributes(this.svg, { viewBox: `0 0 ${frame.width} ${frame.height}` });
    setText(this.part(".axis"), t("compare.block"));
    setAttributes(this.part(".axis"), { x: frame.left - 8, y: frame.bottom + 18 });
    const ticks = valueTicks(ruleFacts, frame.high);
    const makeTick = () => svgElement("g", {}, svgElement("line"), svgElement("text"));
    keepChildren(this.part(".grid"), ticks, makeTick).forEach(({ children: [line, text] }, i) => {
      const y = frame.y(ticks[i]);
      setAttributes(line, { x1: frame.left, x2: frame.right, y1: y, y2: y });
      setAttributes(text, { x: frame.left - 8, y });
      setText(text, String(Number(ticks[i].toFixed(2))));
    });
    const stride = Math.ceil(18 / (2 * frame.half));
    keepChildren(this.part(".xticks"), blocks, () => svgElement("text")).forEach((text, i) => {
      const last = blocks.length - 1;
      const written = i === last || (i % stride === 0 && last - i >= stride);
      const left = blocks[i] === says.blockA || blocks[i] === says.blockB;
      setAttributes(text, {
        x: frame.x(blocks[i]),
        y: frame.bottom + 18,
        visibility: written ? null : "hidden",
        class: left ? "fired" : null,
      });
      setText(text, String(blocks[i]));
    });
  }

  #drawSide(side, { trace, scores, fired }) {
    const { frame } = this;
    const group = this.part(`[data-side=${side}]`);
    const points = trace.exits.map(({ block }, e) => [frame.x(block), frame.y(scores[e])]);
    const [x, y] = points[fired];
    setAttributes(group.querySelector(".ran"), { d: pathThrough(pointsInUse(points.slice(0, fired + 1), trace)) });
    setAttributes(group.querySelector(".rest"), { d: pathThrough(pointsInUse(points, trace, fired)) });
    // Side by side if both leave at the same block, so that neither line hides the other.
    const shift = side === "a" ? -2 : 2;
    setAttributes(group.querySelector(".fell"), { x1: x + shift, x2: x + shift, y1: y, y2: frame.bottom });
    const makeDot = () =>
      side === "a" ? svgElement("circle", { r: 4.5 }) : svgElement("rect", { width: 8, height: 8, x: -4, y: -4 });
    keepChildren(group.querySelector(".dots"), points, makeDot).forEach((dot, e) => {
      const [px, py] = points[e];
      setAttributes(dot, {
        class: e <= fired ? "dot ran" : "dot later",
        visibility: trace.leftOut?.[e] ? "hidden" : null,
        transform: `translate(${px.toFixed(1)} ${py.toFixed(1)})`,
      });
    });
    const name = group.querySelector(".name");
    if (!name.firstChild) {
      const shape =
        side === "a"
          ? svgElement("circle", { r: 9 })
          : svgElement("rect", { x: -9, y: -9, width: 18, height: 18, rx: 3 });
      name.append(shape, svgElement("text", {}, side.toUpperCase()));
    }
    // The letter is at the foot of its own line, away from the other's.
    setAttributes(name, { transform: `translate(${(x + shift * 6.5).toFixed(1)} ${frame.bottom - 12})` });
  }
}
