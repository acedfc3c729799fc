// <attention-view>: where the [CLS] token looks, block by block and head by head, over what the network saw.

import { element, setAttributes, setText } from "./dom.js";
import { AttentionThumbnails } from "./attention-thumbnails.js";
import { attentionMap, sharedPeak, strongest } from "./maps.js";
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

const ATTENTION_MARKUP = `
<div class="head">
  <h2>Attention</h2>
  <span class="quiet small">how much the [CLS] token looks at each patch</span>
</div>
<p class="none" hidden>No attention maps came with this picture.</p>
<div class="body">
  <div class="choices">
    <label>Block <select id="block"></select></label>
    <label>Head <select id="head"></select></label>
    <label><input type="checkbox" id="shared"> one scale for all maps</label>
    <button type="button" class="plain" id="follow">Back to the exit’s block</button>
  </div>
  <div class="views"><heat-picture></heat-picture><div class="thumbs"></div></div>
</div>`;

export class AttentionView extends Widget {
  static style = ATTENTION_STYLE;
  static markup = ATTENTION_MARKUP;
  #block = null; // chosen by a person; null follows the exit looked at
  #head = "mean";
  #offered = null; // the maps the choices and thumbnails were made from
  #shown = "";

  build() {
    this.thumbnails = new AttentionThumbnails(this.part(".thumbs"), (block, head) => this.#choose(block, head));
    this.part("#block").addEventListener("change", (event) => this.#choose(Number(event.target.value), this.#head));
    this.part("#head").addEventListener("change", (event) => {
      const { value } = event.target;
      this.#choose(this.#block, value === "mean" ? value : Number(value));
    });
    this.part("#shared").addEventListener("change", () => this.#draw(true));
    this.part("#follow").addEventListener("click", () => this.#choose(null, this.#head));
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
    if (!attention || !this.store.trace || this.width === 0) return;
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
    options(this.part("#head"), [["mean", `mean of ${heads}`], ...each]);
  }

  #draw(fresh) {
    const { attention, trace, selectedExit, example } = this.store;
    const block = this.#block ?? Math.min(trace.exits[selectedExit].block, attention.blocks);
    const head = this.#head;
    const shared = this.part("#shared").checked;
    if (!fresh && this.#shown === `${block} ${head}`) return;
    this.#shown = `${block} ${head}`;

    this.part("#block").value = block;
    this.part("#head").value = head;
    this.part("#follow").disabled = this.#block === null;
    const top = shared ? sharedPeak(attention) : null;
    if (fresh) this.thumbnails.draw(attention, top);
    this.thumbnails.mark(block, head);

    const map = attentionMap(attention, block, head);
    const most = strongest(map);
    const seen = map.values.reduce((sum, value) => sum + value, 0);
    const who = head === "mean" ? "All heads together" : `Head ${head + 1}`;
    const where = `strongest in row ${most.row}, column ${most.column} (${levelText(most.value)})`;
    const share = `the patches get ${Math.round(seen * 100)} % of the attention`;
    const reading = `${who}, block ${block}: ${where}; ${share}.`;
    this.part("heat-picture").show({
      picture: example.saw ?? example.image,
      map,
      top: top ?? map.peak,
      unit: "of the attention",
      description: reading,
      reading,
    });
  }
}
