// <heat-picture>: a picture under a heat map, with a colour bar that has numbers and a slider for the map's opacity.

import { barLevels, paintMap, RED_BLUE_GRADIENT, VIRIDIS_GRADIENT } from "./colormap.js";
import { setAttributes, setPicture, setText } from "./dom.js";
import { heatCanvas } from "./heat-export.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { levelText } from "./words.js";

const HEAT_STYLE = `
.stage {
  position: relative; aspect-ratio: 1; overflow: hidden; border-radius: var(--corner);
  border: 1px solid var(--line); background: var(--well);
}
img, canvas { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: fill; }
canvas, img.coarse { image-rendering: pixelated; }
.cell {
  position: absolute; pointer-events: none; outline: 2px solid #fff;
  box-shadow: 0 0 0 3.5px #000, inset 0 0 0 1.5px #000;
}
.from { border: 2px dashed #fff; outline: 2px dashed #000; outline-offset: -2px; }
.pick { position: absolute; inset: 0; border: 0; padding: 0; background: none; cursor: crosshair; }
.pick:focus-visible { outline-offset: -4px; }
.message {
  position: absolute; inset: auto 0 0; padding: 0.625rem 0.75rem; background: var(--paper);
  border-top: 1px solid var(--line);
}
.scale { margin-top: 0.625rem; }
.gradient { height: 0.625rem; border-radius: 2px; background: ${VIRIDIS_GRADIENT}; }
.gradient.signed { background: ${RED_BLUE_GRADIENT}; }
.levels {
  display: flex; justify-content: space-between; margin-top: 0.125rem; font-size: 0.75rem; color: var(--quiet);
}
.reading { min-height: 1.45em; margin-top: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.opacity {
  display: grid; grid-template-columns: auto 1fr; align-items: center; gap: 0.625rem; margin-top: 0.25rem;
  font-size: 0.8125rem; color: var(--quiet);
}
.off { visibility: hidden; }
`;

const heatMarkup = () => `
<div class="stage">
  <img><canvas role="img"></canvas><span class="cell from" hidden></span>
  <button type="button" class="pick" hidden></button><span class="cell at" hidden></span>
  <p class="message" role="status" hidden></p>
</div>
<div class="scale">
  <div class="gradient" role="presentation"></div>
  <div class="levels"><span></span><span></span><span></span></div>
</div>
<p class="reading"></p>
<label class="opacity">${t("explore.map_opacity")} <input type="range" min="0" max="1" step="0.05"></label>`;

const NOTHING = {
  picture: null, map: null, top: 0, unit: "", description: "", reading: "", message: "", from: null, pick: null,
}; // prettier-ignore

export class HeatPicture extends Widget {
  static style = HEAT_STYLE;
  #shown = NOTHING;
  #opacity = 0.65;
  #at = null; // the patch with keyboard focus: [row, column], from 0

  static get markup() {
    return heatMarkup();
  }

  build(root) {
    const part = (selector) => root.querySelector(selector);
    this.image = part("img");
    this.canvas = part("canvas");
    this.cell = part(".at");
    this.from = part(".from");
    this.pick = part(".pick");
    this.message = part(".message");
    this.scale = part(".scale");
    this.gradient = part(".gradient");
    this.levels = root.querySelectorAll(".levels span");
    this.reading = part(".reading");
    this.slider = part("input");
    this.image.addEventListener("load", () => this.image.classList.toggle("coarse", this.image.naturalWidth < 100));
    this.slider.addEventListener("input", () => this.#fade(this.slider.valueAsNumber));
    part(".stage").addEventListener("pointermove", (event) => this.#point(event));
    part(".stage").addEventListener("pointerleave", () => this.#rest());
    this.pick.addEventListener("click", (event) => this.#choose(event));
    this.pick.addEventListener("keydown", (event) => this.#walk(event));
    this.pick.addEventListener("blur", () => this.#rest());
    this.slider.value = this.#opacity;
    this.#fade(this.#opacity);
    this.show(this.#shown);
  }

  /**
   * Shows a picture under a map, or under a sentence instead of one.
   *
   * `map` is {grid, values, peak} or null, `top` the value at the bright end, `unit` what the values are,
   * `description` what a screen reader says of the map, `reading` the sentence below, `message` why there is no map.
   * With `pick(row, column)` a patch can be chosen, by pointer or keyboard; `from` is the chosen one, both from 0.
   */
  show(what) {
    this.#shown = { ...NOTHING, ...what };
    if (!this.image) return; // not on the page yet
    const { picture, map, top, description, message, from, pick } = this.#shown;
    setPicture(this.image, picture, t("explore.network_saw"));
    setAttributes(this.canvas, { hidden: map ? null : "", "aria-label": description });
    setAttributes(this.message, { hidden: message ? null : "" });
    setText(this.message, message ?? "");
    this.scale.classList.toggle("off", !map);
    if (map) {
      paintMap(this.canvas, map, top);
      barLevels(top, map.signed).forEach((level, i) => setText(this.levels[i], levelText(level)));
      this.gradient.classList.toggle("signed", Boolean(map.signed));
    }
    setAttributes(this.pick, { hidden: map && pick ? null : "", "aria-label": t("explain.pick_patch") });
    this.from.hidden = !(map && from);
    if (map && from) this.#place(this.from, from);
    this.#rest();
  }

  /** What is shown, as one picture to save: the image under the map, the colour bar with its numbers, the sentence. */
  toCanvas(title) {
    const { map, top, unit, reading, message } = this.#shown;
    const levels = map ? barLevels(top, map.signed).map((level) => levelText(level)) : [];
    const words = { title, levels, signed: map?.signed, unit, reading: map ? reading : message };
    return heatCanvas(this, this.image, map ? this.canvas : null, this.#opacity, words);
  }

  /** How much of the picture the map hides, in [0, 1]. */
  get opacity() {
    return this.#opacity;
  }

  /** The map's values by row, for a spreadsheet; no rows without a map. */
  get rows() {
    const { map } = this.#shown;
    if (!map) return [];
    const [h, w] = map.grid;
    return Array.from({ length: h }, (_, row) => [...map.values.slice(row * w, (row + 1) * w)]);
  }

  #fade(opacity) {
    this.#opacity = opacity;
    this.canvas.style.opacity = opacity;
    this.slider.style.setProperty("--filled", `${opacity * 100}%`);
  }

  /** The patch under the pointer, [row, column] from 0, or null. */
  #under(event) {
    const [rows, columns] = this.#shown.map.grid;
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : [row, column];
  }

  #point(event) {
    const at = this.#shown.map && this.#under(event);
    if (at) this.#tellOf(at);
  }

  /** The value at a patch, in place of the default sentence. */
  #tellOf(at) {
    const { map, unit } = this.#shown;
    const [row, column] = at;
    this.#at = at;
    this.cell.hidden = false;
    this.#place(this.cell, at);
    const value = `${levelText(map.values[row * map.grid[1] + column])} ${unit}`.trim();
    setText(this.reading, t("explore.map_patch", { row: row + 1, column: column + 1, value }));
  }

  #place(cell, [row, column]) {
    const [rows, columns] = this.#shown.map.grid;
    const place = { left: column / columns, top: row / rows, width: 1 / columns, height: 1 / rows };
    for (const [name, share] of Object.entries(place)) cell.style[name] = `${share * 100}%`;
  }

  /** A click, or Enter at the patch chosen with the arrow keys. */
  #choose(event) {
    const at = event.detail === 0 ? this.#at : this.#under(event);
    if (at) this.#shown.pick(...at);
  }

  #walk(event) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    const { map, from } = this.#shown;
    const start = this.cell.hidden ? (this.#at ?? from) : this.#at;
    const at = start
      ? start.map((place, axis) => Math.min(map.grid[axis] - 1, Math.max(0, place + move[axis])))
      : map.grid.map((count) => Math.floor(count / 2));
    this.#tellOf(at);
  }

  #rest() {
    this.cell.hidden = true;
    setText(this.reading, this.#shown.reading);
  }
}
