// <attention-view>: where the [CLS] token, or a chosen patch, attends: block by block, head by head, rolled out.

import { element, setAttributes, setText } from "./dom.js";
import { AttentionThumbnails } from "./attention-thumbnails.js";
import { askMap, WAITING } from "./explain/asking.js";
import { FILM_STYLE, FilmStrip } from "./explain/film-strip.js";
import { explains, membersOf, methodOptions, methodSays, methodTitle, ofAttention, unitText, whyNothing } from "./explain/offer.js";
import { TRUST_STYLE, TrustPanel } from "./explain/trust-panel.js";
import { mapAt, sharedPeak, strongest } from "./maps.js";
import { saveButtons } from "./save.js";
import { t, translated } from "./strings.js";
import { Widget } from "./widget.js";
import { levelText } from "./words.js";

const ATTENTION_STYLE = `
${FILM_STYLE}${TRUST_STYLE}.views { display: grid; grid-template-columns: minmax(0, 22rem) minmax(0, 1fr); gap: 1rem 2.5rem; align-items: start; }
.choices { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; margin-bottom: 0.75rem; }
.choices label { display: inline-flex; max-width: 100%; align-items: center; gap: 0.5rem; font-size: 0.8125rem; color: var(--quiet); }
.choices select { min-width: 0; color: var(--ink); font-size: 0.875rem; }
.choices button.plain:disabled { display: none; }
.picture { max-width: 22rem; }
.rest { min-width: 0; display: grid; gap: 0.75rem; }
.thumbs { min-width: 0; overflow-x: auto; }
.none { min-height: 20rem; color: var(--quiet); }
/* Nothing moves while a map loads: the old one fades, another picture's is removed, unless the new one is quick. */
.views { transition: opacity 0.1s 0.15s; }
.views[aria-busy=true] { opacity: 0.55; }
.thumbs { transition: visibility 0s 0.15s; }
.others .thumbs { visibility: hidden; }
input[type=checkbox] { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent-mark); }
@container (max-width: 640px) { .views { grid-template-columns: minmax(0, 1fr); } }
`;

const attentionMarkup = () => `
<div class="head">
  <h2>${t("explore.why_attention")}</h2>
  <span class="quiet small">${t("explore.attention_idea")}</span>
</div>
<p class="none" hidden>${t("explore.attention_none")}</p>
<div class="body">
  <div class="choices">
    <label>${t("explain.show")} <select id="method"></select></label>
    <label>${t("explore.attention_block")} <select id="block"></select></label>
    <label>${t("explore.attention_head")} <select id="head"></select></label>
    <label><input type="checkbox" id="shared"> ${t("explore.attention_shared")}</label>
    <button type="button" class="plain" id="follow">${t("explore.attention_follow")}</button>
    <button type="button" class="plain" id="cls">${t("explain.back_to_cls")}</button>
  </div>
  <div class="views">
    <div class="picture"></div>
    <div class="rest"><div class="thumbs"></div><div class="strip"></div><p class="quiet small" id="says"></p></div>
  </div>
  <div class="proof"></div>
</div>`;

export class AttentionView extends Widget {
  static style = ATTENTION_STYLE;
  #method = "attention";
  #patch = null; // the query token: a patch, row by row from 0; null for [CLS]
  #of = null; // the analysed trace for which the patch was chosen
  #block = null; // chosen by a person; null follows the exit in view
  #head = "mean";
  #shared = false; // one scale for all maps
  #offered = ""; // what the choices were made from
  #drawn = null; // the packed map the thumbnails show
  #packed = null; // the answer on show
  #pictured = null; // the example whose maps they are
  #waits = false; // another answer is loading
  #index = {}; // which of its maps is the big one, by axis; null for the mean
  #shown = [];
  #heat = element("heat-picture"); // outlives the markup, and with it the opacity a person chose

  static get markup() {
    return attentionMarkup();
  }

  build() {
    this.#offered = "";
    this.#drawn = null;
    this.#shown = [];
    this.part(".picture").append(this.#heat);
    const saved = { canvas: () => this.#heat.toCanvas(this.#title()), csv: () => this.#heat.rows };
    this.part(".head").append(saveButtons("attention", saved));
    this.thumbnails = new AttentionThumbnails(this.part(".thumbs"), (block, head) => this.#choose({ block, head }));
    this.film = new FilmStrip(this.part(".strip"), {
      widget: this,
      show: (i) => this.#choose({ block: i + 1 }),
      name: (i) => t("explore.saliency_block", { block: i + 1 }),
      title: () => methodTitle(this.#facts),
      ready: async () => Boolean(this.#packed) && !this.#waits,
      frame: (i) => this.#frame(i),
    });
    const proof = { idea: t("explain.trust_idea_attention") };
    this.trust = new TrustPanel(this.part(".proof"), this.store, () => this.#onShow(), proof);
    const chosen = (id, choose) => this.part(id).addEventListener("change", ({ target }) => this.#choose(choose(target)));
    chosen("#method", ({ value }) => ({ method: value }));
    chosen("#block", ({ value }) => ({ block: Number(value) }));
    chosen("#head", ({ value }) => ({ head: value === "mean" ? value : Number(value) }));
    chosen("#shared", ({ checked }) => ({ shared: checked }));
    this.part("#shared").checked = this.#shared;
    this.part("#follow").addEventListener("click", () => this.#choose({ block: null }));
    this.part("#cls").addEventListener("click", () => this.#choose({ patch: null }));
  }

  #title() {
    return `${methodTitle(this.#facts)}, ${translated(this.store.example.title)}`;
  }

  #choose({ method = this.#method, patch = this.#patch, block = this.#block, head = this.#head, shared = this.#shared }) {
    if (method !== this.#method) head = "mean";
    [this.#method, this.#patch, this.#block, this.#head, this.#shared] = [method, patch, block, head, shared];
    this.#draw();
  }

  get #methods() {
    return ofAttention(this.store.methods);
  }

  get #facts() {
    return this.#methods.find(({ name }) => name === this.#method) ?? { name: this.#method, asks: [], families: [] };
  }

  /** What is requested: a map by the chosen method, from the chosen token. */
  get #question() {
    const { name, asks } = this.#facts;
    return {
      method: name,
      ...(asks.includes("exit") && { exit: this.store.selectedExit }),
      ...(asks.includes("patch") && this.#patch !== null && { patch: this.#patch }),
    };
  }

  update() {
    const { store } = this;
    if (!store.trace) return;
    const readable = store.rawExample.short || store.maps.get({ method: "attention" })?.map;
    this.part(".none").hidden = Boolean(readable);
    this.part(".body").hidden = !readable;
    if (!readable) return;
    if (store.rawTrace !== this.#of) {
      this.#of = store.rawTrace;
      this.#patch = null;
      this.film.stop();
    }
    this.#draw();
  }

  #draw() {
    const { store } = this;
    const { trace, selectedExit } = store;
    const fits = explains(this.#facts, trace.exits[selectedExit]);
    const asked = store.rawExample.short ? WAITING : store.maps.get(this.#question);
    const entry = fits ? asked : { failed: t("explain.not_this_exit") };
    const seen = [entry, store.example, store.methods, this.#method, this.#patch, this.#block, this.#head, this.#shared, selectedExit];
    if (seen.length === this.#shown.length && seen.every((part, i) => part === this.#shown[i])) return;
    this.#shown = seen;
    if (entry === undefined) {
      askMap(store, this.#question, "attention");
      return;
    }
    this.#waits = entry.pending === true;
    const others = this.#waits && store.rawExample !== this.#pictured;
    setAttributes(this.part(".views"), { "aria-busy": this.#waits || null, class: others ? "views others" : "views" });
    if (this.#waits && this.#packed) return this.#wait(entry, others);
    this.#pictured = store.rawExample;
    this.#offer(entry);
    const packed = entry.map?.evidence ? null : (entry.map ?? null);
    this.#packed = packed;
    const axes = Object.keys(packed?.axes ?? {});
    const block = this.#block ?? Math.min(trace.exits[selectedExit].block, packed?.axes.block ?? Infinity);
    const index = axes.map((axis) => (axis === "block" ? block - 1 : this.#head));
    const top = packed && this.#shared ? sharedPeak(packed) : null;
    const places = { block: block - 1, head: this.#head === "mean" ? null : this.#head };
    this.#index = Object.fromEntries(axes.map((axis) => [axis, places[axis]]));
    this.trust.update();
    this.#drawThumbnails(packed, top, block);
    this.film.set(packed?.axes.block ?? 0, block - 1);
    this.part("#block").value = block;
    this.part("#head").value = this.#head;
    const map = packed ? mapAt(packed, index) : null;
    const reading = map ? this.#reading(map, entry, axes, block) : "";
    const from = this.#patch === null || !map ? null : [Math.floor(this.#patch / map.grid[1]), this.#patch % map.grid[1]];
    this.#heat.show({
      picture: store.example.saw ?? store.example.image,
      map,
      top: top ?? map?.peak,
      unit: unitText(map?.units),
      description: reading,
      reading,
      message: map ? null : translated(whyNothing(entry)),
      from,
      pick: this.#facts.asks.includes("patch")
        ? (row, column) => this.#choose({ patch: row * map.grid[1] + column })
        : null,
    });
  }

  /** Keeps the current view until the answer arrives, but never a map over another picture. */
  #wait(entry, others) {
    this.trust.update();
    if (!others) return;
    this.film.stop();
    const { saw, image } = this.store.example;
    this.#heat.show({ picture: saw ?? image, message: translated(whyNothing(entry)) });
  }

  /** The big map, and the answer of the exit in view: what the map is tested on. */
  #onShow() {
    if (!this.#packed || this.#waits) return null;
    const { trace, selectedExit } = this.store;
    const { index } = trace.classes[trace.predicted[selectedExit]];
    return { ...this.#question, exit: selectedExit, classes: membersOf(this.store, index), index: this.#index };
  }

  /** The choices for this answer, and which of them are enabled. */
  #offer(entry) {
    const methods = this.#methods;
    const axes = entry.map?.axes ?? {};
    if (this.#block > axes.block) this.#block = null;
    if (this.#head !== "mean" && this.#head >= axes.head) this.#head = "mean";
    const exit = this.store.trace.exits[this.store.selectedExit];
    const key = JSON.stringify([methods.map(({ name }) => name), axes]);
    if (key !== this.#offered) {
      this.#offered = key;
      this.part("#method").replaceChildren(...methodOptions(methods));
      this.#list("#block", Array.from({ length: axes.block ?? 0 }, (_, i) => [i + 1, String(i + 1)]));
      const each = Array.from({ length: axes.head ?? 0 }, (_, i) => [i, String(i + 1)]);
      this.#list("#head", [["mean", t("explore.attention_mean_of", { heads: axes.head })], ...each]);
    }
    methods.forEach((method, i) => {
      const option = this.part("#method").options[i];
      option.disabled = !explains(method, exit) && method.name !== this.#method;
    });
    this.part("#method").value = this.#method;
    this.part("#block").parentElement.hidden = !axes.block;
    this.part("#head").parentElement.hidden = !axes.head;
    this.part("#follow").disabled = this.#block === null || !axes.block;
    this.part("#cls").disabled = this.#patch === null;
    setText(this.part("#says"), methodSays(this.#facts));
  }

  #list(id, values) {
    const options = values.map(([value, text]) => element("option", { value }, text));
    this.part(id).replaceChildren(...options);
  }

  #drawThumbnails(packed, top, block) {
    const deep = Boolean(packed?.axes.block);
    setAttributes(this.part(".thumbs"), { hidden: deep ? null : "" });
    if (!deep) return;
    const drawn = `${top}`;
    if (this.#drawn?.packed !== packed || this.#drawn.top !== drawn) this.thumbnails.draw(packed, top);
    this.#drawn = { packed, top: drawn };
    this.thumbnails.mark(block, packed.axes.head ? this.#head : "mean");
  }

  /** The film's frame at a block from 0. */
  #frame(i) {
    const map = mapAt(this.#packed, this.#packed.axes.head ? [i, this.#head] : [i]);
    const top = this.#shared ? sharedPeak(this.#packed) : map.peak;
    return { image: this.#heat.image, map, top, opacity: this.#heat.opacity };
  }

  #reading(map, entry, axes, block) {
    const most = strongest(map);
    const { row, column } = most;
    const percent = Math.round(map.values.reduce((sum, value) => sum + value, 0) * 100);
    const facts = { block, row, column, value: levelText(most.value), percent, head: this.#head + 1 };
    const many = this.#head === "mean" ? "explore.attention_all_heads" : "explore.attention_one_head";
    const who = axes.includes("head") ? t(many, facts) : methodTitle(this.#facts);
    const inBlock = map.units === "share" ? "explain.reading_share" : "explore.attention_reading";
    const where = axes.includes("block") ? inBlock : "explain.reading_exit";
    const exit = this.store.trace.exits[this.store.selectedExit].block;
    const said = t(where, { who, ...facts, block: axes.includes("block") ? block : exit });
    const reach = this.#reach(entry, block);
    return reach === null ? said : `${said} ${t("explain.distance", { pixels: reach })}`;
  }

  /** Mean attention distance of the head, or of all heads, in pixels; null if the answer lacks it. */
  #reach({ distance }, block) {
    if (!distance) return null;
    const heads = distance[block - 1];
    const mean = heads.reduce((sum, one) => sum + one, 0) / heads.length;
    return (this.#head === "mean" ? mean : heads[this.#head]).toFixed(0);
  }
}
