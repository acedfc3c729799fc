// <saliency-view>: where an exit found its evidence for a class, by any method; another exit's beside, or subtracted.

import { element, setText } from "./dom.js";
import { askMap, WAITING } from "./explain/asking.js";
import { FILM_STYLE, FilmStrip } from "./explain/film-strip.js";
import { explains, membersOf, methodOptions, methodSays, methodTitle, ofAnswers, unitText, whyNothing } from "./explain/offer.js";
import { TRUST_STYLE, TrustPanel } from "./explain/trust-panel.js";
import { mapAt, strongest } from "./maps.js";
import { saveButtons } from "./save.js";
import { t, translated } from "./strings.js";
import { Widget } from "./widget.js";
import { familyOf, levelText, probabilityText } from "./words.js";

const ASK_PAUSE_MS = 200; // while a threshold is dragged the exit changes quickly; only where it stops is requested

const SALIENCY_STYLE = `
${FILM_STYLE}${TRUST_STYLE}.views { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: start; }
figure { flex: 1 1 18rem; max-width: 22rem; margin: 0; }
figcaption {
  display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: center; min-height: 2rem; margin-bottom: 0.25rem;
}
figcaption .save { margin-left: auto; }
.side { flex: 2 1 15rem; display: grid; gap: 0.75rem; max-width: 34rem; }
.side label { display: grid; gap: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.side label.check { display: flex; gap: 0.5rem; align-items: center; }
.side select { width: 100%; color: var(--ink); font-size: 0.875rem; }
input[type=checkbox] { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); }
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
    <p id="failed" hidden><button type="button" class="plain" id="again">${t("explore.saliency_again")}</button></p>
    <label>${t("explain.method")} <select id="method"></select></label>
    <label>${t("explore.saliency_for")} <select id="class"></select></label>
    <label>${t("explain.minus")} <select id="against"></select></label>
    <label>${t("explore.saliency_beside")} <select id="beside"></select></label>
    <label class="check"><input type="checkbox" id="same"> ${t("explain.same_scale")}</label>
    <p class="quiet small" id="says"></p>
    <div class="strip"></div>
  </div>
</div>
<div class="proof"></div>`;

export class SaliencyView extends Widget {
  static style = SALIENCY_STYLE;
  #method = null; // a name; null for the first on offer
  #class = null; // chosen by a person: a class index; null follows the exit's own answer
  #against = null; // the exit whose map is subtracted, as a block; null for none
  #beside = null; // the exit whose map is shown beside, as a block; null for none
  #same = false; // both maps on one scale
  #offered = null; // the trace whose classes and exits the choosers list
  #of = {}; // the analysed trace and the grain for which a class was chosen
  #ask = null;
  #shown = []; // what the view was drawn from, to check whether it must be redrawn
  #heats = [element("heat-picture"), element("heat-picture")]; // outlive the markup, with their chosen opacity

  static get markup() {
    return saliencyMarkup();
  }

  build() {
    this.#shown = [];
    this.figures = [this.part("#one"), this.part("#other")];
    this.figures.forEach((figure, i) => {
      figure.append(this.#heats[i]);
      const title = () => `${this.#title()}: ${figure.querySelector(".which").textContent}`;
      const save = { canvas: () => this.#heats[i].toCanvas(title()), csv: () => this.#heats[i].rows };
      figure.querySelector("figcaption").append(saveButtons("saliency", save));
    });
    this.film = new FilmStrip(this.part(".strip"), {
      widget: this,
      show: (i) => this.store.select(i),
      name: (i) => t("explore.saliency_block", { block: this.store.trace.exits[i].block }),
      title: () => methodTitle(this.#facts),
      ready: (tell) => this.#allThere(tell),
      frame: (i) => this.#frame(i),
    });
    const proof = { idea: t("explain.trust_idea"), all: true };
    this.trust = new TrustPanel(this.part(".proof"), this.store, () => this.#onShow(), proof);
    const chosen = (id, take) =>
      this.part(id).addEventListener("change", ({ target }) => {
        take(target);
        this.#retry();
        this.#draw();
      });
    const blockOf = ({ value }) => (value === "" ? null : Number(value));
    chosen("#method", ({ value }) => (this.#method = value));
    chosen("#class", ({ value }) => (this.#class = Number(value)));
    chosen("#against", (target) => (this.#against = blockOf(target)));
    chosen("#beside", (target) => (this.#beside = blockOf(target)));
    chosen("#same", ({ checked }) => (this.#same = checked));
    this.part("#same").checked = this.#same;
    this.part("#again").addEventListener("click", () => this.#retry());
    if (this.#offered) this.#offer(this.#offered);
  }

  #title() {
    return `${methodTitle(this.#facts)}, ${translated(this.store.example.title)}`;
  }

  /** The chosen method; before a choice Grad-CAM, which is quick and exact at local heads. */
  get #facts() {
    const methods = ofAnswers(this.store.methods);
    const find = (wanted) => methods.find(({ name }) => name === wanted);
    return find(this.#method) ?? find("grad-cam") ?? methods[0] ?? { name: "grad-cam", asks: [], families: [] };
  }

  #exitAt(block) {
    const exit = this.store.trace.exits.findIndex((one) => one.block === block);
    return exit < 0 ? null : exit;
  }

  /** The exits with a map: the one in view, and the one beside it. */
  get #exits() {
    const exit = this.store.selectedExit;
    const other = this.#exitAt(this.#beside);
    return other === null || other === exit ? [exit] : [exit, other];
  }

  get #classIndex() {
    const { trace, selectedExit } = this.store;
    return this.#class ?? trace.classes[trace.predicted[selectedExit]].index;
  }

  #questionFor(exit) {
    const against = this.#exitAt(this.#against);
    const taken = against === null || against === exit ? {} : { against };
    return { method: this.#facts.name, exit, classes: membersOf(this.store, this.#classIndex), ...taken };
  }

  #entryFor(exit) {
    const { maps, trace } = this.store;
    const question = this.#questionFor(exit);
    const fits = [exit, question.against ?? exit].every((one) => explains(this.#facts, trace.exits[one]));
    if (!fits) return { failed: t("explain.not_this_exit"), final: true };
    return this.store.rawExample.short ? WAITING : maps.get(question);
  }

  /** Maps that failed are requested again. */
  #retry() {
    this.#exits.forEach((exit, i) => {
      const entry = this.#entryFor(exit);
      if (entry?.failed && !entry.final) askMap(this.store, this.#questionFor(exit), `saliency ${i}`);
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#ask);
  }

  resize() {
    if (this.width === 0) clearTimeout(this.#ask); // a closed tab requests nothing
    this.#shown = [];
    super.resize();
  }

  update(changed) {
    const { trace, rawTrace, grain } = this.store;
    if (!trace) return;
    if (rawTrace !== this.#of.rawTrace || grain !== this.#of.grain) {
      this.#of = { rawTrace, grain };
      this.#class = null;
      this.film.stop();
    }
    if (trace !== this.#offered || changed.has("methods")) this.#offer(trace);
    this.#draw();
  }

  /** Lists the methods, classes and exits; a chosen exit stays while it exists. */
  #offer(trace) {
    this.#offered = trace;
    const list = (id, values) =>
      this.part(id).replaceChildren(...values.map(([value, text]) => element("option", { value }, text)));
    this.part("#method").replaceChildren(...methodOptions(ofAnswers(this.store.methods)));
    list("#class", trace.classes.map(({ index, label }) => [index, label]));
    const blocks = trace.exits.map(({ block }) => block);
    if (!blocks.includes(this.#beside)) this.#beside = null;
    if (!blocks.includes(this.#against)) this.#against = null;
    const exits = blocks.map((block) => [block, t("explore.saliency_block", { block })]);
    list("#beside", [["", t("explore.saliency_alone")], ...exits]);
    list("#against", [["", t("explain.minus_none")], ...exits]);
  }

  #draw() {
    const { store } = this;
    const classIndex = this.#classIndex;
    const exits = this.#exits;
    const entries = exits.map((one) => this.#entryFor(one));
    const method = this.#facts.name;
    const choice = [store.example, store.methods, method, classIndex, this.#against, this.#beside, this.#same];
    const now = [...choice, ...exits, ...entries.map((entry) => entry?.final ?? entry)];
    if (now.length === this.#shown.length && now.every((part, i) => part === this.#shown[i])) return;
    this.#shown = now;

    this.part("#method").value = method;
    this.part("#class").value = classIndex;
    this.part("#against").value = this.#against ?? "";
    this.part("#beside").value = this.#beside ?? "";
    this.part("#same").disabled = exits.length < 2;
    setText(this.part("#says"), methodSays(this.#facts));
    this.part("#failed").hidden = !entries.some((entry) => entry?.failed && !entry.final);
    this.figures[1].hidden = exits.length < 2;
    const maps = entries.map((entry) => (entry?.map && !entry.map.evidence ? mapAt(entry.map) : null));
    const top = this.#same ? Math.max(...maps.map((map) => map?.peak ?? 0)) : null;
    exits.forEach((exit, i) => this.#drawMap(i, exit, maps[i], top, entries[i]));
    this.film.set(this.store.trace.exits.length, store.selectedExit);
    this.trust.update();

    clearTimeout(this.#ask);
    const missing = exits.map((exit, i) => [exit, i]).filter(([, i]) => entries[i] === undefined);
    if (missing.length === 0) return;
    const ask = () => missing.forEach(([exit, i]) => askMap(store, this.#questionFor(exit), `saliency ${i}`));
    this.#ask = setTimeout(ask, ASK_PAUSE_MS);
  }

  /** What the first map answers, if there is one. */
  #onShow() {
    const exit = this.store.selectedExit;
    const map = this.#entryFor(exit)?.map;
    return map && !map.evidence ? this.#questionFor(exit) : null;
  }

  /** Requests the class's map at every exit, one after the other; returns whether all arrived. */
  async #allThere(tell) {
    const { store } = this;
    const { maps, trace } = store;
    const { owner } = maps;
    this.#class = this.#classIndex; // one class throughout
    const asked = trace.exits.map((_, exit) => this.#questionFor(exit));
    for (const [i, question] of asked.entries()) {
      if (!explains(this.#facts, trace.exits[i])) continue;
      if (!maps.get(question)?.map) {
        tell(t("explain.film_asking", { done: i + 1, count: asked.length }));
        await askMap(store, question, "film");
      }
      if (owner !== maps.owner || !maps.get(question)?.map) return false;
    }
    return true;
  }

  #frame(i) {
    const packed = this.#entryFor(i)?.map;
    const map = packed && !packed.evidence ? mapAt(packed) : null;
    const heat = this.#heats[0];
    return { image: heat.image, map, top: map?.peak, opacity: heat.opacity };
  }

  #drawMap(i, exit, map, top, entry) {
    const { example, trace } = this.store;
    const { block } = trace.exits[exit];
    const position = trace.classes.findIndex(({ index }) => index === this.#classIndex);
    const { label } = trace.classes[position];
    const probability = probabilityText(trace.probabilities[exit][position]);
    const gives = t("explain.gives", { block, head: familyOf(trace.exits[exit]).name, label, probability });
    const { against } = this.#questionFor(exit);
    const minus = against === undefined ? "" : ` ${t("explain.minus_block", { block: trace.exits[against].block })}`;
    setText(this.figures[i].querySelector(".which"), gives + minus);
    const most = map && strongest(map);
    const base = against === undefined ? null : trace.exits[against].block;
    const facts = map && { label, ...most, value: levelText(most.value), block, other: base };
    const reading = map ? t(saidOf(map, most.value, base), facts) : "";
    this.#heats[i].show({
      picture: example.saw ?? example.image,
      map,
      top: top || map?.peak,
      unit: unitText(map?.units),
      description: reading,
      reading,
      message: map ? null : translated(whyNothing(entry)),
    });
  }
}

/** The sentence for a map's strongest value: `base` is the block whose map was subtracted, or null. */
function saidOf(map, value, base) {
  if (base !== null) return value < 0 ? "explain.reading_less" : "explain.reading_more";
  if (map.units === "gradient") return "explain.reading_sensitive";
  return value < 0 ? "explain.reading_against" : "explore.saliency_reading";
}
