// <answer-set>: instead of one answer, the classes that hold the true one at a given coverage; at the exit in view.

import { CHOICES_STYLE } from "./choices.js";
import { element, keepChildren, setAttributes, setText } from "./dom.js";
import { referenced } from "./overthinking.js";
import { coverageText, makeSetControls, ownReading, setAt } from "./sets.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";

const SET_STYLE = `${CHOICES_STYLE}
.head { margin: 1rem 0 0; align-items: center; }
.switch { display: inline-flex; align-items: center; gap: 0.375rem; cursor: pointer; }
.switch input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); cursor: pointer; }
.body { display: grid; gap: 0.5rem; margin-top: 0.5rem; }
.set { font-size: 1rem; overflow-wrap: anywhere; }
.set b { font-weight: 650; }
.note { color: var(--quiet); font-size: 0.8125rem; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 0.8125rem; }
th, td { padding: 0.25rem 0.125rem; text-align: center; font-weight: 400; }
th { color: var(--quiet); }
th[scope="row"] { width: 7.5rem; text-align: left; }
td { border-top: 1px solid var(--line); }
.fired { color: var(--ink); font-weight: 700; box-shadow: inset 0 2px var(--accent-mark); }
.skipped { opacity: 0.6; }
@container (max-width: 520px) {
  th[scope="row"] { width: 4.75rem; }
}
`;

export class AnswerSet extends Widget {
  static style = SET_STYLE;

  static get markup() {
    return `
<div class="head"><h2 id="title"><glossary-term name="conformal_set">${t("sets.title")}</glossary-term></h2></div>
<div class="body" hidden>
  <p class="none note"></p>
  <div class="there">
    <p class="set" aria-live="polite"></p>
    <p class="truth"></p>
    <p class="own note"></p>
  </div>
  <table class="there" aria-labelledby="title">
    <thead><tr></tr></thead>
    <tbody><tr></tr></tbody>
  </table>
  <p class="promise note there"></p>
</div>`;
  }

  build() {
    this.controls = makeSetControls(this.store);
    this.part(".head").append(this.controls.on, this.controls.levels);
  }

  update() {
    const { sets, trace, fired, ruleFacts } = this.store;
    this.controls.show(sets);
    this.controls.levels.hidden = sets === null;
    this.part(".body").hidden = sets === null;
    if (sets === null || !trace || !ruleFacts) return;
    const own = ownReading(this.store);
    const sizes = own.sets?.[sets];
    setText(this.part(".none"), sizes ? "" : t("sets.none"));
    for (const node of this.shadowRoot.querySelectorAll(".there")) node.hidden = !sizes;
    if (!sizes) return;
    this.#showSet(own, this.store.selectedExit);
    this.#showSizes(own, sizes, fired);
    setText(this.part(".promise"), t("sets.promise", { coverage: coverageText(sets) }));
  }

  #showSet(own, exit) {
    const { sets, grain, fired, trace, example, reference } = this.store;
    const { size, of, labels, more, holds } = setAt(own, grain, sets, exit, example?.truth ?? null);
    const values = { block: own.exits[exit].block, size, of };
    const key = exit === fired ? "sets.left" : "sets.at";
    const names = labels.flatMap((label, i) => [i ? ", " : "", i ? label : element("b", {}, label)]);
    this.part(".set").replaceChildren(t(size === 1 ? `${key}_one` : key, values), " ", ...names, more ? t("sets.more", { more }) : "."); // prettier-ignore
    setText(this.part(".truth"), holds === null ? "" : t(referenced(holds ? "sets.holds" : "sets.lacks", reference), { label: example.label })); // prettier-ignore
    setText(this.part(".own"), trace.probabilities[exit] === own.probabilities[exit] ? "" : t("sets.own"));
  }

  #showSizes(own, sizes, fired) {
    const heads = [t("rules.look_block"), ...own.exits.map(({ block }) => String(block))];
    const cells = [t("sets.size"), ...sizes.map(String)];
    const fill = (row, texts, tag) => {
      const make = (i) => element(i ? tag : "th", { scope: i ? (tag === "th" ? "col" : null) : "row" });
      keepChildren(row, texts, make).forEach((cell, i) => {
        setText(cell, texts[i]);
        setAttributes(cell, { class: i - 1 === fired ? "fired" : i - 1 > fired ? "skipped" : null });
      });
    };
    fill(this.part("thead tr"), heads, "th");
    fill(this.part("tbody tr"), cells, "td");
  }
}
