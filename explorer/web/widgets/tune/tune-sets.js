// <tune-sets>: how large conformal sets are and how often they hold the true class, on the test images.

import { ask } from "../ask.js";
import { element, keepChildren, setText } from "../dom.js";
import { saveButtons } from "../save.js";
import { coverageText, givenSets, makeSetControls } from "../sets.js";
import { t } from "../strings.js";
import { unpackArray } from "./evaluation.js";
import { countText, percentText } from "./numbers.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const SETS_STYLE = `
.switch { display: inline-flex; align-items: center; gap: 0.375rem; cursor: pointer; }
.switch input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); cursor: pointer; }
.given { margin-bottom: 0.5rem; font-size: 1rem; }
.within { color: var(--quiet); }
@container (max-width: 480px) {
  th, td { padding-inline: 0.2rem; }
}
`;
const COLUMNS = ["exit", "size", "coverage", "left", "left_size", "left_coverage"];

export class TuneSets extends TuneWidget {
  static style = TUNE_STYLE + SETS_STYLE;
  #answers = new Map(); // "model grain" -> {pending}, {failed} or {levels, images, test: {coverage: packed}}

  static get markup() {
    return `
<div class="head"><h2 id="title"><glossary-term name="conformal_set">${t("sets.title")}</glossary-term></h2></div>
<div class="layer" hidden>
  <p class="says note" role="status"></p>
  <div class="there">
    <p class="given" aria-live="polite"></p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="title"><table aria-labelledby="title">
      <thead><tr>${COLUMNS.map((name) => `<th scope="col">${t(`sets.column_${name}`)}</th>`).join("")}</tr></thead>
      <tbody></tbody>
    </table></div>
    <p class="promise note"></p>
  </div>
</div>`;
  }

  build() {
    this.controls = makeSetControls(this.store);
    this.save = saveButtons("conformal-sets", { csv: () => this.#rows() });
    this.part(".head").append(this.controls.on, this.controls.levels, this.save);
    this.controls.on.addEventListener("change", () => this.#forgetFailures());
  }

  update(changed) {
    const { sets } = this.store;
    this.controls.show(sets);
    this.controls.levels.hidden = this.save.hidden = sets === null;
    this.part(".layer").hidden = sets === null;
    super.update(changed);
  }

  live(now) {
    const { sets, model, grain } = this.store;
    if (sets === null) return;
    this.#open(model, grain);
    this.found = this.#given(now, sets);
    const { failed, pending } = this.#answers.get(keyOf(model, grain));
    setText(this.part(".says"), failed ?? (pending ? t("sets.coming") : this.found ? "" : t("sets.none")));
    this.part(".there").hidden = this.save.hidden = !this.found;
    if (!this.found) return;
    const { given, level, count } = this.found;
    const values = { size: given.size.toFixed(2), coverage: percentText(given.coverage), count: countText(count) };
    setText(this.part(".given"), t("sets.given", values));
    setText(this.part(".promise"), t("sets.promise_all", { coverage: coverageText(sets) }));
    const rows = keepChildren(this.part("tbody"), now.evaluation.exits, () =>
      element("tr", {}, element("th", { scope: "row" }), ...COLUMNS.slice(1).map(() => element("td"))),
    );
    rows.forEach((row, e) => {
      const texts = [
        t("tune.block", { block: now.evaluation.exits[e].block }),
        level.size[e].toFixed(2),
        percentText(level.coverage[e], 1),
        countText(given.images[e]),
        given.images[e] ? given.sizes[e].toFixed(2) : "–",
        percentText(given.coverages[e], 1),
      ];
      [...row.children].forEach((cell, i) => setText(cell, texts[i]));
    });
  }

  /** {given, level, count} at these thresholds, or null while there is nothing to count. */
  #given({ evaluation, thresholds }, coverage) {
    const answer = this.#answers.get(keyOf(this.store.model, this.store.grain));
    const packed = answer?.test?.[coverage];
    const test = evaluation.splits.test;
    const scores = test?.scores[this.store.rule];
    if (!packed || !scores || packed.length !== test.count * test.exits) return null;
    return { given: givenSets(packed, scores, thresholds, test.exits), level: answer.levels[coverage], count: test.count };
  }

  /** What failed is requested again when the layer is switched on again. */
  #forgetFailures() {
    for (const [key, { failed }] of this.#answers) if (failed) this.#answers.delete(key);
  }

  /** Requests a model's sets at a grain, once. */
  async #open(model, grain) {
    const key = keyOf(model, grain);
    if (this.#answers.has(key)) return;
    this.#answers.set(key, { pending: true });
    try {
      const answer = await ask("sets", { model, grain });
      const unpacked = Object.entries(answer.test).map(async ([coverage, one]) => [coverage, await unpackArray(one)]);
      this.#answers.set(key, { ...answer, test: Object.fromEntries(await Promise.all(unpacked)) });
    } catch (error) {
      this.#answers.set(key, { failed: error.message });
    }
    this.resize();
  }

  #rows() {
    const { given, level } = this.found;
    const head = ["block", "mean_size", "coverage", "images_leaving", "mean_size_of_those", "coverage_of_those"];
    const rows = this.desk.now(this.store).evaluation.exits.map(({ block }, e) => [
      block, level.size[e], level.coverage[e], given.images[e], ...[given.sizes[e], given.coverages[e]].map((one) => (given.images[e] ? one : "")),
    ]); // prettier-ignore
    return [head, ...rows];
  }
}

const keyOf = (model, grain) => `${model} ${grain}`;
