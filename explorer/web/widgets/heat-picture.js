// <heat-picture>: a picture under a heat map, with a colour bar that has numbers and a slider for the map's opacity.

import { paintMap, VIRIDIS_GRADIENT } from "./colormap.js";
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
.message {
  position: absolute; inset: auto 0 0; padding: 0.625rem 0.75rem; background: var(--paper);
  border-top: 1px solid var(--line);
}
.scale { margin-top: 0.625rem; }
.gradient { height: 0.625rem; border-radius: 2px; background: ${VIRIDIS_GRADIENT}; }
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
  <img><canvas role="img"></canvas><span class="cell" hidden></span>
  <p class="message" role="status" hidden></p>
</div>
<div class="scale">
  <div class="gradient" role="presentation"></div>
  <div class="levels"><span></span><span></span><span></span></div>
</div>
<p class="reading"></p>
<label class="opacity">${t("explore.map_opacity")} <input type="range" min="0" max="1" step="0.05"></label>`;

const NOTHING = { picture: null, map: null, top: 0, unit: "", description: "", reading: "", message: "" };

export class HeatPicture extends Widget {
  static style = HEAT_STYLE;
  #shown = NOTHING;
  #opacity = 0.65;

  static get markup() {
    return heatMarkup();
  }

  build(root) {
    const part = (selector) => root.querySelector(selector);
    this.image = part("img");
    this.canvas = part("canvas");
    this.cell = part(".cell");
    this.message = part(".message");
    this.scale = part(".scale");
    this.levels = root.querySelectorAll(".levels span");
    this.reading = part(".reading");
    this.slider = part("input");
    this.image.addEventListener("load", () => this.image.classList.toggle("coarse", this.image.naturalWidth < 100));
    this.slider.addEventListener("input", () => this.#fade(this.slider.valueAsNumber));
    part(".stage").addEventListener("pointermove", (event) => this.#point(event));
    part(".stage").addEventListener("pointerleave", () => this.#rest());
    this.slider.value = this.#opacity;
    this.#fade(this.#opacity);
    this.show(this.#shown);
  }

  /**
   * Shows a picture under a map, or under a sentence instead of one.
   *
   * `map` is {grid, values, peak} or null, `top` the value at the bright end, `unit` what the values are,
   * `description` what a screen reader says of the map, `reading` the sentence below, `message` why there is no map.
   */
  show(what) {
    this.#shown = { ...NOTHING, ...what };
    if (!this.image) return; // not on the page yet
    const { picture, map, top, description, message } = this.#shown;
    setPicture(this.image, picture, t("explore.network_saw"));
    setAttributes(this.canvas, { hidden: map ? null : "", "aria-label": description });
    setAttributes(this.message, { hidden: message ? null : "" });
    setText(this.message, message ?? "");
    this.scale.classList.toggle("off", !map);
    if (map) {
      paintMap(this.canvas, map, top);
      [0, top / 2, top].forEach((level, i) => setText(this.levels[i], levelText(level)));
    }
    this.#rest();
  }

  /** What is shown as one picture to keep: the image under the map, the colour bar with its numbers, the sentence. */
  toCanvas(title) {
    const { map, top, unit, reading, message } = this.#shown;
    const levels = map ? [0, top / 2, top].map((level) => levelText(level)) : [];
    const words = { title, levels, unit, reading: map ? reading : message };
    return heatCanvas(this, this.image, map ? this.canvas : null, this.#opacity, words);
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

  /** The value under the pointer, in place of the resting sentence. */
  #point(event) {
    const { map, unit } = this.#shown;
    if (!map) return;
    const [rows, columns] = map.grid;
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    this.cell.hidden = false;
    const place = { left: column / columns, top: row / rows, width: 1 / columns, height: 1 / rows };
    for (const [name, share] of Object.entries(place)) this.cell.style[name] = `${share * 100}%`;
    const value = `${levelText(map.values[row * columns + column])} ${unit}`.trim();
    setText(this.reading, t("explore.map_patch", { row: row + 1, column: column + 1, value }));
  }

  #rest() {
    this.cell.hidden = true;
    setText(this.reading, this.#shown.reading);
  }
}
