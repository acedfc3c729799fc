// <block-figure>: what one block does to the tokens, drawn upwards as in the exit ladder: two branches, two sums.

import { setAttributes, setText } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { Widget } from "../widget.js";
import { FIGURE_STYLE } from "./figure-style.js";

const STYLE = `
${FIGURE_STYLE}
svg { max-width: 100%; height: auto; }
.stream { stroke: var(--accent-mark); stroke-width: 3; fill: none; }
.branch { stroke: var(--quiet); stroke-width: 1.5; fill: none; }
.arrow { fill: var(--quiet); }
.box { fill: var(--paper); stroke: var(--quiet); stroke-width: 1.5; }
.sum { fill: var(--paper); stroke: var(--accent-mark); stroke-width: 2; }
.plus { stroke: var(--accent-mark); stroke-width: 2; }
.token { fill: var(--accent-soft); stroke: var(--accent-mark); stroke-width: 1.25; }
.cls { fill: var(--accent-mark); }
`;

const X = 70; // the residual stream
const TOKENS = [0, 1, 2, 3, 4];

/** A row of tokens, the first filled: [CLS]. */
const tokens = (y) =>
  TOKENS.map(
    (i) => `<rect class="token${i ? "" : " cls"}" x="${X - 42 + i * 17}" y="${y}" width="14" height="14"
    rx="2"/>`,
  ).join("");

/** A branch that leaves the stream at `y`, passes a norm and an operation, and is added back `up` above. */
const branch = (y, id) => `
  <path class="branch" d="M${X} ${y}H250V${y - 82}H${X + 12}"/>
  <path class="arrow" d="M${X + 10} ${y - 82}l8 -4.5v9z"/>
  <rect class="box" x="112" y="${y - 14}" width="76" height="28" rx="5"/>
  <text class="strong" data-t="norm" x="150" y="${y + 4}" text-anchor="middle"></text>
  <rect class="box" x="196" y="${y - 59}" width="108" height="36" rx="5"/>
  <text class="strong" data-t="${id}" x="250" y="${y - 37}" text-anchor="middle"></text>
  <text data-t="${id}_says" x="314" y="${y - 37}"></text>
  <circle class="sum" cx="${X}" cy="${y - 82}" r="10"/>
  <path class="plus" d="M${X - 5} ${y - 82}h10M${X} ${y - 87}v10"/>`;

const MARKUP = `
<div class="head"><h2></h2></div>
<svg role="img" width="480" height="316" viewBox="0 0 480 316">
  <path class="stream" d="M${X} 284V32"/>
  ${tokens(288)}${tokens(14)}
  <text x="122" y="300" data-t="tokens"></text><text x="122" y="26" data-t="tokens"></text>
  ${branch(252, "attention")}${branch(136, "mlp")}
</svg>`;

export class BlockFigure extends Widget {
  static style = STYLE;

  static get markup() {
    return MARKUP;
  }

  build(root) {
    setText(this.part("h2"), t("learn.block_figure_title"));
    setAttributes(this.part("svg"), { "aria-label": t("learn.block_figure") });
    for (const node of root.querySelectorAll("[data-t]")) setText(node, t(`learn.${node.dataset.t}`));
    this.part(".head").append(saveButtons("block", { svg: () => this.part("svg") }));
  }
}
