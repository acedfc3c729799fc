// <compare-choice>: what is compared, two images, two models or two rules, and whether both share the controls.

import { CHOICES_STYLE } from "../choices.js";
import { element, setText } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { MODES } from "./choice.js";
import { CompareWidget } from "./compare-widget.js";
import { differenceData, differenceTable, sideOf } from "./differences.js";

const CHOICE_STYLE = `
${CHOICES_STYLE}
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1.25rem; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
.says { flex: 1 1 14rem; color: var(--quiet); font-size: 0.8125rem; }
.linked { display: inline-flex; align-items: center; gap: 0.375rem; font-size: 0.8125rem; cursor: pointer; }
.linked input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); cursor: pointer; }
`;

export class CompareChoice extends CompareWidget {
  static style = CHOICE_STYLE;

  static get markup() {
    return `<div class="row">
      <fieldset><legend class="unseen"></legend><div class="choices"></div></fieldset>
      <p class="says"></p>
      <label class="linked"><input type="checkbox"><span></span></label>
    </div>`;
  }

  build() {
    setText(this.part("legend"), t("compare.title"));
    setText(this.part(".linked span"), t("compare.linked"));
    this.modes = MODES.map((mode) => {
      const input = element("input", { type: "radio", name: "mode", value: mode });
      this.part(".choices").append(element("label", {}, input, element("span", {}, t(`compare.mode_${mode}`))));
      return input;
    });
    this.part(".choices").addEventListener("change", (event) => this.comparison.choose({ mode: event.target.value }));
    this.linked = this.part(".linked input");
    this.linked.addEventListener("change", () => this.comparison.link(this.linked.checked));
    const sides = () => ["a", "b"].map((side) => sideOf(this.comparison[side], this.store.models));
    const save = saveButtons("exit-comparison", {
      csv: () => differenceTable(...sides()),
      json: () => differenceData(this.comparison.choice.mode, ...sides()),
    });
    this.part(".row").append(save);
  }

  update() {
    const { mode, linked } = this.comparison.choice;
    for (const input of this.modes) input.checked = input.value === mode;
    setText(this.part(".says"), t(`compare.says_${mode}`));
    this.linked.checked = linked;
    this.part(".linked").style.visibility = mode === "rules" ? "hidden" : "visible";
    // The panels are outside this shadow root; the page's stylesheet lays them out by these two attributes.
    Object.assign(document.documentElement.dataset, { eeCompare: mode, eeLinked: linked ? "yes" : "no" });
  }
}
