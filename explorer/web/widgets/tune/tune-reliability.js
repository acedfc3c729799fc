// <tune-reliability>: how well calibrated each exit's confidence is: reliability diagram and calibration error.

import { element, keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { BINS, reliability } from "./calibration.js";
import { countText, percentText, pointsText } from "./numbers.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const RELIABILITY_STYLE = `
.exits { display: flex; flex-wrap: wrap; gap: 0.25rem; margin-bottom: 0.5rem; }
.exits button {
  padding: 0.125rem 0.5rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); cursor: pointer;
  line-height: 1.25; text-align: center;
}
.exits button:hover { border-color: var(--quiet); }
.exits [aria-pressed=true] { border-color: var(--accent-mark); box-shadow: 0 0 0 1px var(--accent-mark); font-weight: 650; }
.exits small { display: block; color: var(--quiet); font-size: 0.75rem; font-weight: 400; }
.says { min-height: 2.9em; }
.grid text { text-anchor: end; dominant-baseline: central; }
.xticks text { text-anchor: middle; }
.xname { text-anchor: end; }
.diagonal { stroke: var(--quiet); stroke-dasharray: 4 4; }
.bins .right { fill: var(--accent-mark); }
.bins .gap { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.bins .mean { stroke: var(--ink); stroke-width: 2; }
.counts rect { fill: var(--faint); }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1.125rem; margin-top: 0.25rem; }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; }
.legend i { display: inline-block; width: 0.75rem; height: 0.75rem; background: var(--accent-mark); }
.legend .mean { height: 0; border-top: 2px solid var(--ink); background: none; }
.legend .perfect { height: 0; border-top: 1.5px dashed var(--quiet); background: none; }
.legend .many { background: var(--faint); }
`;

const HEIGHT = 312;
const COUNTS = 44; // pixels of the histogram under the diagram
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 12, 32, 40];
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

export class TuneReliability extends TuneWidget {
  static style = TUNE_STYLE + RELIABILITY_STYLE;
  #measured = new WeakMap(); // which answers are right -> the reliability of every exit

  static get markup() {
    const legend = [
      ["", "bin_right"],
      ["mean", "bin_mean"],
      ["perfect", "bin_perfect"],
      ["many", "bin_many"],
    ].map(([kind, key]) => `<span><i class="${kind}" aria-hidden="true"></i><span class="${key}">${t(`tune.${key}`)}</span></span>`);
    return `
<div class="head"><h2 id="title"><glossary-term name="reliability">${t("tune.reliability")}</glossary-term></h2></div>
<div class="body">
  <div class="exits" role="group" aria-label="${t("tune.exit")}"></div>
  <p class="says" aria-live="polite"></p>
  <svg class="plot" role="img" height="${HEIGHT}">
    <g class="grid"></g><g class="xticks"></g><text class="xname"></text><text class="yname" x="0" y="14"></text>
    <line class="diagonal"/><g class="bins"></g><g class="counts"></g>
  </svg>
  <div class="legend small">${legend.join("")}</div>
  <p class="note"><glossary-term name="ece">ECE</glossary-term>: <span class="ece"></span></p>
</div>`;
  }

  build() {
    this.svg = this.part("svg");
    this.part(".head").append(saveButtons("reliability", { svg: () => this.svg, csv: () => this.#rows() }));
    this.part(".exits").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose([...this.part(".exits").children].indexOf(button));
    });
  }

  #exitsOf(split) {
    const sure = split.confidence ?? split.scores.confidence; // also of exits that are off
    const known = this.#measured.get(split.right) ?? Array.from({ length: split.exits }, (_, e) => reliability(split, sure, e));
    this.#measured.set(split.right, known);
    return known;
  }

  draw({ evaluation, split }) {
    const all = this.#exitsOf(split);
    const chosen = this.chosenExit ?? 0;
    const makeButton = () =>
      element("button", { type: "button" }, element("span"), element("small"));
    keepChildren(this.part(".exits"), all, makeButton).forEach((button, e) => {
      const { block } = evaluation.exits[e];
      setText(button.firstChild, String(block));
      setText(button.lastChild, (100 * all[e].ece).toFixed(1));
      setAttributes(button, {
        "aria-pressed": e === chosen,
        "aria-label": t("tune.exit_ece", { block, ece: pointsOf(all[e].ece) }),
      });
    });
    const found = all[chosen];
    const values = {
      block: evaluation.exits[chosen].block,
      ece: pointsOf(found.ece),
      lean: pointsOf(Math.abs(found.lean)),
      accuracy: percentText(split.rightAt[chosen] / split.count, 1),
    };
    const held = this.teacher ? "_teacher" : "";
    const says = t(`tune.${found.lean >= 0 ? "over" : "under"}confident${held}`, values);
    setText(this.part(".bin_right"), t(`tune.bin_right${held}`));
    setText(this.part(".ece"), t(`tune.ece_says${held}`, { bins: BINS }));
    setText(this.part(".says"), says);
    setAttributes(this.svg, { viewBox: `0 0 ${this.width} ${HEIGHT}`, "aria-label": says });
    this.#drawAxes();
    this.#drawBins(found);
    this.all = all;
  }

  #x(confidence) {
    return LEFT + confidence * (this.width - LEFT - RIGHT);
  }

  #y(accuracy) {
    return HEIGHT - BOTTOM - COUNTS - accuracy * (HEIGHT - BOTTOM - COUNTS - TOP);
  }

  #drawAxes() {
    const makeTick = () => svgElement("g", {}, svgElement("line"), svgElement("text"));
    const bottom = HEIGHT - BOTTOM;
    keepChildren(this.part(".grid"), TICKS, makeTick).forEach(({ children: [line, text] }, i) => {
      const y = this.#y(TICKS[i]);
      setAttributes(line, { x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y });
      setAttributes(text, { x: LEFT - 8, y });
      setText(text, percentText(TICKS[i], 0));
    });
    keepChildren(this.part(".xticks"), TICKS, () => svgElement("text")).forEach((text, i) => {
      setAttributes(text, { x: this.#x(TICKS[i]), y: bottom + 16 });
      setText(text, String(TICKS[i]));
    });
    setAttributes(this.part(".xname"), { x: this.width - RIGHT, y: bottom + 34 });
    setText(this.part(".xname"), t("tune.confidence_axis"));
    setText(this.part(".yname"), t(this.teacher ? "tune.agreement" : "tune.accuracy"));
    setAttributes(this.part(".diagonal"), { x1: this.#x(0), y1: this.#y(0), x2: this.#x(1), y2: this.#y(1) });
  }

  #drawBins({ count, confidence, accuracy }) {
    const most = Math.max(...count);
    const bins = Array.from({ length: BINS }, (_, b) => b);
    const wide = Math.max(0, this.#x(1 / BINS) - this.#x(0) - 2);
    const makeBin = () =>
      svgElement("g", {}, svgElement("title"), svgElement("rect", { class: "right" }), svgElement("line", { class: "mean" })); // prettier-ignore
    keepChildren(this.part(".bins"), bins, makeBin).forEach(({ children: [title, bar, mean] }, b) => {
      const x = this.#x(b / BINS) + 1;
      const full = count[b] > 0;
      const top = this.#y(full ? accuracy[b] : 0);
      setAttributes(bar, { x, y: top, width: wide, height: this.#y(0) - top });
      const y = this.#y(full ? confidence[b] : 0);
      setAttributes(mean, { x1: x, x2: x + wide, y1: y, y2: y, visibility: full ? null : "hidden" });
      setText(title, this.#binText(count[b], confidence[b], accuracy[b], b));
    });
    const base = HEIGHT - BOTTOM;
    keepChildren(this.part(".counts"), bins, () => svgElement("rect")).forEach((bar, b) => {
      const height = (count[b] / most) * (COUNTS - 10);
      setAttributes(bar, { x: this.#x(b / BINS) + 1, y: base - height, width: wide, height });
    });
  }

  #binText(count, confidence, accuracy, bin) {
    const values = {
      from: (bin / BINS).toFixed(2),
      to: ((bin + 1) / BINS).toFixed(2),
      count: countText(count),
      confidence: percentText(confidence, 1),
      accuracy: percentText(accuracy, 1),
    };
    return t(count ? `tune.bin${this.teacher ? "_teacher" : ""}` : "tune.bin_empty", values);
  }

  #rows() {
    const { evaluation } = this.desk.now(this.store);
    const rows = this.all.flatMap(({ count, confidence, accuracy }, e) =>
      [...count].map((n, b) => [
        evaluation.exits[e].block,
        b / BINS,
        (b + 1) / BINS,
        n,
        n ? confidence[b] : "",
        n ? accuracy[b] : "",
      ]),
    );
    return [["block", "confidence_above", "confidence_up_to", "images", "mean_confidence", "accuracy"], ...rows];
  }
}

function pointsOf(share) {
  return pointsText(share).replace("+", "");
}
