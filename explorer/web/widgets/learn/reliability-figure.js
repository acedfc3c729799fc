// <reliability-figure>: accuracy over confidence for the exit in view, bin by bin, on the test images.

import { keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { linear } from "./axes.js";
import { FIGURE_STYLE } from "./figure-style.js";
import { measureWord } from "./goal-words.js";
import { decimal, percent } from "./numbers.js";
import { TourWidget } from "./tour-widget.js";

const SIZE = 300;
const EDGE = { top: 26, right: 10, bottom: 40, left: 40 };
const LARGEST = 11; // radius of a bin that holds every image, in pixels

const STYLE = `
${FIGURE_STYLE}
svg { max-width: 100%; height: auto; }
.diagonal { stroke: var(--faint); stroke-dasharray: 4 3; }
.gap { stroke: var(--accent-mark); stroke-width: 3; stroke-opacity: 0.45; }
.bin { fill: var(--accent-mark); stroke: var(--paper); stroke-width: 1; }
`;

const MARKUP = `
<div class="head"><h2></h2></div>
<p class="readout small"></p>
<p class="none" hidden></p>
<svg class="plot" role="img" width="${SIZE}" height="${SIZE}" viewBox="0 0 ${SIZE} ${SIZE}">
  <g class="grid"></g><path class="diagonal"/>
  <g class="gaps"></g><g class="bins"></g>
  <text id="sure" text-anchor="end"></text><text id="unsure"></text>
  <text id="xname" text-anchor="end"></text><text id="yname"></text>
</svg>
<p class="quiet small" id="share"></p>
<p class="unseen" role="status" aria-live="polite"></p>`;

export class ReliabilityFigure extends TourWidget {
  static style = STYLE;

  static get markup() {
    return MARKUP;
  }

  build() {
    const [low, high] = [SIZE - EDGE.bottom, EDGE.top];
    this.x = linear([0, 1], [EDGE.left, SIZE - EDGE.right]);
    this.y = linear([0, 1], [low, high]);
    const marks = [0, 0.25, 0.5, 0.75, 1];
    const tick = (value) => [
      svgElement("line", { x1: this.x(0), x2: this.x(1), y1: this.y(value), y2: this.y(value) }),
      svgElement("text", { x: this.x(0) - 6, y: this.y(value) + 4, "text-anchor": "end" }, String(value)),
      svgElement("text", { x: this.x(value), y: low + 16, "text-anchor": "middle" }, String(value)),
    ];
    this.part(".grid").append(...marks.flatMap(tick));
    setAttributes(this.part(".diagonal"), { d: `M${this.x(0)} ${low}L${this.x(1)} ${high}` });
    const texts = {
      sure: [this.x(1) - 6, this.y(0.06), t("learn.too_sure")],
      unsure: [this.x(0.03), this.y(0.94), t("learn.not_sure")],
      xname: [this.x(1), SIZE - 8, t("learn.axis_confidence")],
      yname: [0, 10, ""],
    };
    for (const [id, [x, y, text]] of Object.entries(texts)) {
      setAttributes(this.part(`#${id}`), { x, y });
      setText(this.part(`#${id}`), text);
    }
    setText(this.part("#share"), t("learn.bin_share"));
    setText(this.part(".none"), t("learn.no_evaluation"));
    const rows = () => [
      ["block", "bin", "share", "confidence", "accuracy"],
      ...this.tour.facts.exits.flatMap(({ bins }, e) =>
        bins.map((bin, b) => [this.tour.facts.blocks[e], b + 1, bin.share, bin.confidence, bin.accuracy]),
      ),
    ];
    this.part(".head").append(saveButtons("reliability", { svg: () => this.part(".plot"), csv: rows }));
  }

  draw() {
    const { facts } = this.tour;
    const { trace, selectedExit } = this.store;
    const exit = facts?.exits[selectedExit];
    this.part(".none").hidden = facts !== null;
    this.part(".plot").style.visibility = exit ? "visible" : "hidden";
    this.part(".save").hidden = !exit;
    if (!exit || !trace) return;
    setText(this.part("h2"), t("learn.reliability_title", { block: trace.exits[selectedExit].block }));
    const measure = measureWord(facts);
    const reading = t("learn.reliability_reading", {
      ece: decimal(exit.ece, 4),
      confidence: percent(exit.confidence, 2),
      accuracy: percent(facts.accuracy[selectedExit], 2),
      measure,
    });
    setText(this.part(".readout"), reading);
    setText(this.part("#yname"), t("learn.axis_accuracy", { measure }));
    const { bins } = exit;
    keepChildren(this.part(".gaps"), bins, () => svgElement("line", { class: "gap" })).forEach((line, b) => {
      const { confidence, accuracy } = bins[b];
      const x = this.x(confidence);
      setAttributes(line, { x1: x, x2: x, y1: this.y(confidence), y2: this.y(accuracy) });
    });
    keepChildren(this.part(".bins"), bins, () => svgElement("circle", { class: "bin" })).forEach((dot, b) => {
      const { confidence, accuracy, share } = bins[b];
      const r = Math.max(2.5, LARGEST * Math.sqrt(share));
      setAttributes(dot, { cx: this.x(confidence), cy: this.y(accuracy), r });
    });
    const named = `${this.part("h2").textContent}: ${reading}`;
    setAttributes(this.part(".plot"), { "aria-label": named });
    this.say(named);
  }
}
