// <stress-sweep>: all eight corruptions side by side, scrubbed together; a tap on one opens it above.

import { keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { drawLanes, lanesIn, LANES_STYLE, makeLanes, scrubbed } from "./lanes.js";
import { rowsOf, sweepJson } from "./report.js";
import { pointText } from "./story.js";
import { StressWidget } from "./stress-widget.js";
import { CORRUPTIONS, HARDEST } from "./stress.js";

const [CELL, GAP] = [190, 16]; // pixels: a cell's height, and the room between cells
const NARROW = 200; // pixels: a cell below this has room for the block but not for the answer
const STYLE = `
${LANES_STYLE}
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.875rem; margin-bottom: 0.75rem;
  min-height: 2.25rem; }
button.run {
  min-height: 2.25rem; padding: 0.25rem 0.875rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
button.run:hover:enabled { background: var(--accent-soft); }
button.run:disabled { border-color: var(--line); color: var(--quiet); cursor: default; }
progress { width: 10rem; height: 0.5rem; accent-color: var(--accent-mark); }
.cell { outline: none; }
.cell .hit { fill: transparent; }
.cell .name { fill: var(--ink); font-size: 0.875rem; font-weight: 650; }
.cell.narrow .name { font-size: 0.8125rem; }
.cell .none { text-anchor: middle; }
.cell .tick { text-anchor: end; dominant-baseline: central; }
.cell .ring { fill: none; stroke: none; }
.cell.chosen .ring { stroke: var(--faint); }
.cell:focus-visible .ring { stroke: var(--accent-ink); stroke-width: 2; }
`;

export class StressSweep extends StressWidget {
  static style = STYLE;

  static get markup() {
    return `
<div class="head"><h2 id="title">${t("stress.sweep_title")}</h2>
  <span class="quiet small">${t("stress.sweep_idea")}</span><span class="end"></span></div>
<div class="bar"><button type="button" class="run"></button>
  <progress max="${CORRUPTIONS.length}" aria-label="${t("stress.progress")}"></progress>
  <span class="state quiet" role="status"></span></div>
<svg class="plot" role="group" aria-labelledby="title"></svg>`;
  }

  build() {
    this.svg = this.part("svg");
    this.cells = CORRUPTIONS.map((name) => makeCell(name));
    this.svg.replaceChildren(...this.cells.map(({ node }) => node));
    this.part(".run").addEventListener("click", () => (this.stress.sweeping ? this.stress.stop() : this.stress.sweep()));
    scrubbed(this.svg, (x, y, starts) => this.#scrub(x, y, starts));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    const parts = {
      svg: () => this.svg,
      csv: () => rowsOf(this.stress, CORRUPTIONS),
      json: () => sweepJson(this.stress, CORRUPTIONS),
    };
    this.part(".end").append(saveButtons("stress-sweep", parts));
  }

  /** A drag belongs to the cell it started in. */
  #scrub(x, y, starts) {
    if (starts) {
      this.held = this.cells.find(({ box }) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + CELL);
      if (this.held) this.stress.setCorruption(this.held.name);
    }
    if (this.held) this.stress.setSeverity(this.held.lanes.severityAt(x));
  }

  #key(event) {
    const cell = this.cells.find(({ node }) => node === event.target);
    const { severity } = this.stress;
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const to = { Home: 0, End: HARDEST }[event.key] ?? (step && severity + step);
    if (!cell || (to === undefined && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    this.stress.setCorruption(cell.name);
    if (to !== undefined) this.stress.setSeverity(to);
  }

  update() {
    const { store, stress, width } = this;
    if (width === 0 || !store.trace || !store.ruleFacts) return;
    const { finished, sweeping } = stress;
    const all = finished === CORRUPTIONS.length;
    setText(this.part(".run"), t(sweeping ? "stress.cancel" : "stress.sweep"));
    this.part(".run").disabled = all;
    this.part("progress").value = finished;
    const failed = CORRUPTIONS.map((name) => stress.answer(name)?.failed).find(Boolean);
    const state = failed ?? t(all ? "stress.sweep_done" : "stress.sweep_state", { done: finished });
    setText(this.part(".state"), state);
    this.#draw();
  }

  #draw() {
    const { width } = this;
    const columns = width >= 860 ? 4 : width >= 280 ? 2 : 1;
    const rows = CORRUPTIONS.length / columns;
    const height = rows * CELL + (rows - 1) * GAP;
    setAttributes(this.svg, { viewBox: `0 0 ${width} ${height}`, height });
    const cellWidth = (width - (columns - 1) * GAP) / columns;
    this.cells.forEach((cell, i) => {
      const x = (i % columns) * (cellWidth + GAP);
      this.#drawCell(cell, { x, y: Math.floor(i / columns) * (CELL + GAP), width: cellWidth });
    });
  }

  #drawCell(cell, box) {
    const { store, stress } = this;
    const { trace, rule, thresholds } = store;
    const narrow = box.width < NARROW;
    const [left, right] = [box.x + 26, box.x + box.width - 10];
    const lanes = lanesIn({ left, right, top: box.y + 62, deep: [62, 36], gap: 16, trace });
    Object.assign(cell, { box, lanes });
    const points = stress.points(cell.name);
    const answer = stress.answer(cell.name);
    const limit = rule === "confidence" && !Array.isArray(thresholds) ? thresholds : null;
    drawLanes(cell.group, lanes, points, stress.severity, points ? limit : null);
    const chosen = cell.name === stress.corruption;
    setAttributes(cell.node, { class: `cell${chosen ? " chosen" : ""}${narrow ? " narrow" : ""}`, "aria-label": t(`stress.${cell.name}`) });
    setAttributes(cell.ring, { x: box.x + 1, y: box.y + 1, width: box.width - 2, height: CELL - 2 });
    setAttributes(cell.hit, { x: box.x, y: box.y, width: box.width, height: CELL });
    setAttributes(cell.title, { x: box.x + 10, y: box.y + 20 });
    setText(cell.title, t(`stress.${cell.name}`));
    const side = narrow ? 28 : 44;
    const picture = answer?.pictures?.[stress.severity] ?? null;
    const coarse = picture?.startsWith("data:image/png") ? "pixelated" : null;
    const corner = { x: right + 4 - side, y: box.y + 8, width: side, height: side };
    setAttributes(cell.picture, { ...corner, href: picture, "image-rendering": coarse });
    const point = points?.[stress.severity];
    const known = Boolean(store.example?.label);
    setAttributes(cell.line, { x: box.x + 10, y: box.y + 38 });
    setText(cell.line, point ? t(narrow ? "stress.cell_short" : "stress.cell", point) : "");
    setAttributes(cell.node, {
      "aria-valuenow": stress.severity,
      "aria-valuetext": point ? pointText(point, trace.blocks, known) : t("stress.not_run"),
    });
    setAttributes(cell.none, { x: (left + right) / 2, y: lanes.top + 36 });
    setText(cell.none, points ? "" : t(answer?.pending ? "stress.running" : "stress.not_run"));
    const ticks = [trace.exits[0].block, trace.blocks];
    keepChildren(cell.ticks, ticks, () => svgElement("text", { class: "tick" })).forEach((node, i) => {
      setAttributes(node, { x: left - 8, y: lanes.block(ticks[i]) });
      setText(node, String(ticks[i]));
    });
  }
}

function makeCell(name) {
  const parts = {
    hit: svgElement("rect", { class: "hit" }),
    ring: svgElement("rect", { class: "ring", rx: 6 }),
    title: svgElement("text", { class: "name" }),
    line: svgElement("text", { class: "line" }),
    picture: svgElement("image"),
    ticks: svgElement("g"),
    group: makeLanes(),
    none: svgElement("text", { class: "none" }),
  };
  const facts = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": HARDEST };
  return { name, ...parts, node: svgElement("g", facts, ...Object.values(parts)) };
}
