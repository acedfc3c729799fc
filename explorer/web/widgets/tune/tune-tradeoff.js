// <tune-tradeoff>: accuracy against MACs as the threshold moves; the live point can be dragged along its curve.

import { pathThrough } from "../curve-frame.js";
import { element, keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { CLASSES } from "../reading.js";
import { thresholdText } from "../threshold.js";
import { grainText, macsText, ruleText } from "../words.js";
import { countText, marginText, percentText } from "./numbers.js";
import { candidates, curve, nearestCost, settable } from "./tradeoff.js";
import { tradeoffFrame } from "./tradeoff-frame.js";
import { TRADEOFF_STYLE } from "./tradeoff-style.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const HEIGHT = 400;
const PAGE_STEPS = 10;

export class TuneTradeoff extends TuneWidget {
  static style = TUNE_STYLE + TRADEOFF_STYLE;
  #curves = new WeakMap(); // split -> {rule -> points}: drawn often, computed once
  #over = false; // whether the rule's curve at every grain is drawn instead of every rule's
  #laid = ""; // the grains that were drawn over each other

  static get markup() {
    return `
<div class="head"><h2 id="title"><glossary-term name="trade-off">${t("tune.tradeoff")}</glossary-term></h2>
  <label class="over small"><input type="checkbox" id="over"> ${t("tune.over")}</label>
  <span class="quiet small readout"></span></div>
<div class="body">
  <svg class="plot" role="group" aria-labelledby="title" height="${HEIGHT}">
    <g class="grid"></g><g class="xticks"></g>
    <text class="axis xname"></text><text class="axis yname" x="0" y="12"></text>
    <g class="curves"></g><path class="single-line"/><g class="singles"></g><g class="ends"></g>
    <path class="drop"/>
    <g class="live" role="slider" tabindex="0">
      <circle class="hit" r="18"/><circle class="halo" r="11"/><circle class="dot" r="7"/>
    </g>
  </svg>
  <div class="legend small"></div>
  <p class="note axis-note"></p>
</div>`;
  }

  build() {
    this.svg = this.part("svg");
    this.dot = this.part(".live");
    const parts = { svg: () => this.svg, csv: () => this.#rows() };
    this.part(".head").append(saveButtons("trade-off", parts));
    const over = this.part("#over");
    over.checked = this.#over;
    over.addEventListener("change", () => {
      this.#over = over.checked;
      for (const grain of this.#over ? this.#grains() : []) this.desk.open(this.store.model, grain);
      const now = this.desk.now(this.store);
      if (now) (this.draw(now), this.live(now));
    });
    let held = false;
    const drag = (event) => {
      if (held) this.#moveTo(event.clientX - this.svg.getBoundingClientRect().left);
    };
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = true;
      this.svg.setPointerCapture(event.pointerId);
      this.dot.focus({ preventScroll: true });
      event.preventDefault();
      drag(event);
    });
    this.svg.addEventListener("pointermove", drag);
    this.dot.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      this.svg.addEventListener(end, () => (held = false));
    this.dot.addEventListener("keydown", (event) => this.#key(event));
  }

  /** All exits together, kept apart as a list while each may have its own; as the slider does. */
  #set(threshold) {
    const { thresholds } = this.store;
    this.store.setThresholds(Array.isArray(thresholds) ? thresholds.map(() => threshold) : threshold);
  }

  #moveTo(x) {
    const now = this.desk.now(this.store);
    if (now) this.#set(this.reach.thresholds[nearestCost(this.reach, this.frame.macs(x))]);
  }

  #key(event) {
    const { ruleFacts: rule, thresholds } = this.store;
    const size = event.shiftKey ? PAGE_STEPS : 1;
    const steps = { ArrowUp: size, ArrowRight: size, ArrowDown: -size, ArrowLeft: -size, PageUp: PAGE_STEPS, PageDown: -PAGE_STEPS }[event.key]; // prettier-ignore
    const to = { Home: rule.min, End: rule.max }[event.key];
    if (steps === undefined && to === undefined) return;
    event.preventDefault();
    const middle = Array.isArray(thresholds) ? thresholds.reduce((a, b) => a + b, 0) / thresholds.length : thresholds;
    this.#set(to ?? middle + steps * rule.step);
  }

  #curvesOf({ split }, plain = this.desk.entry(this.store.model, this.store.grain).evaluation) {
    if (!this.#curves.has(split)) {
      const all = Object.entries(split.scores).map(([rule, scores]) => {
        const { splits, macs } = this.desk.under(plain, this.store, rule);
        return [rule, curve(splits[split.name], scores, candidates(split, scores), macs)];
      });
      this.#curves.set(split, Object.fromEntries(all));
    }
    return this.#curves.get(split);
  }

  #grains() {
    return [CLASSES, ...this.store.grains.map(({ name }) => name)];
  }

  /** The rule's curve at every loaded grain: {grain -> points}. Requests the others. */
  #curvesOver({ split }) {
    const { store, desk } = this;
    const all = this.#grains().flatMap((grain) => {
      desk.open(store.model, grain);
      const plain = desk.entry(store.model, grain)?.evaluation;
      const other = plain && desk.under(plain, store).splits[split.name];
      if (!other?.scores[store.rule]) return [];
      return [[grain, this.#curvesOf({ split: other }, plain)[store.rule]]];
    });
    return Object.fromEntries(all);
  }

  draw(now) {
    const { evaluation, split, scores } = now;
    this.part(".over").hidden = this.store.grains.length === 0;
    const over = this.#over && this.store.grains.length > 0;
    const curves = over ? this.#curvesOver(now) : this.#curvesOf(now);
    this.#laid = over ? Object.keys(curves).join() : "";
    this.reach = curve(split, scores, settable(this.store.ruleFacts), evaluation.macs);
    const alone = evaluation.exits.map(({ block }, e) => ({
      block,
      macs: evaluation.macs_single[e],
      accuracy: split.rightAt[e] / split.count,
    }));
    const never = { macs: evaluation.macs.at(-1), accuracy: alone.at(-1).accuracy };
    const drawn = Object.values(curves).flatMap(({ accuracy, macs }) => [...macs].map((m, i) => ({ macs: m, accuracy: accuracy[i] }))); // prettier-ignore
    this.frame = tradeoffFrame(this.width, HEIGHT, [...drawn, ...alone, never]);
    this.#drawAxes(split);
    this.#drawCurves(curves, over ? this.store.grain : this.store.rule);
    this.#drawMarks(alone, never);
    this.#drawLegend(curves, over);
  }

  #drawAxes(split) {
    const { frame } = this;
    setAttributes(this.svg, { viewBox: `0 0 ${frame.width} ${frame.height}` });
    const makeTick = () => svgElement("g", {}, svgElement("line"), svgElement("text"));
    keepChildren(this.part(".grid"), frame.yticks, makeTick).forEach(({ children: [line, text] }, i) => {
      const y = frame.y(frame.yticks[i]);
      setAttributes(line, { x1: frame.left, x2: frame.right, y1: y, y2: y });
      setAttributes(text, { x: frame.left - 8, y });
      setText(text, percentText(frame.yticks[i], frame.digits));
    });
    const makeText = () => svgElement("text");
    keepChildren(this.part(".xticks"), frame.xticks, makeText).forEach((text, i) => {
      setAttributes(text, { x: frame.x(frame.xticks[i]), y: frame.bottom + 18 });
      setText(text, (frame.xticks[i] / frame.unit.size).toFixed(frame.xdigits));
    });
    setAttributes(this.part(".xname"), { x: frame.right, y: frame.bottom + 36 });
    setText(this.part(".xname"), t("tune.macs_axis", { unit: frame.unit.sign }));
    setText(this.part(".yname"), t(split.teacher ? "tune.agreement" : "tune.accuracy"));
    const share = split.rightAt.at(-1) / split.count;
    const values = {
      low: percentText(frame.yticks[0], frame.digits),
      count: countText(split.count),
      error: marginText(share, split.count),
    };
    setText(this.part(".axis-note"), t("tune.axis_note", values));
  }

  #drawCurves(curves, current) {
    const names = Object.keys(curves);
    const paths = keepChildren(this.part(".curves"), names, () => svgElement("path"));
    paths.forEach((path, i) => {
      const { accuracy, macs } = curves[names[i]];
      const points = [...macs].map((spent, t) => [this.frame.x(spent), this.frame.y(accuracy[t])]);
      const now = names[i] === current;
      setAttributes(path, { d: pathThrough(points), class: now ? "now" : `other other-${i % 3}` });
    });
  }

  #drawMarks(alone, never) {
    const { frame } = this;
    const place = ({ macs, accuracy }) => [frame.x(macs), frame.y(accuracy)];
    setAttributes(this.part(".single-line"), { d: pathThrough(alone.map(place)) });
    const makeSingle = () =>
      svgElement("g", {}, svgElement("title"), svgElement("rect", { x: -4, y: -4, width: 8, height: 8 }), svgElement("text", { y: 17 })); // prettier-ignore
    keepChildren(this.part(".singles"), alone, makeSingle).forEach((mark, e) => {
      const [x, y] = place(alone[e]);
      setAttributes(mark, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
      const values = { block: alone[e].block, accuracy: percentText(alone[e].accuracy), macs: macsText(alone[e].macs) };
      setText(mark.children[0], t("tune.single_title", values));
      setText(mark.children[2], String(alone[e].block));
    });
    const makeEnd = () =>
      svgElement("g", {}, svgElement("title"), svgElement("path", { d: "M0 -6L6 0L0 6L-6 0Z" }));
    const [end] = keepChildren(this.part(".ends"), [never], makeEnd);
    const [x, y] = place(never);
    setAttributes(end, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    const values = { accuracy: percentText(never.accuracy), macs: macsText(never.macs) };
    setText(end.children[0], t("tune.never_title", values));
  }

  #drawLegend(curves, over) {
    const { rules, rule, grain, grains } = this.store;
    const item = (kind, text) => element("span", {}, element("i", { class: kind, "aria-hidden": "true" }), text);
    const classes = { name: CLASSES, labels: { length: grains[0]?.groups.length } };
    const text = (name) =>
      over ? grainText(grains.find((one) => one.name === name) ?? classes) : ruleText(name, rules[name], "title");
    const lines = Object.keys(curves).map((name, i) =>
      item(name === (over ? grain : rule) ? "line now" : `line other-${i % 3}`, text(name)),
    );
    this.part(".legend").replaceChildren(
      ...lines,
      item("square", t("tune.single")),
      item("diamond", t("tune.never")),
      item("ring", t("tune.live_point")),
    );
  }

  live(now) {
    // Another grain's evaluation has arrived since this was drawn.
    if (this.#laid && Object.keys(this.#curvesOver(now)).join() !== this.#laid) this.draw(now);
    const { split, tally } = now;
    const { frame } = this;
    const { ruleFacts: rule, thresholds } = this.store;
    const x = frame.x(tally.meanMacs);
    const y = frame.y(tally.accuracy);
    setAttributes(this.dot, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    setAttributes(this.part(".drop"), {
      d: `M${frame.left} ${y.toFixed(1)}H${x.toFixed(1)}V${frame.bottom}`,
    });
    const apart = Array.isArray(thresholds);
    const values = {
      threshold: apart ? t("tune.one_each") : thresholdText(rule, thresholds),
      rule: ruleText(this.store.rule, rule, "title"),
      accuracy: percentText(tally.accuracy),
      macs: macsText(tally.meanMacs),
    };
    const text = t(split.teacher ? "tune.live_agreement" : "tune.live_accuracy", values);
    setText(this.part(".readout"), text);
    const middle = apart ? thresholds.reduce((a, b) => a + b, 0) / thresholds.length : thresholds;
    setAttributes(this.dot, {
      "aria-label": t("tune.live_point"),
      "aria-valuemin": rule.min,
      "aria-valuemax": rule.max,
      "aria-valuenow": middle,
      "aria-valuetext": text,
    });
  }

  #rows() {
    const now = this.desk.now(this.store);
    const rows = Object.entries(this.#curvesOf(now)).flatMap(([rule, { thresholds, accuracy, macs }]) =>
      [...thresholds].map((threshold, i) => [rule, threshold, accuracy[i], macs[i]]),
    );
    return [["rule", "threshold", "accuracy", "mean_macs"], ...rows];
  }
}
