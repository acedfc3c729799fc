// <saliency-view>: where the selected exit's local head found its evidence for a class (Grad-CAM).

import { element, setText } from "./dom.js";
import { saliencyMap, strongest } from "./maps.js";
import { Widget } from "./widget.js";
import { familyOf, levelText, probabilityText } from "./words.js";

const ASK_PAUSE_MS = 200; // while a threshold is dragged the exit changes quickly; only where it rests is asked about

const SALIENCY_STYLE = `
.views { display: grid; grid-template-columns: minmax(0, 22rem) minmax(0, 1fr); gap: 1rem 2.5rem; align-items: start; }
.side { display: grid; gap: 0.75rem; max-width: 34rem; }
.side label { display: grid; gap: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.side select { width: 100%; color: var(--ink); font-size: 0.875rem; }
.near:empty { display: none; }
.near { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.near button {
  min-height: 2rem; padding: 0.125rem 0.75rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
.near button:hover { background: var(--accent-soft); }
@container (max-width: 640px) { .views { grid-template-columns: minmax(0, 1fr); } }
`;

const SALIENCY_MARKUP = `
<div class="head">
  <h2>Local-head saliency</h2>
  <span class="quiet small">where an exit’s convolutions found evidence for a class</span>
</div>
<div class="views">
  <heat-picture></heat-picture>
  <div class="side">
    <p class="which"></p>
    <div class="near"></div>
    <p id="failed" hidden><button type="button" class="plain" id="again">Ask for this map again</button></p>
    <label>Evidence for <select></select></label>
    <p class="quiet small">Grad-CAM on the head’s own map: bright patches speak for the class, dark ones do not.
    It shows where, not why; the numbers are in the units of the head and compare only within one map.</p>
  </div>
</div>`;

export class SaliencyView extends Widget {
  static style = SALIENCY_STYLE;
  static markup = SALIENCY_MARKUP;
  #class = null; // chosen by a person: a class index; null follows the exit's own answer
  #offered = null; // the trace whose classes the chooser lists
  #ask = null;
  #shown = []; // what the view was drawn from, to see whether it must be drawn again

  build() {
    this.select = this.part("select");
    this.select.addEventListener("change", () => {
      this.#class = Number(this.select.value);
      this.#forgive();
      this.#draw();
    });
    this.part(".near").addEventListener("click", (event) => {
      if (event.target.dataset.exit) this.store.select(Number(event.target.dataset.exit));
    });
    this.part("#again").addEventListener("click", () => this.#forgive());
  }

  /** A map that failed is asked for once more. */
  #forgive() {
    const { trace, selectedExit: exit } = this.store;
    const classIndex = this.#class ?? trace.classes[trace.predicted[exit]].index;
    if (this.store.saliency(exit, classIndex)?.failed) this.#request(exit, classIndex);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#ask);
  }

  update() {
    const { trace } = this.store;
    if (!trace) return;
    if (this.width === 0) {
      clearTimeout(this.#ask); // a closed tab asks for nothing
      this.#shown = [];
      return;
    }
    if (trace !== this.#offered) {
      this.#offered = trace;
      this.#class = null;
      const options = trace.classes.map(({ index, label }) => element("option", { value: index }, label));
      this.select.replaceChildren(...options);
    }
    this.#draw();
  }

  #draw() {
    const { trace, selectedExit: exit } = this.store;
    const facts = trace.exits[exit];
    const local = facts.family === "local";
    const classIndex = this.#class ?? trace.classes[trace.predicted[exit]].index;
    const position = trace.classes.findIndex(({ index }) => index === classIndex);
    const entry = this.store.saliency(exit, classIndex);
    const now = [this.store.example, exit, classIndex, entry];
    if (now.every((part, i) => part === this.#shown[i])) return;
    this.#shown = now;
    this.select.value = classIndex;
    this.select.parentElement.hidden = !local;
    clearTimeout(this.#ask);
    this.part("#failed").hidden = !entry?.failed;
    this.#offerNear(local ? [] : nearestLocal(trace, exit));
    if (!local) {
      this.#show(null, `The exit at block ${facts.block} has no local head, so there is no saliency map for it.`);
      const near = trace.exits.some(isLocal) ? "Nearest exits with a local head:" : "This network has no local heads.";
      setText(this.part(".which"), `Block ${facts.block} reads out with the ${familyOf(facts).name}. ${near}`);
      return;
    }
    const { label } = trace.classes[position];
    const probability = probabilityText(trace.probabilities[exit][position]);
    setText(this.part(".which"), `Block ${facts.block}, local perception head: gives ${label} ${probability}.`);
    this.#drawMap(entry, exit, classIndex, label);
  }

  #drawMap(entry, exit, classIndex, label) {
    if (entry === undefined) {
      this.#show(null, "Asking for this map …");
      this.#ask = setTimeout(() => this.#request(exit, classIndex), ASK_PAUSE_MS);
    } else if (entry.pending) {
      this.#show(null, "Asking for this map …");
    } else if (entry.failed) {
      this.#show(null, entry.failed);
    } else {
      const map = saliencyMap(entry);
      if (map) this.#show(map, null, label);
      else this.#show(null, `No evidence for ${label} here: this head’s map is zero everywhere.`);
    }
  }

  #request(exit, classIndex) {
    const { example } = this.store;
    this.store.awaitSaliency(exit, classIndex);
    this.tell("explain", { exit, class: classIndex, id: example?.id ?? null });
  }

  #show(map, message, label) {
    const { example } = this.store;
    const most = map && strongest(map);
    const reading = map
      ? `Strongest evidence for ${label} in row ${most.row}, column ${most.column} (${levelText(most.value)}).`
      : "";
    const picture = example.saw ?? example.image;
    this.part("heat-picture").show({ picture, map, top: map?.peak, description: reading, reading, message });
  }

  #offerNear(exits) {
    const { trace } = this.store;
    const buttons = exits.map((exit) => {
      return element("button", { type: "button", "data-exit": exit }, `Block ${trace.exits[exit].block}`);
    });
    const near = this.part(".near");
    const key = buttons.map((button) => button.textContent).join();
    if (near.dataset.key === key) return; // keep the buttons, and the focus on them, while they stay the same
    near.dataset.key = key;
    near.replaceChildren(...buttons);
  }
}

function isLocal(exit) {
  return exit.family === "local";
}

/** The nearest exits with a local head, below and above. */
export function nearestLocal(trace, exit) {
  const local = trace.exits.map((facts, e) => (isLocal(facts) ? e : -1)).filter((e) => e >= 0);
  const below = local.filter((e) => e < exit).at(-1);
  const above = local.find((e) => e > exit);
  return [below, above].filter((e) => e !== undefined);
}
