// <attention-view>: where the [CLS] token looks, block by block and head by head, over what the network saw.

import { element, setAttributes, setText } from "./dom.js";
import { AttentionThumbnails } from "./attention-thumbnails.js";
import { attentionMap, sharedPeak, strongest } from "./maps.js";
import { saveButtons } from "./save.js";
import { t, translated } from "./strings.js";
import { Widget } from "./widget.js";
import { levelText } from "./words.js";

const ATTENTION_STYLE = `
.views { display: grid; grid-template-columns: minmax(0, 22rem) minmax(0, 1fr); gap: 1rem 2.5rem; align-items: start; }
.choices { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; margin-bottom: 0.75rem; }
.choices label { display: inline-flex; align-items: center; gap: 0.5rem; font-size: 0.8125rem; color: var(--quiet); }
.choices select { color: var(--ink); font-size: 0.875rem; }
.thumbs { min-width: 0; overflow-x: auto; }
.none { min-height: 20rem; color: var(--quiet); }
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
    <label>${t("explore.attention_block")} <select id="block"></select></label>
    <label>${t("explore.attention_head")} <select id="head"></select></label>
    <label><input type="checkbox" id="shared"> ${t("explore.attention_shared")}</label>
    <button type="button" class="plain" id="follow">${t("explore.attention_follow")}</button>
  </div>
  <div class="views"><div class="thumbs"></div></div>
</div>`;

export class AttentionView extends Widget {
  static style = ATTENTION_STYLE;
  #block = null; // chosen by a person; null follows the exit looked at
  #head = "mean";
  #shared = false; // one scale for all maps
  #offered = null; // the maps the choices and thumbnails were made from
  #shown = "";
  #heat = element("heat-picture"); // outlives the markup, and with it the opacity a person chose

  static get markup() {
    return attentionMarkup();
  }

  build() {
    this.#offered = null;
    this.part(".views").prepend(this.#heat);
    const saved = { canvas: () => this.#heat.toCanvas(this.#title()), csv: () => this.#heat.rows };
    this.part(".head").append(saveButtons("attention", saved));
    this.thumbnails = new AttentionThumbnails(this.part(".thumbs"), (block, head) => this.#choose(block, head));
    this.part("#block").addEventListener("change", (event) => this.#choose(Number(event.target.value), this.#head));
    this.part("#head").addEventListener("change", (event) => {
      const { value } = event.target;
      this.#choose(this.#block, value === "mean" ? value : Number(value));
    });
    this.part("#shared").checked = this.#shared;
    this.part("#shared").addEventListener("change", (event) => {
      this.#shared = event.target.checked;
      this.#draw(true);
    });
    this.part("#follow").addEventListener("click", () => this.#choose(null, this.#head));
  }

  #title() {
    return `${t("explore.why_attention")}, ${translated(this.store.example.title)}`;
  }

  #choose(block, head) {
    this.#block = block;
    this.#head = head;
    this.#draw(false);
  }

  update() {
    const { attention } = this.store;
    this.part(".none").hidden = Boolean(attention);
    this.part(".body").hidden = !attention;
    if (!attention || !this.store.trace) return;
    const fresh = attention !== this.#offered;
    if (fresh) this.#offer(attention);
    this.#draw(fresh);
  }

  /** The choices there are, when maps with another number of blocks or heads come in. */
  #offer(attention) {
    const { blocks, heads } = attention;
    this.#offered = attention;
    if (this.#block > blocks) this.#block = null;
    if (this.#head !== "mean" && this.#head >= heads) this.#head = "mean";
    const options = (select, values) => {
      if (select.options.length === values.length) return;
      select.replaceChildren(...values.map(([value, text]) => element("option", { value }, text)));
    };
    options(
      this.part("#block"),
      Array.from({ length: blocks }, (_, i) => [i + 1, String(i + 1)]),
    );
    const each = Array.from({ length: heads }, (_, i) => [i, String(i + 1)]);
    options(this.part("#head"), [["mean", t("explore.attention_mean_of", { heads })], ...each]);
  }

  #draw(fresh) {
    const { attention, trace, selectedExit, example } = this.store;
    const block = this.#block ?? Math.min(trace.exits[selectedExit].block, attention.blocks);
    const head = this.#head;
    if (!fresh && this.#shown === `${block} ${head}`) return;
    this.#shown = `${block} ${head}`;

    this.part("#block").value = block;
    this.part("#head").value = head;
    this.part("#follow").disabled = this.#block === null;
    const top = this.#shared ? sharedPeak(attention) : null;
    if (fresh) this.thumbnails.draw(attention, top);
    this.thumbnails.mark(block, head);

    const map = attentionMap(attention, block, head);
    const most = strongest(map);
    const seen = map.values.reduce((sum, value) => sum + value, 0);
    const who =
      head === "mean" ? t("explore.attention_all_heads") : t("explore.attention_one_head", { head: head + 1 });
    const { row, column } = most;
    const facts = { who, block, row, column, value: levelText(most.value), percent: Math.round(seen * 100) };
    const reading = t("explore.attention_reading", facts);
    this.#heat.show({
      picture: example.saw ?? example.image,
      map,
      top: top ?? map.peak,
      unit: t("explore.attention_unit"),
      description: reading,
      reading,
    });
  }
}
