// <exit-ladder>: the network as a ladder, one rung per block; the image climbs from the bottom to the exit that fires.

import { thresholdAt } from "./decide.js";
import { element, setAttributes, setText } from "./dom.js";
import { LADDER_STYLE } from "./exit-ladder-style.js";
import { verdict } from "./overthinking.js";
import { saveButtons } from "./save.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { answerAt, familyOf, probabilityText } from "./words.js";

const ladderMarkup = () => `
<div class="head">
  <h2 id="title">${t("explore.ladder")}</h2>
  <span class="quiet small" id="idea">${t("explore.ladder_idea")}</span>
  <button type="button" class="plain" id="follow">${t("explore.ladder_follow")}</button>
</div>
<div class="ladder" role="listbox" aria-labelledby="title"></div>
<p class="legend quiet small"></p>
<p class="verdict small"></p>`;

export class ExitLadder extends Widget {
  static style = LADDER_STYLE;

  static get markup() {
    return ladderMarkup();
  }
  #shape = null; // the exits the rungs were built for
  #rungs = []; // one per block, from block 1

  build() {
    this.#shape = null;
    this.ladder = this.part(".ladder");
    const save = saveButtons("exit-ladder", { csv: () => this.#rows(), json: () => this.#record() });
    this.part(".head").append(save);
    this.ladder.addEventListener("click", (event) => {
      const rung = event.target.closest("[data-exit]");
      if (rung) this.#choose(Number(rung.dataset.exit));
    });
    this.ladder.addEventListener("keydown", (event) => this.#key(event));
    this.part("#follow").addEventListener("click", () => {
      this.store.select(null);
      this.#rungOf(this.store.fired).focus();
    });
  }

  /** A second click on the chosen exit deselects it. */
  #choose(exit) {
    this.store.select(this.store.selected === exit ? null : exit);
  }

  #rungOf(exit) {
    return this.#rungs[this.store.trace.exits[exit].block - 1].node;
  }

  #key(event) {
    const { trace, selectedExit } = this.store;
    const last = trace.exits.length - 1;
    const to = {
      ArrowUp: Math.min(last, selectedExit + 1),
      ArrowDown: Math.max(0, selectedExit - 1),
      Home: last, // the list's first option is the top rung
      End: 0,
    }[event.key];
    if (to !== undefined) {
      this.store.select(to);
      this.#rungOf(to).focus();
    } else if (event.key === "Escape") {
      this.store.select(null);
    } else if (event.key === " " || event.key === "Enter") {
      this.#choose(selectedExit);
    } else {
      return;
    }
    event.preventDefault();
  }

  update(changed) {
    const { trace } = this.store;
    // The link back replaces the idea, which is understood by then.
    this.part("#follow").hidden = this.store.selected === null;
    this.part("#idea").hidden = this.store.selected !== null;
    if (!trace) return;
    if (changed.has("trace")) {
      this.#buildRungs(trace);
      this.#showAnswers(trace);
    }
    if (changed.has("trace") || changed.has("example") || changed.has("reference")) this.#showVerdict(trace);
    this.#showDecision(trace);
  }

  /** What depth did for this image, in words. */
  #showVerdict(trace) {
    const { kind, text } = verdict(trace, this.store.example ?? {}, this.store.reference);
    this.part(".verdict").dataset.kind = kind;
    setText(this.part(".verdict"), text);
  }

  #buildRungs(trace) {
    const shape = JSON.stringify([trace.blocks, trace.exits]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#rungs = Array.from({ length: trace.blocks }, (_, above) => {
      const exit = trace.exits.findIndex(({ block }) => block === above + 1);
      return exit < 0 ? plainRung(above + 1) : exitRung(above + 1, exit, trace.exits[exit]);
    });
    this.ladder.replaceChildren(...this.#rungs.map(({ node }) => node).reverse());
    this.ladder.classList.toggle("many", trace.exits.length > 13);
    const families = new Map(trace.exits.map((exit) => [familyOf(exit).letter, familyOf(exit).name]));
    const legend = [...families].map(([letter, name]) => `${letter} ${name}`);
    setText(this.part(".legend"), legend.join("  ·  "));
  }

  /** A row per exit, for a spreadsheet. */
  #rows() {
    const { trace, fired, scores, thresholds } = this.store;
    const header = ["block", "head", "family", "answer", "probability", "score", "threshold", "status", "macs", "ms"];
    const rows = trace.exits.map(({ block, kind, family }, e) => {
      const { label, probability } = answerAt(trace, e);
      const threshold = e === trace.exits.length - 1 ? null : thresholdAt(thresholds, e);
      const status = trace.leftOut?.[e] ? "left out" : e === fired ? "fired" : e < fired ? "ran" : "skipped";
      return [block, kind, family, label, probability, scores[e], threshold, status, trace.macs[e], trace.ms[e]];
    });
    return [header, ...rows];
  }

  /** The trace, and what was decided on it. */
  #record() {
    const { trace, example, rule, grain, thresholds, leftOut, fired } = this.store;
    return { image: example.title, label: example.label, grain, rule, thresholds, left_out: leftOut, fired, trace };
  }

  /** Labels and bars, which only a new trace changes. */
  #showAnswers(trace) {
    trace.exits.forEach(({ block }, exit) => {
      const { label, fill, number } = this.#rungs[block - 1];
      const answer = answerAt(trace, exit);
      setText(label, answer.label);
      label.title = answer.label;
      setText(number, probabilityText(answer.probability, 3)); // as many digits as the threshold
      fill.style.transform = `scaleX(${answer.probability})`;
    });
  }

  /** What the threshold changes: which rungs ran, which one fired, which one is in view. */
  #showDecision(trace) {
    const { fired, selectedExit, rule, thresholds } = this.store;
    const firedBlock = trace.exits[fired].block;
    this.#rungs.forEach(({ node, state, tick }, below) => {
      const block = below + 1;
      const status = block === firedBlock ? "fired" : block < firedBlock ? "ran" : "skipped";
      node.dataset.status = status;
      if (!tick) return;
      const exit = Number(node.dataset.exit);
      const out = Boolean(trace.leftOut?.[exit]);
      node.classList.toggle("out", out);
      const said = { fired: "explore.left_here", ran: "explore.went_on", skipped: "explore.not_run" }[status];
      const words = t(out ? "explore.off" : said);
      setText(state, words);
      const { label, probability } = answerAt(trace, exit);
      const answer = t("explore.answer", { label, probability: probabilityText(probability) });
      const head = familyOf(trace.exits[exit]).name;
      const early = exit < trace.exits.length - 1;
      setAttributes(node, {
        "aria-selected": exit === selectedExit,
        tabindex: exit === selectedExit ? 0 : -1,
        "aria-label": t("explore.rung", { block, head, answer, status: words }),
      });
      // Only confidence is measured on the bar's own scale, so only there can the threshold be drawn on the bar.
      tick.hidden = !early || out || rule !== "confidence";
      if (!tick.hidden) tick.style.transform = `translateX(${thresholdAt(thresholds, exit) * 100}%)`;
    });
  }
}

function plainRung(block) {
  const node = element(
    "div",
    { class: "rung plain", role: "presentation", "aria-hidden": "true" },
    element("span", { class: "rail" }),
    element("span", { class: "block" }, String(block)),
    element("span", { class: "label" }, t("explore.no_exit")),
  );
  return { node };
}

function exitRung(block, exit, facts) {
  const { letter, name } = familyOf(facts);
  const parts = {
    label: element("span", { class: "label" }),
    fill: element("span", { class: "fill" }),
    tick: element("span", { class: "tick" }),
    number: element("span", { class: "number" }),
    state: element("span", { class: "state" }),
  };
  const badge = element(
    "span",
    { class: "badge", "data-family": facts.family, title: t("explore.badge", { head: name, kind: facts.kind }) },
    letter,
  );
  const node = element(
    "div",
    { class: "rung exit", role: "option", "data-exit": exit },
    element("span", { class: "rail" }),
    element("span", { class: "block" }, String(block)),
    badge,
    parts.label,
    element("span", { class: "bar" }, parts.fill, parts.tick),
    parts.number,
    parts.state,
  );
  for (const child of node.children) child.setAttribute("aria-hidden", "true"); // the rung's label says it in order
  return { node, ...parts };
}
