// <stress-chart>: one corruption at all eleven severities: exit, probability and pictures, scrubbed by one slider.

import { CHOICES_STYLE, makeChoices } from "../choices.js";
import { keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { drawLanes, lanesIn, LANES_STYLE, makeLanes, scrubbed } from "./lanes.js";
import { rowsOf, sweepJson } from "./report.js";
import { pointText, stressStory } from "./story.js";
import { StressWidget } from "./stress-widget.js";
import { CORRUPTIONS, HARDEST } from "./stress.js";

const [LEFT, RIGHT] = [46, 34]; // room for the axis, and for half a picture
const HEIGHT = 312;
const PAUSE_MS = 500; // a screen reader hears where a drag ended, not every step of it
const STYLE = `
${CHOICES_STYLE}
${LANES_STYLE}
:host { position: relative; }
.choices { margin-bottom: 0.75rem; }
.story { min-height: 7.25em; max-width: 62rem; }
.axis, .ticks text { text-anchor: end; dominant-baseline: central; }
.ticks .number { text-anchor: middle; }
.ticks .now { fill: var(--ink); font-weight: 700; }
.strip rect { fill: none; stroke: transparent; stroke-width: 2; }
.strip .here rect { stroke: var(--accent-mark); }
.severity { position: relative; height: 1.75rem; }
.severity input { position: absolute; top: 0; width: auto; }
.busy { min-height: 1.45em; color: var(--quiet); }
.failed { padding: 0.5rem 0.75rem; border-left: 3px solid var(--accent-mark); background: var(--accent-soft); }
@container (min-width: 480px) { .story { min-height: 4.35em; } }
@container (min-width: 700px) { .story { min-height: 2.9em; } }
`;

/** A dot as in the legend. */
const dot = (kind) => `<svg width="12" height="12" aria-hidden="true"><circle class="dot ${kind}" cx="6" cy="6" r="4"/></svg>`;

export class StressChart extends StressWidget {
  static style = STYLE;

  static get markup() {
    return `
<div class="head"><h2 id="title"></h2><span class="quiet small">${t("stress.idea")}</span><span class="end"></span></div>
<p class="story"></p>
<p class="failed" role="alert" hidden><span></span> <button type="button" class="plain">${t("stress.again")}</button></p>
<svg class="plot" height="${HEIGHT}" role="img" aria-labelledby="title"><g class="ticks"></g><g class="strip"></g></svg>
<div class="severity"><input type="range" min="0" max="${HARDEST}" step="1" aria-label="${t("stress.severity")}"></div>
<p class="legend quiet small">
  <span>${dot("")}<span class="filled"></span></span><span>${dot("wrong")}<span class="hollow"></span></span>
  <span class="bar"><svg width="26" height="12" aria-hidden="true"><path class="limit" d="M0 6H26"/></svg>${t("stress.threshold")}</span>
  <span class="busy" role="status"></span>
</p>
<p class="unseen" role="status" aria-live="polite"></p>`;
  }

  build() {
    const names = Object.fromEntries(CORRUPTIONS.map((name) => [name, t(`stress.${name}`)]));
    this.choices = makeChoices(t("stress.corruption"), names, (name) => this.stress.setCorruption(name));
    this.part(".head").after(this.choices.node);
    this.svg = this.part(".plot");
    this.lanes = makeLanes();
    this.svg.append(this.lanes);
    this.slider = this.part(".severity input");
    this.slider.addEventListener("input", () => this.stress.setSeverity(this.slider.valueAsNumber));
    scrubbed(this.svg, (x) => this.stress.setSeverity(this.frame?.severityAt(x)));
    this.part(".failed button").addEventListener("click", () => this.stress.fetch(this.stress.corruption));
    const { stress } = this;
    const save = saveButtons("stress", {
      svg: () => this.svg,
      csv: () => rowsOf(stress, [stress.corruption]),
      json: () => sweepJson(stress, [stress.corruption]),
    });
    this.part(".end").append(save);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.telling);
  }

  update() {
    const { store, stress, width } = this;
    if (width === 0 || !store.trace || !store.ruleFacts) return;
    stress.need();
    const answer = stress.answer();
    const points = stress.points();
    const name = t(`stress.${stress.corruption}`);
    setText(this.part("#title"), t("stress.title", { corruption: name }));
    this.choices.choose(stress.corruption);
    setText(this.part(".busy"), answer?.traces || answer?.failed ? "" : t("stress.busy"));
    this.part(".failed").hidden = !answer?.failed;
    setText(this.part(".failed span"), answer?.failed ?? "");
    const truth = store.example?.label;
    setText(this.part(".story"), points ? stressStory(points, Boolean(truth)) : "");
    setText(this.part(".filled"), truth ? t("stress.dot_right") : t("stress.dot_same"));
    setText(this.part(".hollow"), truth ? t("stress.dot_wrong") : t("stress.dot_other"));
    this.#draw(points, answer?.pictures ?? []);
    this.#say(points, truth);
  }

  #draw(points, pictures) {
    const { store, stress, width } = this;
    const { trace, thresholds, rule } = store;
    this.frame = lanesIn({ left: LEFT, right: width - RIGHT, top: 24, deep: [116, 64], gap: 32, trace });
    setAttributes(this.svg, { viewBox: `0 0 ${width} ${HEIGHT}` });
    const limit = rule === "confidence" && !Array.isArray(thresholds) ? thresholds : null;
    drawLanes(this.lanes, this.frame, points, stress.severity, limit);
    this.part(".bar").hidden = limit === null;
    this.#drawTicks(trace);
    this.#drawStrip(pictures);
    const { x } = this.frame;
    this.slider.style.left = `${x(0) - 9}px`; // the thumb, 18 pixels wide, is under its severity
    this.slider.style.width = `${x(HARDEST) - x(0) + 18}px`;
    this.slider.style.setProperty("--filled", `${stress.severity * 10}%`);
    this.slider.value = stress.severity;
  }

  #drawTicks(trace) {
    const { frame } = this;
    const blocks = trace.exits.map(({ block }) => block);
    const stride = Math.ceil((16 * (blocks.at(-1) - blocks[0])) / (frame.floor - frame.top));
    const shown = blocks.filter((block) => block === blocks.at(-1) || (blocks.at(-1) - block) % stride === 0);
    const texts = [
      { x: LEFT, y: 8, text: t("stress.lane_exit"), anchor: "start" },
      { x: LEFT, y: frame.ceiling - 14, text: t("stress.lane_chance"), anchor: "start" },
      ...shown.map((block) => ({ x: LEFT - 12, y: frame.block(block), text: String(block) })),
      ...[0, 0.5, 1].map((p) => ({ x: LEFT - 12, y: frame.chance(p), text: String(p) })),
      ...Array.from({ length: HARDEST + 1 }, (_, severity) => ({
        x: frame.x(severity),
        y: HEIGHT - 6,
        text: String(severity),
        name: severity === this.stress.severity ? "number now" : "number",
      })),
    ];
    keepChildren(this.part(".ticks"), texts, () => svgElement("text")).forEach((node, i) => {
      const { x, y, text, anchor, name } = texts[i];
      setAttributes(node, { x, y, class: name ?? null, style: anchor ? `text-anchor:${anchor}` : null });
      setText(node, text);
    });
  }

  #drawStrip(pictures) {
    const { frame, stress } = this;
    const side = Math.min(44, frame.x(1) - frame.x(0) - 3);
    const top = frame.bottom + 10 + (44 - side) / 2;
    const make = () => svgElement("g", {}, svgElement("image"), svgElement("rect", { rx: 3 }));
    keepChildren(this.part(".strip"), pictures, make).forEach((group, severity) => {
      const [picture, border] = group.children;
      const box = { x: frame.x(severity) - side / 2, y: top, width: side, height: side };
      setAttributes(group, { class: severity === stress.severity ? "here" : null });
      setAttributes(picture, { ...box, href: pictures[severity], "image-rendering": this.coarse });
      setAttributes(border, box);
    });
  }

  /** Grey 28-pixel pictures are sent as PNG and keep hard pixels when they are drawn larger. */
  get coarse() {
    return this.stress.answer()?.pictures?.[0].startsWith("data:image/png") ? "pixelated" : null;
  }

  #say(points, truth) {
    const { blocks } = this.store.trace;
    const text = points ? pointText(points[this.stress.severity], blocks, Boolean(truth)) : "";
    setAttributes(this.slider, { "aria-valuetext": text || null });
    const story = points ? `${this.part(".story").textContent} ${text}` : "";
    if (story === this.told) return;
    this.told = story;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => setText(this.part(".unseen"), story), PAUSE_MS);
  }
}
