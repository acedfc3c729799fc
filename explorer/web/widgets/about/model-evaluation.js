// <model-evaluation>: the chosen model as a drawing, and what was measured at each of its exits.

import { savings } from "../decide.js";
import { element, keepChildren, setText } from "../dom.js";
import { measureWord } from "../learn/goal-words.js";
import { decimal, percent, whole } from "../learn/numbers.js";
import { evaluationOf } from "../learn/measured.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { Widget } from "../widget.js";
import { factorText, familyOf, macsText } from "../words.js";
import { cardOf } from "./card.js";

const STYLE = `
network-figure { margin-bottom: 1.25rem; min-height: 10.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.3125rem 0.75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: 0.8125rem; color: var(--quiet); vertical-align: bottom; }
:is(th, td):first-child, :is(th, td):nth-child(2) { text-align: left; }
:is(th, td):first-child { padding-left: 0.25rem; }
tbody th { color: var(--ink); font-size: inherit; font-weight: 400; }
.says { margin-top: 0.5rem; max-width: 60rem; }
.head .save { margin-left: auto; }
`;

const COLUMNS = ["exit", "head", "measure", "ece", "macs", "by_macs", "by_blocks", "leaving", "head_parameters"];

const MARKUP = `
<network-figure></network-figure>
<div class="head"><h2 id="title"></h2><span class="quiet small" id="images"></span></div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="title">
  <table aria-labelledby="title"><thead><tr>${"<th scope=col></th>".repeat(COLUMNS.length)}</tr></thead>
  <tbody></tbody></table>
</div>
<p class="says quiet small" id="leaving"></p>
<p class="says quiet small" id="totals"></p>`;

export class ModelEvaluation extends Widget {
  static style = STYLE;
  #model = null; // the requested model
  #facts = undefined; // its evaluation: undefined while loading, null if there is none
  #card = null;

  static get markup() {
    return MARKUP;
  }

  build() {
    setText(this.part("#title"), t("about.evaluation_title"));
    const rows = () => [...this.shadowRoot.querySelectorAll("tr")].map((row) => [...row.children].map(textOf));
    this.part(".head").append(saveButtons("evaluation", { csv: rows }));
  }

  update(changed) {
    const { tab, model, trace } = this.store;
    if (tab !== "about" || !trace) return;
    if (model !== this.#model) this.#ask(model);
    if (["tab", "trace", "model", "language"].some((name) => changed.has(name))) this.#draw();
  }

  async #ask(model) {
    this.#model = model;
    [this.#facts, this.#card] = [undefined, null];
    const [facts, card] = await Promise.all([evaluationOf(model), cardOf(model)].map((one) => one.catch(() => null)));
    if (model !== this.#model) return; // another was chosen in the meantime
    [this.#facts, this.#card] = [facts, card];
    this.#draw();
  }

  #draw() {
    const facts = this.#facts;
    const { trace } = this.store;
    const parameters = this.#card?.parameters;
    const said = facts && t("about.evaluation_says", { images: whole(facts.images.test) });
    setText(this.part("#images"), said ?? t(facts === null ? "about.no_evaluation" : "about.waiting"));
    const measure = `measure_${facts?.reference === "teacher" ? "teacher" : "labels"}`;
    const names = COLUMNS.map((name) => t(`about.${name === "measure" ? measure : name}`));
    [...this.part("thead tr").children].forEach((cell, i) => setText(cell, names[i]));

    const make = () => element("tr", {}, element("th", { scope: "row" }), ...COLUMNS.slice(1).map(() => element("td")));
    keepChildren(this.part("tbody"), trace.exits, make).forEach((row, e) => {
      const { block } = trace.exits[e];
      const { letter, name } = familyOf(trace.exits[e]);
      const saved = savings(trace, e);
      const texts = [
        t("about.block", { block }),
        `${letter}  ${name}`,
        facts ? `${percent(facts.accuracy[e], 2)} %` : "–",
        facts ? decimal(facts.exits[e].ece, 4) : "–",
        macsText(trace.macs[e]),
        factorText(saved.macs),
        factorText(saved.blocks),
        facts ? `${percent(facts.own.leaving[e], 1)} %` : "–",
        parameters?.heads[e] === undefined ? "–" : whole(parameters.heads[e]),
      ];
      texts.forEach((text, i) => setText(row.children[i], text));
    });
    setText(this.part("#leaving"), facts ? leavingText(facts) : "");
    setText(this.part("#totals"), parameters ? totalsText(parameters, trace) : "");
  }
}

/** A cell as text for a file: more than a space separates a head's letter and name. */
function textOf(cell) {
  return cell.textContent.replace(/\s+/g, " ");
}

function leavingText(facts) {
  return t("about.leaving_says", {
    threshold: decimal(facts.own.threshold, 3),
    measure: measureWord(facts),
    accuracy: percent(facts.own.accuracy, 2),
    by_macs: decimal(facts.own.by_macs, 2),
    by_blocks: decimal(facts.own.by_blocks, 2),
  });
}

function totalsText({ backbone, heads }, trace) {
  const all = heads.reduce((sum, one) => sum + one, 0);
  if (all === 0) return t("about.totals_no_heads", { backbone: whole(backbone) });
  return t("about.totals", {
    backbone: whole(backbone),
    heads: whole(all),
    share: percent(all / backbone, 1),
    macs: macsText(trace.macs_full),
  });
}
