// <exit-ladder>: the network as a ladder, one rung per block; the image climbs from the bottom to the exit that fires.

import { thresholdAt } from "./decide.js";
import { element, setAttributes, setText } from "./dom.js";
import { LADDER_STYLE } from "./exit-ladder-style.js";
import { Widget } from "./widget.js";
import { answerAt, familyOf, probabilityText } from "./words.js";

const LADDER_MARKUP = `
<div class="head">
  <h2 id="title">Exit ladder</h2>
  <span class="quiet small" id="idea">the image enters at the bottom and climbs until an exit is sure</span>
  <button type="button" class="plain end" id="follow">Back to the exit that fires</button>
</div>
<div class="ladder" role="listbox" aria-labelledby="title"></div>
<p class="legend quiet small"></p>`;

export class ExitLadder extends Widget {
  static style = LADDER_STYLE;
  static markup = LADDER_MARKUP;
  #shape = null; // the exits the rungs were built for
  #rungs = []; // one per block, from block 1

  build() {
    this.ladder = this.part(".ladder");
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

  /** A second click on the chosen exit lets go of it. */
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
    this.part("#follow").disabled = this.store.selected === null;
    if (!trace) return;
    if (changed.has("trace")) {
      this.#buildRungs(trace);
      this.#showAnswers(trace);
    }
    this.#showDecision(trace);
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

  /** Labels and bars, which only a new trace changes. */
  #showAnswers(trace) {
    trace.exits.forEach(({ block }, exit) => {
      const { label, fill, number } = this.#rungs[block - 1];
      const answer = answerAt(trace, exit);
      setText(label, answer.label);
      label.title = answer.label;
      setText(number, probabilityText(answer.probability, 3)); // as fine as the threshold
      fill.style.transform = `scaleX(${answer.probability})`;
    });
  }

  /** What the threshold changes: which rungs ran, which one fired, which one is looked at. */
  #showDecision(trace) {
    const { fired, selectedExit, rule, thresholds } = this.store;
    const firedBlock = trace.exits[fired].block;
    this.#rungs.forEach(({ node, state, tick }, below) => {
      const block = below + 1;
      const status = block === firedBlock ? "fired" : block < firedBlock ? "ran" : "skipped";
      node.dataset.status = status;
      if (!tick) return;
      const exit = Number(node.dataset.exit);
      const words = { fired: "left here", ran: "went on", skipped: "not run" }[status];
      setText(state, words);
      const { label, probability } = answerAt(trace, exit);
      const saying = `${label}, ${probabilityText(probability)}`;
      const early = exit < trace.exits.length - 1;
      setAttributes(node, {
        "aria-selected": exit === selectedExit,
        tabindex: exit === selectedExit ? 0 : -1,
        "aria-label": `Block ${block}, ${familyOf(trace.exits[exit]).name}: ${saying}, ${words}`,
      });
      // Only confidence is measured on the bar's own scale, so only there the threshold can stand on the bar.
      tick.hidden = !early || rule !== "confidence";
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
    element("span", { class: "label" }, "no exit"),
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
    { class: "badge", "data-family": facts.family, title: `${name} (${facts.kind})` },
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
  return { node, ...parts };
}
