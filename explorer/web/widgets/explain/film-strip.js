// A film of maps over depth: play, a slider to scrub with, and the film as GIF or as a strip of pictures in a PNG.

import { barLevels, paintMap, redBlue, viridis } from "../colormap.js";
import { element, setAttributes, setText } from "../dom.js";
import { download } from "../save.js";
import { t } from "../strings.js";
import { themeColor } from "../theme.js";
import { levelText } from "../words.js";
import { gifOf } from "./gif.js";

const FRAME_MS = 500;
const SIDE = 240; // pixels of a frame's picture in the files
const LINE = 20;
const BAR = 8;
const ACROSS = 6; // frames side by side in the PNG

export const FILM_STYLE = `
.film { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; font-size: 0.8125rem; color: var(--quiet); }
.film input { flex: 1 1 8rem; max-width: 20rem; }
.film output { min-width: 5.5rem; }
.film .play {
  min-width: 5.5rem; min-height: 2rem; padding: 0.125rem 0.75rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); color: var(--ink); cursor: pointer;
}
.film .play:hover { background: var(--accent-soft); }
`;

export class FilmStrip {
  #timer = null;
  #count = 0;
  #at = 0;

  /**
   * Lives in `parent`, inside `of.widget`. `of` has also: `show(i)` brings frame i on the page, `name(i)` is its name, `ready()` resolves to
   * whether all frames are there, `frame(i)` is {image, map, top, opacity}, `title()` what the film shows.
   */
  constructor(parent, of) {
    this.of = of;
    this.play = element("button", { type: "button", class: "play" }, t("explain.film_play"));
    this.slider = element("input", { type: "range", min: 0, step: 1, "aria-label": t("explain.film_scrub") });
    this.output = element("output");
    this.files = ["GIF", "PNG"].map((kind) => {
      const button = element("button", { type: "button", class: "plain" }, t(`explain.film_${kind.toLowerCase()}`));
      button.addEventListener("click", () => this.#save(kind));
      return button;
    });
    this.node = element("div", { class: "film" }, this.play, this.slider, this.output, ...this.files);
    parent.append(this.node);
    this.play.addEventListener("click", () => (this.#timer ? this.stop() : this.#start()));
    this.slider.addEventListener("input", () => {
      this.stop();
      this.of.show(this.slider.valueAsNumber);
    });
  }

  /** The film's position: frame `at` of `count`; hidden if there are no frames. */
  set(count, at) {
    this.#count = count;
    this.#at = at;
    setAttributes(this.node, { hidden: count > 1 ? null : "" });
    if (count <= 1) return this.stop();
    setAttributes(this.slider, { max: count - 1, "aria-valuetext": this.of.name(at) });
    this.slider.value = at;
    this.slider.style.setProperty("--filled", `${(100 * at) / (count - 1)}%`);
    setText(this.output, this.of.name(at));
  }

  async #start() {
    this.#timer = -1; // until all frames are loaded
    setText(this.play, t("explain.film_stop"));
    const ready = await this.of.ready((text) => setText(this.output, text));
    if (this.#timer !== -1) return; // stopped in the meantime
    if (!ready) return this.stop();
    this.of.show(this.#at === this.#count - 1 ? 0 : this.#at);
    this.#timer = setInterval(() => {
      if (!this.node.isConnected) return this.stop();
      if (this.#at >= this.#count - 1) return this.stop();
      this.of.show(this.#at + 1);
    }, FRAME_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    setText(this.play, t("explain.film_play"));
  }

  async #save(kind) {
    if (!(await this.of.ready((text) => setText(this.output, text)))) return;
    setText(this.output, this.of.name(this.#at));
    const frames = Array.from({ length: this.#count }, (_, i) => this.#draw(i));
    const [{ width, height }] = frames;
    if (kind === "GIF") {
      const pictures = frames.map((canvas) => canvas.getContext("2d").getImageData(0, 0, width, height));
      download("film.gif", gifOf(pictures, FRAME_MS), "image/gif");
      return;
    }
    const across = Math.min(ACROSS, frames.length);
    const strip = element("canvas", { width: across * width, height: Math.ceil(frames.length / across) * height });
    const context = strip.getContext("2d");
    context.fillStyle = this.#color("--paper");
    context.fillRect(0, 0, strip.width, strip.height);
    frames.forEach((canvas, i) => context.drawImage(canvas, (i % across) * width, Math.floor(i / across) * height));
    strip.toBlob((blob) => download("film.png", blob));
  }

  #color(name) {
    return `rgb(${themeColor(this.of.widget, name).join()})`;
  }

  /** Frame i with its name, its colour bar and the bar's numbers. */
  #draw(i) {
    const { image, map, top, opacity } = this.of.frame(i);
    const margin = 8;
    const size = { width: SIDE + 2 * margin, height: margin + LINE + SIDE + BAR + 2 * margin + LINE };
    const canvas = element("canvas", size);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const font = (pixels) => (context.font = `${pixels}px ${getComputedStyle(this.node).fontFamily}`);
    context.fillStyle = this.#color("--paper");
    context.fillRect(0, 0, size.width, size.height);
    context.fillStyle = this.#color("--ink");
    font(14);
    context.fillText(`${this.of.title()}, ${this.of.name(i)}`, margin, margin + 12, SIDE);
    const y = margin + LINE;
    context.imageSmoothingEnabled = image.naturalWidth >= 100;
    if (image.naturalWidth) context.drawImage(image, margin, y, SIDE, SIDE);
    if (!map) {
      context.fillText(t("explain.no_evidence"), margin, y + SIDE + BAR + margin, SIDE);
      return canvas;
    }
    const heat = element("canvas");
    paintMap(heat, map, top);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = opacity;
    context.drawImage(heat, margin, y, SIDE, SIDE);
    context.globalAlpha = 1;
    for (let x = 0; x < SIDE; x++) {
      const at = x / (SIDE - 1);
      context.fillStyle = `rgb(${(map.signed ? redBlue(2 * at - 1) : viridis(at)).join()})`;
      context.fillRect(margin + x, y + SIDE + margin, 1, BAR);
    }
    context.fillStyle = this.#color("--ink");
    font(11);
    barLevels(top, map.signed).forEach((level, n) => {
      context.textAlign = ["left", "center", "right"][n];
      context.fillText(levelText(level), margin + (SIDE * n) / 2, y + SIDE + margin + BAR + 13);
    });
    context.textAlign = "left";
    return canvas;
  }
}
