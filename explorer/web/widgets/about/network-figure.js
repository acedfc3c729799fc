// <network-figure>: the chosen model as a row of blocks, its exits above them, each with the kind of its head.

import { setAttributes, setText, svgElement } from "../dom.js";
import { FIGURE_STYLE } from "../learn/figure-style.js";
import { listed } from "../learn/numbers.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { Widget } from "../widget.js";
import { familyOf } from "../words.js";
import { cardOf } from "./card.js";

const HEIGHT = 104;
const BLOCKS_TOP = 62;

const STYLE = `
${FIGURE_STYLE}
.stream { stroke: var(--accent-mark); stroke-width: 3; }
.block { fill: var(--paper); stroke: var(--quiet); stroke-width: 1.5; }
.up { stroke: var(--quiet); stroke-width: 1.25; }
.badge { fill: var(--paper); stroke: var(--quiet); stroke-width: 1.5; }
.badge.linear { stroke-dasharray: 3 2; }
.badge.final { stroke: none; }
svg .letter { fill: var(--ink); font-size: 11px; font-weight: 700; }
`;

const MARKUP = `
<div class="head"><h2></h2><span class="quiet small" id="says"></span></div>
<svg class="plot" role="img" height="${HEIGHT}"></svg>
<p class="legend quiet small"></p>`;

export class NetworkFigure extends Widget {
  static style = STYLE;
  #shape = "";
  #titles = new Map(); // model -> its title

  static get markup() {
    return MARKUP;
  }

  build() {
    this.#shape = "";
    this.part(".head").append(saveButtons("network", { svg: () => this.part(".plot") }));
  }

  update() {
    const { trace, model } = this.store;
    if (!trace || this.width === 0) return;
    if (model && !this.#titles.has(model)) this.#ask(model);
    setText(this.part("h2"), t("learn.network_title", { title: this.#titles.get(model) ?? trace.model }));
    const shape = JSON.stringify([this.width, trace.blocks, trace.exits]);
    if (shape === this.#shape) return;
    this.#shape = shape;

    const early = trace.exits.slice(0, -1);
    const named = trace.exits.map((exit) =>
      t("learn.network_exit", { block: exit.block, letter: familyOf(exit).letter }),
    );
    const blocks = early.map(({ block }) => block);
    const [first, last] = [blocks[0], blocks.at(-1)];
    const unbroken = blocks.length > 2 && last - first === blocks.length - 1;
    const exits = unbroken ? `${first}–${last}` : listed(blocks);
    setText(this.part("#says"), t("learn.network_says", { blocks: trace.blocks, exits }));
    const svg = this.part(".plot");
    setAttributes(svg, {
      viewBox: `0 0 ${this.width} ${HEIGHT}`,
      width: this.width,
      "aria-label": t("learn.network_alt", { blocks: trace.blocks, exits: listed(named) }),
    });
    svg.replaceChildren(...this.#parts(trace));
    const families = new Map(trace.exits.map((exit) => [familyOf(exit).letter, familyOf(exit).name]));
    setText(this.part(".legend"), [...families].map(([letter, name]) => `${letter} ${name}`).join("  ·  "));
  }

  async #ask(model) {
    this.#titles.set(model, model); // until the server gives the title
    const card = await cardOf(model).catch(() => null);
    if (!card) return;
    this.#titles.set(model, card.title);
    this.update();
  }

  #parts(trace) {
    const left = 46; // room for the word before the first block
    const step = Math.min(48, (this.width - left - 2) / trace.blocks);
    const wide = step - Math.min(8, step / 4);
    const middle = (block) => left + (block - 1) * step + wide / 2;
    const stride = Math.ceil(18 / step); // numbers are thinned out if they would touch
    const y = BLOCKS_TOP + 15;
    const parts = [
      svgElement("text", { x: 0, y: y + 4 }, t("learn.network_in")),
      svgElement("line", { class: "stream", x1: left - 12, x2: middle(trace.blocks), y1: y, y2: y }),
    ];
    for (let block = 1; block <= trace.blocks; block++) {
      const box = { class: "block", x: middle(block) - wide / 2, y: BLOCKS_TOP, width: wide, height: 30, rx: 4 };
      parts.push(svgElement("rect", box));
      if (block !== trace.blocks && (block - 1) % stride !== 0) continue;
      if (block !== trace.blocks && trace.blocks - block < stride) continue;
      parts.push(svgElement("text", { x: middle(block), y: y + 4, "text-anchor": "middle" }, String(block)));
    }
    for (const exit of trace.exits) {
      const { letter } = familyOf(exit);
      // The exit comes after its block: its line starts at the block's far edge.
      const x = Math.min(middle(exit.block) + wide / 2 - 2, this.width - 14);
      const size = Math.min(20, step - 2);
      const round = exit.family === "global" ? size / 2 : 3;
      const badge = { class: `badge ${exit.family}`, x: x - size / 2, y: 22, width: size, height: 20, rx: round };
      parts.push(
        svgElement("line", { class: "up", x1: x, x2: x, y1: 42, y2: BLOCKS_TOP }),
        svgElement("rect", badge),
        svgElement("text", { class: "letter", x, y: 36, "text-anchor": "middle" }, letter),
      );
    }
    return parts;
  }
}
