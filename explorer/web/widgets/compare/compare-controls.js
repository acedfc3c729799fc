// <compare-controls>: side B's own rule and threshold, if it does not share A's.

import { element, setText } from "../dom.js";
import { SIDE_STYLE } from "./compare-style.js";
import { CompareWidget } from "./compare-widget.js";

const BOX_STYLE = `
${SIDE_STYLE}
.row { display: flex; gap: 0.75rem; }
rule-controls { flex: 1; min-width: 0; }
`;

export class CompareControls extends CompareWidget {
  static style = BOX_STYLE;
  static markup = '<div class="row"><span class="side-badge"></span></div>';

  build() {
    const badge = this.part(".side-badge");
    badge.dataset.side = this.side;
    setText(badge, this.side.toUpperCase());
    const controls = element("rule-controls");
    // A's controls are the page's, the same as in Explore.
    controls.store = this.side === "a" ? this.store : this.comparison[this.side];
    this.part(".row").append(controls);
  }

  update() {
    this.part(".side-badge").hidden = this.comparison.choice.linked;
  }
}
