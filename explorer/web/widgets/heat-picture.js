// <heat-picture>: a picture under a heat map, with a colour bar that has numbers and a slider for the map's opacity.

import { paintMap, VIRIDIS_GRADIENT } from "./colormap.js";
import { setAttributes, setPicture, setText } from "./dom.js";
import { BASE_STYLE } from "./style.js";
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

const HEAT_MARKUP = `
<div class="stage">
  <img><canvas role="img"></canvas><span class="cell" hidden></span>
  <p class="message" role="status" hidden></p>
</div>
<div class="scale">
  <div class="gradient" role="presentation"></div>
  <div class="levels"><span></span><span></span><span></span></div>
</div>
<p class="reading"></p>
<label class="opacity">Map opacity <input type="range" min="0" max="1" step="0.05" value="0.65"></label>`;

export class HeatPicture extends HTMLElement {
  #map = null;
  #reading = "";

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${BASE_STYLE}${HEAT_STYLE}</style>${HEAT_MARKUP}`;
    const part = (selector) => root.querySelector(selector);
    this.image = part("img");
    this.canvas = part("canvas");
    this.cell = part(".cell");
    this.message = part(".message");
    this.scale = part(".scale");
    this.levels = root.querySelectorAll(".levels span");
    this.reading = part(".reading");
    this.opacity = part("input");
    this.image.addEventListener("load", () => this.image.classList.toggle("coarse", this.image.naturalWidth < 100));
    this.opacity.addEventListener("input", () => this.#fade());
    part(".stage").addEventListener("pointermove", (event) => this.#point(event));
    part(".stage").addEventListener("pointerleave", () => this.#rest());
    this.#fade();
  }

  /**
   * Shows a picture under a map, or under a sentence instead of one.
   *
   * `map` is {grid, values, peak} or null, `top` the value at the bright end, `unit` what the values are,
   * `description` what a screen reader says of the map, `reading` the sentence below, `message` why there is no map.
   */
  show({ picture, map, top, unit, description, reading, message }) {
    this.#map = map;
    this.#reading = reading ?? "";
    this.unit = unit ?? "";
    setPicture(this.image, picture, "what the network saw");
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

  #fade() {
    this.canvas.style.opacity = this.opacity.value;
    this.opacity.style.setProperty("--filled", `${this.opacity.value * 100}%`);
  }

  /** The value under the pointer, in place of the resting sentence. */
  #point(event) {
    if (!this.#map) return;
    const {
      grid: [rows, columns],
      values,
    } = this.#map;
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    this.cell.hidden = false;
    const place = { left: column / columns, top: row / rows, width: 1 / columns, height: 1 / rows };
    for (const [name, share] of Object.entries(place)) this.cell.style[name] = `${share * 100}%`;
    setText(
      this.reading,
      `patch in row ${row + 1}, column ${column + 1}: ${levelText(values[row * columns + column])} ${this.unit}`,
    );
  }

  #rest() {
    this.cell.hidden = true;
    setText(this.reading, this.#reading);
  }
}
