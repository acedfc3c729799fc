// <rule-controls>: which exit rule, and its threshold; one for all exits or one for each. With the attribute `exits`,
// or if some are off, also which exits are in use.

import { CHOICES_STYLE } from "./choices.js";
import { element, keepChildren, setAttributes, setText } from "./dom.js";
import { t } from "./strings.js";
import { CLASSES } from "./reading.js";
import { natsOf, thresholdText } from "./threshold.js";
import { Widget } from "./widget.js";
import { grainText, paperParts, ruleText } from "./words.js";

const CONTROLS_STYLE = `${CHOICES_STYLE}
.controls {
  display: grid; grid-template-columns: minmax(18rem, max-content) minmax(12rem, 1fr); gap: 0.375rem 1.75rem;
  align-items: end;
}
.choices.many { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.top { display: flex; flex-wrap: wrap; gap: 0.375rem 1.75rem; align-items: end; }
.wide > * { grid-column: 1 / -1; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend, .name { padding: 0; margin-bottom: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.choices { min-width: 14rem; min-height: 2.25rem; }
.choices input:disabled + span { text-decoration: line-through; cursor: not-allowed; }
.name { display: flex; flex-wrap: wrap; align-items: baseline; min-height: 1.3rem; gap: 0 0.75rem; }
output { min-width: 3.25em; color: var(--ink); font-size: 1.125rem; font-weight: 650; line-height: 1; }
.name .actions { margin-left: auto; display: flex; align-items: center; gap: 0.75rem; }
.each { display: inline-flex; align-items: center; gap: 0.375rem; cursor: pointer; }
.each input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); cursor: pointer; }
.in-use { grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.5rem; }
.in-use[hidden] { display: none; }
.in-use legend { float: left; margin: 0 0.5rem 0 0; line-height: 1.75rem; }
.in-use label { position: relative; cursor: pointer; }
.in-use input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.in-use label span {
  display: block; min-width: 1.75rem; padding: 0 0.375rem; border: 1px solid var(--faint); border-radius: 5px;
  font-size: 0.8125rem; line-height: 1.625rem; text-align: center; color: var(--quiet);
  text-decoration: line-through;
}
.in-use input:checked + span {
  border-color: var(--accent-mark); background: var(--accent-soft); color: var(--ink); text-decoration: none;
}
.in-use input:focus-visible + span { outline: 2px solid var(--accent-mark); outline-offset: 1px; }
.choices-of { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.in-use .note { color: var(--quiet); font-size: 0.8125rem; }
.about { grid-column: 1 / -1; color: var(--quiet); font-size: 0.8125rem; }
.says, .paper { min-height: 1.45em; }
.paper { font-size: 0.75rem; }
.paper a { color: inherit; }
@container (max-width: 620px) {
  .controls { grid-template-columns: minmax(0, 1fr); }
  .says, .paper { min-height: 2.9em; }
}
`;

const FEW = 4; // rules that fit into one row beside the threshold

const controlsMarkup = () => `
<div class="controls">
  <div class="top">
    <fieldset><legend>${t("explore.rule")}</legend><div class="choices rules"></div></fieldset>
    <fieldset class="grain" hidden>
      <legend><glossary-term name="grain">${t("explore.grain")}</glossary-term></legend><div class="choices grains"></div>
    </fieldset>
  </div>
  <div>
    <div class="name">
      <label for="threshold">${t("explore.threshold")}</label><output for="threshold"></output>
      <span class="actions">
        <button type="button" class="plain" id="reset">${t("explore.reset")}</button>
        <label class="each"><input type="checkbox" id="each"> ${t("explore.one_per_exit")}</label>
      </span>
    </div>
    <input type="range" id="threshold" aria-describedby="says">
  </div>
  <fieldset class="in-use" hidden>
    <legend><glossary-term name="in_use">${t("explore.in_use")}</glossary-term></legend><span class="choices-of"></span>
    <button type="button" class="plain" id="use-all">${t("explore.use_all")}</button><span class="note" role="status"></span>
  </fieldset>
  <div class="about"><p class="says" id="says"></p><p class="paper"></p></div>
</div>`;

export class RuleControls extends Widget {
  static style = CONTROLS_STYLE;

  static get markup() {
    return controlsMarkup();
  }

  build() {
    this.slider = this.part("#threshold");
    this.each = this.part("#each");
    this.part(".rules").addEventListener("change", (event) => this.store.setRule(event.target.value));
    this.part(".grains").addEventListener("change", (event) => this.store.setGrain(event.target.value));
    this.slider.addEventListener("input", () => this.#move(this.slider.valueAsNumber));
    this.part("#reset").addEventListener("click", () => this.store.resetThresholds());
    this.part(".in-use").addEventListener("change", ({ target }) => this.#use(Number(target.value), target.checked));
    this.part("#use-all").addEventListener("click", () => {
      (this.hasAttribute("exits") ? this.part(".in-use input") : this.slider).focus(); // the button is about to hide
      this.store.setLeftOut([]);
    });
    this.each.addEventListener("change", () => this.#split(this.each.checked));
  }

  /** The slider moves all exits together; it keeps them apart as a list while each may have its own. */
  #move(value) {
    const { thresholds } = this.store;
    this.store.setThresholds(Array.isArray(thresholds) ? thresholds.map(() => value) : value);
  }

  #split(apart) {
    const { thresholds, trace } = this.store;
    if (apart && trace) this.store.setThresholds(Array(trace.exits.length - 1).fill(thresholds));
    if (!apart) this.store.setThresholds(this.slider.valueAsNumber);
  }

  #use(block, on) {
    const { leftOut } = this.store;
    if (on && leftOut.length === 1 && !this.hasAttribute("exits")) this.slider.focus(); // the boxes are about to hide
    this.store.setLeftOut(on ? leftOut.filter((one) => one !== block) : [...leftOut, block]);
  }

  update(changed) {
    const { ruleFacts: rule } = this.store;
    if (!rule) return;
    this.#showAsked(rule);
    if (changed.has("rules")) this.#buildChoices();
    if (changed.has("grains")) this.#buildGrains();
    if (changed.has("grains") || changed.has("grain")) this.#showGrain();
    if (changed.has("rules") || changed.has("grains")) this.#arrange();
    if (changed.has("rules") || changed.has("rule") || changed.has("trace")) this.#showRule(rule);
    this.#showThreshold(rule);
  }

  #buildChoices() {
    const choices = Object.entries(this.store.rules).map(([name, rule]) => {
      const input = element("input", { type: "radio", name: "rule", value: name });
      return element("label", {}, input, element("span", {}, ruleText(name, rule, "title")));
    });
    this.part(".rules").replaceChildren(...choices);
    this.part(".rules").classList.toggle("many", choices.length > FEW);
  }

  /** The classes themselves, then the model's coarser readings; nothing if it has none. */
  #buildGrains() {
    const { grains } = this.store;
    const classes = grains[0]?.groups.length;
    const choices = [{ name: CLASSES, labels: { length: classes } }, ...grains].map((grain) => {
      const input = element("input", { type: "radio", name: "grain", value: grain.name });
      return element("label", {}, input, element("span", {}, grainText(grain)));
    });
    this.part(".grains").replaceChildren(...choices);
    // Side B of Compare answers at the page's grain.
    this.part(".grain").hidden = grains.length === 0 || this.store.followsGrain === true;
  }

  /** Many rules, or rules and grains, leave no room for the threshold beside them. */
  #arrange() {
    const wide = Object.keys(this.store.rules).length > FEW || !this.part(".grain").hidden;
    this.part(".controls").classList.toggle("wide", wide);
  }

  /** A box per early exit, and what turning it off does under this rule. */
  #showAsked(rule) {
    const { trace, leftOut } = this.store;
    const early = trace?.exits.slice(0, -1) ?? [];
    const some = early.some(({ block }) => leftOut.includes(block));
    const offered = this.hasAttribute("exits") || some; // exits that are off can be turned on again everywhere
    this.part(".in-use").hidden = !offered || early.length < 2 || this.store.followsGrain === true;
    if (this.part(".in-use").hidden) return;
    const make = () => element("label", {}, element("input", { type: "checkbox" }), element("span"));
    keepChildren(this.part(".choices-of"), early, make).forEach(({ children: [box, text] }, e) => {
      const { block } = early[e];
      setAttributes(box, { value: block, "aria-label": t("explore.exit_on", { block }) });
      box.checked = !leftOut.includes(block);
      setText(text, String(block));
    });
    this.part("#use-all").hidden = !some;
    setText(this.part(".in-use .note"), some && !rule.alone ? t("explore.all_run_anyway") : "");
  }

  #showGrain() {
    for (const input of this.shadowRoot.querySelectorAll(".grains input"))
      input.checked = input.value === this.store.grain;
  }

  #showRule(rule) {
    const { trace } = this.store;
    for (const input of this.shadowRoot.querySelectorAll(".rules input")) {
      input.checked = input.value === this.store.rule;
      input.disabled = Boolean(trace) && !Object.hasOwn(trace.scores ?? {}, input.value);
    }
    setAttributes(this.slider, { min: rule.min, max: rule.max, step: rule.step });
    this.each.disabled = !trace || trace.exits.length < 2;
    this.#showPaper(rule);
  }

  #showPaper(rule) {
    const [before, link, after] = paperParts(ruleText(this.store.rule, rule, "paper"));
    const anchor = link && element("a", { href: link.href, target: "_blank", rel: "noopener" }, link.text);
    this.part(".paper").replaceChildren(t("rules.paper", { paper: before }), ...(anchor ? [anchor, after] : []));
  }

  #showThreshold(rule) {
    const { thresholds } = this.store;
    const apart = Array.isArray(thresholds);
    const all = apart ? thresholds : [thresholds];
    const even = all.every((one) => one === all[0]);
    const middle = all.length ? all.reduce((sum, one) => sum + one, 0) / all.length : rule.default;
    const shown = even ? thresholdText(rule, all[0] ?? rule.default) : t("explore.varies");

    if (this.slider.valueAsNumber !== middle) this.slider.value = middle;
    this.slider.style.setProperty("--filled", `${((middle - rule.min) / (rule.max - rule.min)) * 100}%`);
    setAttributes(this.slider, { "aria-valuetext": even ? null : t("explore.varies_from") });
    setText(this.part("output"), shown);
    this.each.checked = apart;
    this.part("#reset").disabled = !apart && thresholds === rule.default;
    const says = [ruleText(this.store.rule, rule, "says"), this.#nats(even ? all[0] : NaN)];
    setText(this.part(".says"), says.filter(Boolean).join(" "));
  }

  /** Papers give the entropy rule's threshold in nats; so do we, when the number of classes is known. */
  #nats(threshold) {
    const classCount = this.store.trace?.class_count;
    if (this.store.rule !== "entropy" || !(classCount > 1) || !Number.isFinite(threshold)) return "";
    const [nats, most] = [natsOf(threshold, classCount), Math.log(classCount)].map((number) => number.toFixed(2));
    return t("explore.nats", { nats, classes: classCount, most });
  }
}
