// <live-strip>: the exit block of every frame over time, the newest at the right.

import { keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { t } from "../strings.js";
import { LiveWidget } from "./live-widget.js";
import { EDGE, heightOf, HEIGHT, LEFT, stripPath } from "./strip-path.js";

const STYLE = `
svg { display: block; width: 100%; height: ${HEIGHT}px; }
.line { fill: none; stroke: var(--accent-mark); stroke-width: 2; stroke-linejoin: round; }
.grid { stroke: var(--line); }
text { fill: var(--quiet); font-size: 0.75rem; text-anchor: end; dominant-baseline: central; }
`;
export class LiveStrip extends LiveWidget {
  static style = STYLE;

  static get markup() {
    return `<div class="head"><h2 id="title">${t("live.strip")}</h2>
<span class="quiet small">${t("live.strip_idea")}</span></div>
<svg role="img" aria-labelledby="title says"><g></g><path class="line"></path></svg>
<p class="unseen" id="says"></p>`;
  }

  update() {
    const { live, store } = this;
    const exits = live.frame?.exits ?? store.trace?.exits;
    if (!exits) return;
    const { width } = this;
    setAttributes(this.part("svg"), { viewBox: `0 0 ${width} ${HEIGHT}` });
    const lines = keepChildren(this.part("g"), exits, () => svgElement("g", {}, svgElement("line", { class: "grid" }), svgElement("text")));
    exits.forEach(({ block }, i) => {
      const y = heightOf(i, exits.length);
      setAttributes(lines[i].firstChild, { x1: LEFT, x2: width - EDGE, y1: y, y2: y });
      setAttributes(lines[i].lastChild, { x: LEFT - 8, y });
      setText(lines[i].lastChild, String(block));
    });
    setAttributes(this.part(".line"), { d: stripPath(live.history, exits.length, width) || "M0 0" });
    const blocks = live.history.map(({ block }) => block);
    const mean = blocks.reduce((sum, one) => sum + one, 0) / blocks.length;
    setText(this.part("#says"), blocks.length ? t("live.strip_says", { frames: blocks.length, mean: mean.toFixed(1) }) : "");
  }
}
