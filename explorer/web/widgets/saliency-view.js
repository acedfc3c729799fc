// <saliency-view>: where the selected exit's local head found its evidence for a class (Grad-CAM), another's beside it.

import { ask } from "./ask.js";
import { element, setText } from "./dom.js";
import { saliencyMap, strongest } from "./maps.js";
import { saveButtons } from "./save.js";
import { t, translated } from "./strings.js";
import { Widget } from "./widget.js";
import { familyOf, levelText, probabilityText } from "./words.js";

const ASK_PAUSE_MS = 200; // while a threshold is dragged the exit changes quickly; only where it rests is asked about

const SALIENCY_STYLE = `
.views { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: start; }
figure { flex: 1 1 18rem; max-width: 22rem; margin: 0; }
figcaption {
  display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: center; min-height: 2rem; margin-bottom: 0.25rem;
}
figcaption .save { margin-left: auto; }
.side { flex: 2 1 15rem; display: grid; gap: 0.75rem; max-width: 34rem; }
.side label { display: grid; gap: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.side select { width: 100%; color: var(--ink); font-size: 0.875rem; }
.near:empty { display: none; }
.near { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.near button {
  min-height: 2rem; padding: 0.125rem 0.75rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
.near button:hover { background: var(--accent-soft); }
`;

const saliencyMarkup = () => `
<div class="head">
  <h2>${t("explore.why_saliency")}</h2>
  <span class="quiet small">${t("explore.saliency_idea")}</span>
</div>
<div class="views">
  <figure id="one"><figcaption><span class="which"></span></figcaption></figure>
  <figure id="other" hidden><figcaption><span class="which"></span></figcaption></figure>
  <div class="side">
    <p id="elsewhere" hidden></p>
    <div class="near"></div>
    <p id="failed" hidden><button type="button" class="plain" id="again">${t("explore.saliency_again")}</button></p>
    <label>${t("explore.saliency_for")} <select id="class"></select></label>
    <label>${t("explore.saliency_beside")} <select id="beside"></select></label>
    <p class="quiet small">${t("explore.saliency_note")}</p>
  </div>
</div>`;

export class SaliencyView extends Widget {
  static style = SALIENCY_STYLE;
  #class = null; // chosen by a person: a class index; null follows the exit's own answer
  #beside = null; // the exit whose map stands beside, as a block; null for none
  #offered = null; // the trace whose classes and exits the choosers list
  #ask = null;
  #shown = []; // what the view was drawn from, to see whether it must be drawn again
  #heats = [element("heat-picture"), element("heat-picture")]; // outlive the markup, with the opacity chosen on them

  static get markup() {
    return saliencyMarkup();
  }

  build() {
    this.#shown = [];
    this.select = this.part("#class");
    this.beside = this.part("#beside");
    this.figures = [this.part("#one"), this.part("#other")];
    this.figures.forEach((figure, i) => {
      figure.append(this.#heats[i]);
      const title = () => `${this.#title()}: ${figure.querySelector(".which").textContent}`;
      const save = { canvas: () => this.#heats[i].toCanvas(title()), csv: () => this.#heats[i].rows };
      figure.querySelector("figcaption").append(saveButtons("saliency", save));
    });
    this.select.addEventListener("change", () => {
      this.#class = Number(this.select.value);
      this.#forgive();
      this.#draw();
    });
    this.beside.addEventListener("change", () => {
      this.#beside = this.beside.value === "" ? null : Number(this.beside.value);
      this.#draw();
    });
    this.part(".near").addEventListener("click", (event) => {
      if (event.target.dataset.exit) this.store.select(Number(event.target.dataset.exit));
    });
    this.part("#again").addEventListener("click", () => this.#forgive());
    if (this.#offered) this.#offer(this.#offered);
  }

  #title() {
    return `${t("explore.why_saliency")}, ${translated(this.store.example.title)}`;
  }

  /** The exits with a map: the one looked at and the one beside it, if they have a local head. */
  get #exits() {
    const { trace, selectedExit: exit } = this.store;
    const other = trace.exits.findIndex(({ block }) => block === this.#beside);
    return isLocal(trace.exits[exit]) ? [exit, ...(other >= 0 && other !== exit ? [other] : [])] : [];
  }

  get #classIndex() {
    const { trace, selectedExit } = this.store;
    return this.#class ?? trace.classes[trace.predicted[selectedExit]].index;
  }

  /** Maps that failed are asked for once more. */
  #forgive() {
    for (const exit of this.#exits) {
      if (this.store.saliency(exit, this.#classIndex)?.failed) this.#request(exit, this.#classIndex);
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#ask);
  }

  resize() {
    if (this.width === 0) clearTimeout(this.#ask); // a closed tab asks for nothing
    this.#shown = [];
    super.resize();
  }

  update() {
    const { trace } = this.store;
    if (!trace) return;
    if (trace !== this.#offered) {
      this.#class = null;
      this.#offer(trace);
    }
    this.#draw();
  }

  /** Lists the classes, and the exits whose map can stand beside; a choice stays while there is such an exit. */
  #offer(trace) {
    this.#offered = trace;
    const classes = trace.classes.map(({ index, label }) => element("option", { value: index }, label));
    this.select.replaceChildren(...classes);
    const blocks = trace.exits.filter(isLocal).map(({ block }) => block);
    if (!blocks.includes(this.#beside)) this.#beside = null;
    const exits = blocks.map((block) => element("option", { value: block }, t("explore.saliency_block", { block })));
    this.beside.replaceChildren(element("option", { value: "" }, t("explore.saliency_alone")), ...exits);
    this.beside.parentElement.hidden = blocks.length < 2;
  }

  #draw() {
    const { store } = this;
    const { trace, selectedExit: exit } = store;
    const classIndex = this.#classIndex;
    const exits = this.#exits;
    const entries = exits.map((one) => store.saliency(one, classIndex));
    const now = [store.example, exit, classIndex, this.#beside, ...entries];
    if (now.length === this.#shown.length && now.every((part, i) => part === this.#shown[i])) return;
    this.#shown = now;

    const local = exits.length > 0;
    this.select.value = classIndex;
    this.beside.value = this.#beside ?? "";
    for (const choice of [this.select, this.beside]) choice.disabled = !local;
    this.part("#failed").hidden = !entries.some((entry) => entry?.failed);
    this.figures[1].hidden = exits.length < 2;
    this.#offerNear(local ? [] : nearestLocal(trace, exit));
    if (local) exits.forEach((one, i) => this.#drawMap(i, one, entries[i], classIndex));
    else this.#drawNone(exit);

    clearTimeout(this.#ask);
    const missing = exits.filter((_, i) => entries[i] === undefined);
    if (missing.length === 0) return;
    this.#ask = setTimeout(() => missing.forEach((one) => this.#request(one, classIndex)), ASK_PAUSE_MS);
  }

  #drawNone(exit) {
    const { trace } = this.store;
    const { block } = trace.exits[exit];
    const near = t(trace.exits.some(isLocal) ? "explore.saliency_near" : "explore.saliency_none_near");
    const head = familyOf(trace.exits[exit]).name;
    setText(this.part("#elsewhere"), t("explore.saliency_other_head", { block, head, near }));
    setText(this.figures[0].querySelector(".which"), t("explore.saliency_block", { block }));
    this.#show(0, null, t("explore.saliency_no_local", { block }));
  }

  #drawMap(i, exit, entry, classIndex) {
    const { trace } = this.store;
    const { block } = trace.exits[exit];
    const position = trace.classes.findIndex(({ index }) => index === classIndex);
    const { label } = trace.classes[position];
    const probability = probabilityText(trace.probabilities[exit][position]);
    const gives = t("explore.saliency_gives", { block, label, probability });
    setText(this.figures[i].querySelector(".which"), gives);
    if (entry === undefined || entry.pending) this.#show(i, null, t("explore.saliency_asking"));
    else if (entry.failed) this.#show(i, null, translated(entry.failed));
    else {
      const map = saliencyMap(entry);
      if (map) this.#show(i, map, null, label);
      else this.#show(i, null, t("explore.saliency_flat", { label }));
    }
  }

  async #request(exit, classIndex) {
    const { store } = this;
    const { example, model } = store;
    const id = example?.id ?? null;
    store.awaitSaliency(exit, classIndex);
    try {
      const map = await ask("explain", { model, saw: example?.saw, exit, class: classIndex });
      store.addSaliency({ ...map, id });
    } catch (error) {
      store.failSaliency(exit, classIndex, error.message, id);
    }
  }

  #show(i, map, message, label) {
    const { example } = this.store;
    const most = map && strongest(map);
    const reading = map ? t("explore.saliency_reading", { label, ...most, value: levelText(most.value) }) : "";
    const picture = example.saw ?? example.image;
    this.#heats[i].show({ picture, map, top: map?.peak, description: reading, reading, message });
  }

  #offerNear(exits) {
    const { trace } = this.store;
    this.part("#elsewhere").hidden = isLocal(trace.exits[this.store.selectedExit]);
    const near = this.part(".near");
    const key = exits.join();
    if (near.dataset.key === key) return; // keep the buttons, and the focus on them, while they stay the same
    near.dataset.key = key;
    const button = (exit) => {
      const { block } = trace.exits[exit];
      return element("button", { type: "button", "data-exit": exit }, t("explore.saliency_block", { block }));
    };
    near.replaceChildren(...exits.map(button));
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
