// <tune-finder>: thresholds for a goal, chosen on validation images and tested on test images; to use here or download.

import { element, setAttributes, setText } from "../dom.js";
import { download } from "../save.js";
import { CLASSES } from "../reading.js";
import { t } from "../strings.js";
import { nearestThreshold, thresholdText } from "../threshold.js";
import { factorText, macsText, ruleText } from "../words.js";
import { countText, percentText } from "./numbers.js";
import { find, findAsked } from "./finding.js";
import { canStop } from "./shares.js";
import { makeTally, tally } from "./tally.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const FINDER_STYLE = `
form { display: grid; gap: 0.75rem; }
.goals { display: grid; gap: 0.375rem; }
.goals label { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.5rem; }
.goals input[type=radio] { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); }
input[type=number] {
  width: 5.5rem; min-height: 2rem; padding: 0.125rem 0.5rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper);
}
input[type=number]:invalid { border-color: var(--accent-mark); box-shadow: 0 0 0 1px var(--accent-mark); }
.do { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.result { margin-top: 0.875rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
.chosen { font-weight: 650; overflow-wrap: anywhere; }
.result table { margin: 0.375rem 0 0.625rem; }
.result tbody th { white-space: normal; font-size: 0.8125rem; line-height: 1.25; }
tr.promise td, tr.promise th { color: var(--quiet); }
`;

// What the file says about how its thresholds were found, as `python -m explorer solve` does.
const SEARCHED = {
  one: "one threshold for all exits",
  shares: "exponential shares",
  each: "coordinate search, one threshold per exit",
  subset: "one threshold, at the best subset of exits",
};
const DEFAULTS = { budget: "1.5", cost: "", floor: "", deepest: "" };

export class TuneFinder extends TuneWidget {
  static style = TUNE_STYLE + FINDER_STYLE;
  #values = { goal: "budget", how: "one", ...DEFAULTS }; // kept over a change of language
  #found = null; // {of: the evaluation, rule, thresholds, goal, how, validation, test, reached}

  static get markup() {
    const goal = (name, unit, attributes) => `
      <label><input type="radio" name="goal" value="${name}"> <span class="says">${t(`tune.goal_${name}`)}</span>
        <input type="number" name="${name}" aria-label="${t(`tune.goal_${name}_name`)}" ${attributes}>
        <span class="unit">${unit}</span></label>`;
    const how = (name) =>
      `<label><input type="radio" name="how" value="${name}"><span>${t(`tune.how_${name}`)}</span></label>`;
    return `
<div class="head"><h2 id="title">${t("tune.finder")}</h2></div>
<div class="body">
  <form aria-labelledby="title" novalidate>
    <fieldset class="goals"><legend>${t("tune.goal")}</legend>
      ${goal("budget", t("tune.times_fewer"), 'min="0.1" max="100" step="any"')}
      ${goal("cost", "", 'min="0" step="any"')}
      ${goal("floor", "%", 'min="0" max="100" step="any"')}
    </fieldset>
    <fieldset><legend>${t("tune.how")}</legend><div class="choices">${how("one")}${how("shares")}${how("each")}${how("subset")}</div></fieldset>
    <label class="says">${t("tune.deepest")} <select name="deepest"></select></label>
  </form>
  <p class="note method"></p>
  <div class="result">
    <p role="status"><span class="missed"></span> <span class="chosen"></span></p>
    <div class="facts">
    <table aria-label="${t("tune.finder_table")}">
      <thead><tr><th></th><th scope="col" class="measure"></th><th scope="col">${t("tune.macs")}</th>
        <th scope="col">${t("tune.fewer_macs")}</th></tr></thead>
      <tbody></tbody>
    </table>
    <div class="do">
      <button type="button" class="button first" id="use">${t("tune.use")}</button>
      <button type="button" class="button" id="take">${t("tune.take")}</button>
    </div>
    <p class="note">${t("tune.take_says")}</p>
    </div>
  </div>
</div>`;
  }

  build() {
    const form = this.part("form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", ({ target }) => {
      this.#values[target.name] = target.value;
      if (target.name === "deepest") return;
      if (target.type === "number") this.#values.goal = target.name; // writing into a goal's field chooses it
      this.#showForm();
    });
    form.addEventListener("change", ({ target }) => {
      if (target.name === "how") this.#offerDepths();
      this.#find();
    });
    this.part("#use").addEventListener("click", () => this.#use());
    this.part("#take").addEventListener("click", () => this.#take());
  }

  /** The suffix of the words for what answers are checked against: with a teacher it is agreement, not accuracy. */
  #held({ teacher }) {
    return teacher ? "_teacher" : "";
  }

  draw({ evaluation }) {
    const { validation } = evaluation.splits;
    const { evaluation: plain } = this.desk.entry(this.store.model, this.store.grain);
    if (this.plain !== plain) {
      // Goals that make sense for this model: half a point below the end on validation, and two thirds of its MACs.
      const floor = (100 * validation.rightAt.at(-1)) / validation.count - 0.5;
      const unit = evaluation.macs_full >= 1e9 ? 1e9 : 1e6;
      this.unit = { size: unit, sign: unit === 1e9 ? "G" : "M" };
      this.#values.floor = floor.toFixed(2);
      this.#values.cost = (evaluation.macs_full / 1.5 / unit).toFixed(unit === 1e9 ? 2 : 1);
      this.plain = plain;
    }
    this.evaluation = evaluation;
    setText(this.part(".measure"), t(evaluation.teacher ? "tune.agreement" : "tune.accuracy"));
    const held = this.#held(evaluation);
    const field = this.part("input[name=floor]");
    setText(field.previousElementSibling, t(`tune.goal_floor${held}`));
    field.setAttribute("aria-label", t(`tune.goal_floor_name${held}`));
    setText(this.part("input[name=cost] + .unit"), t("tune.unit_macs", { unit: this.unit.sign }));
    this.#offerDepths();
    this.#showForm();
    if (this.#found?.of !== evaluation || this.#found.rule !== this.store.rule) this.#find();
    else this.#showFound();
  }

  /** Every exit at which the rule can stop all images: the most that one image may cost. */
  #offerDepths() {
    const evaluation = this.#values.how === "subset" ? this.#without([]) : this.evaluation;
    const { validation } = evaluation.splits;
    const scores = validation.scores[this.store.rule];
    const field = this.part("select");
    const least = this.store.ruleFacts.min;
    const kept = evaluation.exits.flatMap(({ block }, e) => (canStop(validation, scores, e, least) ? [[e, block]] : []));
    field.replaceChildren(
      ...kept.map(([e, block]) => element("option", { value: e }, t("tune.deepest_block", { block, macs: macsText(evaluation.macs[e]) }))), // prettier-ignore
    );
    const wanted = this.#values.deepest;
    field.value = kept.some(([e]) => String(e) === wanted) ? wanted : String(evaluation.exits.length - 1);
  }

  #showForm() {
    for (const input of this.shadowRoot.querySelectorAll("input[type=radio]")) {
      input.checked = this.#values[input.name] === input.value;
    }
    for (const input of this.shadowRoot.querySelectorAll("input[type=number]")) {
      if (input.value !== this.#values[input.name]) input.value = this.#values[input.name];
    }
    const { validation } = this.evaluation.splits;
    const values = { count: countText(validation.count), exits: validation.exits - 1 };
    const useless = this.#values.how === "subset" && !this.store.ruleFacts.alone;
    setText(this.part(".method"), t(useless ? "tune.method_all_run_anyway" : `tune.method_${this.#values.how}`, values));
  }

  /** {macs} or {accuracy} as search.js takes it, or null if the field has nothing usable. */
  #goal() {
    const { goal } = this.#values;
    const field = this.part(`input[name=${goal}]`);
    const value = field.valueAsNumber;
    const usable = field.checkValidity() && Number.isFinite(value) && value > 0;
    setAttributes(field, { "aria-invalid": usable ? null : "true" });
    if (!usable) return null;
    const full = this.evaluation.macs_full;
    if (goal === "budget") return { macs: full / value };
    return goal === "cost" ? { macs: value * this.unit.size } : { accuracy: value / 100 };
  }

  #find() {
    const { evaluation } = this;
    const goal = this.#goal();
    this.#found = null;
    if (!goal) {
      this.#showFound();
      return;
    }
    const { rule, ruleFacts } = this.store;
    const { how, goal: kind } = this.#values;
    const deepest = Number(this.part("select").value || evaluation.exits.length - 1);
    const { leftOut, ...found } =
      how === "subset"
        ? findAsked(this.#without([]), this.plain, rule, ruleFacts, goal, deepest)
        : find(how, evaluation, rule, ruleFacts, goal, deepest);
    const evaluated = leftOut === undefined ? evaluation : this.#without(leftOut);
    const on = (split) => {
      const out = tally(split, split.scores[rule], found.thresholds, makeTally(evaluated));
      return { accuracy: out.accuracy, macs: out.meanMacs, by_macs: evaluation.macs_full / out.meanMacs };
    };
    const { validation, test } = evaluated.splits;
    const given = { leftOut: leftOut ?? this.store.leftOut, validation: on(validation), test: on(test) };
    this.#found = { ...found, ...given, evaluated, of: evaluation, rule, goal, kind, how };
    this.#showFound();
  }

  /** The evaluation without those exits: the best subset is one of all exits, whichever are off on the page now. */
  #without(leftOut) {
    const { rule, rules } = this.store;
    return this.desk.under(this.plain, { leftOut, rule, rules });
  }

  #showFound() {
    const found = this.#found;
    this.part(".facts").hidden = found === null;
    if (!found) {
      setText(this.part(".chosen"), t("tune.no_goal"));
      setText(this.part(".missed"), "");
      return;
    }
    const { ruleFacts: rule } = this.store;
    const each = Array.isArray(found.thresholds);
    const { exits } = this.evaluation;
    const text = [found.thresholds]
      .flat()
      .map((one, e) => (each && found.leftOut.includes(exits[e].block) ? t("explore.off") : thresholdText(rule, one)));
    const names = { rule: ruleText(this.store.rule, rule, "title"), thresholds: text.join("  ") };
    const inUse = exits.slice(0, -1).flatMap(({ block }) => (found.leftOut.includes(block) ? [] : [block]));
    const some = found.leftOut.length > 0 && !each;
    const kind = some ? "tune.found_subset" : each ? "tune.found_each" : "tune.found_one";
    setText(this.part(".chosen"), t(kind, { ...names, blocks: inUse.join(", ") || "–" }));
    const missed = found.kind === "floor" ? t(`tune.missed_accuracy${this.#held(this.evaluation)}`) : t("tune.missed_macs");
    setText(this.part(".missed"), found.reached ? "" : missed);
    const line = (kind, title, { accuracy, macs, by_macs: factor }) =>
      element("tr", { class: kind }, element("th", { scope: "row" }, title),
        ...[percentText(accuracy), macsText(macs), factorText(factor)].map((cell) => element("td", {}, cell))); // prettier-ignore
    const { macs, macs_full: full, splits: { validation, test } } = found.evaluated; // prettier-ignore
    const end = (split) => ({ accuracy: split.rightAt.at(-1) / split.count, macs: macs.at(-1), by_macs: full / macs.at(-1) });
    this.part("tbody").replaceChildren(
      line("promise", t("tune.promised"), found.validation),
      line("", t("tune.measured"), found.test),
      line("promise", t("tune.never_validation"), end(validation)),
      line("promise", t("tune.never_test"), end(test)),
    );
  }

  #use() {
    const exact = this.#found.thresholds;
    // Shares need thresholds between the slider's steps: rounded down, no image leaves later.
    const down = (one) => nearestThreshold(this.store.ruleFacts, one - this.store.ruleFacts.step / 2 + 1e-9);
    const thresholds = this.#found.how === "shares" ? exact.map(down) : exact;
    // The list is for this model's exits; the page takes one when its image has been through the same exits.
    const fits = !Array.isArray(thresholds) || this.store.trace?.exits.length === thresholds.length + 1;
    if (!fits) return;
    this.store.setLeftOut(this.#found.leftOut);
    this.store.setThresholds(thresholds);
  }

  /** The file that `python -m explorer classify --thresholds` and `evaluate --thresholds` take. */
  #take() {
    const { rule, thresholds, leftOut, goal, how, reached, validation, test } = this.#found;
    const { model, grain } = this.store;
    const facts = {
      model,
      rule,
      ...(grain === CLASSES ? {} : { grain }),
      thresholds,
      ...(leftOut.length ? { left_out: leftOut } : {}),
      chosen_for: { ...goal, searched: SEARCHED[how], reached }, // prettier-ignore
      promised: { on: "validation", ...validation },
      measured: { on: "test", ...test },
    };
    download(`thresholds-${model}-${rule}.json`, `${JSON.stringify(facts, null, 1)}\n`, "application/json");
  }
}
