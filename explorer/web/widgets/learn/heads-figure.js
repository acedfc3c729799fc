// <heads-figure>: which tokens a local and a global head combine, on a grid of seven by seven.

import { setAttributes, setText, svgElement } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { Widget } from "../widget.js";
import { FIGURE_STYLE } from "./figure-style.js";

const STYLE = `
${FIGURE_STYLE}
svg { max-width: 100%; height: auto; }
rect { fill: var(--hush); }
.used { fill: var(--accent-soft); stroke: var(--accent-mark); stroke-width: 1.25; }
.now { fill: var(--accent-mark); }
.link { stroke: var(--accent-mark); stroke-width: 1; stroke-opacity: 0.55; }
.window { fill: none; stroke: var(--ink); stroke-width: 1.5; }
`;

const SIDE = 7;
const STEP = 22;
const GAP = 56; // between the two grids

const MARKUP = `
<div class="head"><h2></h2></div>
<svg role="img" width="${2 * SIDE * STEP + GAP}" height="${SIDE * STEP + 26}"
  viewBox="0 0 ${2 * SIDE * STEP + GAP} ${SIDE * STEP + 26}"><g id="local"></g>
  <g id="global" transform="translate(${SIDE * STEP + GAP} 0)"></g></svg>`;

const centre = (index) => index * STEP + (STEP - 3) / 2;

export class HeadsFigure extends Widget {
  static style = STYLE;

  static get markup() {
    return MARKUP;
  }

  build() {
    setText(this.part("h2"), t("learn.heads_figure_title"));
    setAttributes(this.part("svg"), { "aria-label": t("learn.heads_figure") });
    const near = (row, column) => Math.abs(row - 2) < 2 && Math.abs(column - 3) < 2;
    this.#grid("#local", near, [2, 3], t("learn.local_head"));
    const window = { class: "window", x: 2 * STEP - 2, y: STEP - 2, width: 3 * STEP + 1, height: 3 * STEP + 1, rx: 3 };
    this.part("#local").append(svgElement("rect", window));
    const kept = (row, column) => row % 2 === 0 && column % 2 === 0;
    this.#grid("#global", kept, [2, 4], t("learn.global_head"), true);
    this.part(".head").append(saveButtons("heads", { svg: () => this.part("svg") }));
  }

  /** Tokens of which some are `used`; with lines from one of them, `now`, to the others if it attends to them. */
  #grid(selector, used, now, caption, linked = false) {
    const [links, squares] = [[], []];
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const own = row === now[0] && column === now[1];
        const place = { x: column * STEP, y: row * STEP, width: STEP - 3, height: STEP - 3, rx: 2 };
        squares.push(svgElement("rect", { ...place, class: own ? "now" : used(row, column) ? "used" : "" }));
        if (!linked || own || !used(row, column)) continue;
        const line = { x1: centre(now[1]), y1: centre(now[0]), x2: centre(column), y2: centre(row) };
        links.push(svgElement("line", { class: "link", ...line }));
      }
    }
    const text = svgElement("text", { x: 0, y: SIDE * STEP + 16 }, caption);
    this.part(selector).append(...squares, ...links, text);
  }
}
