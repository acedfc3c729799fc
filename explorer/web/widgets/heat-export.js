// A heat picture as one canvas to save: image and map, the colour bar with its numbers, and what it says.

import { redBlue, viridis } from "./colormap.js";
import { element } from "./dom.js";
import { themeColor } from "./theme.js";

const SIDE = 640; // pixels of the picture's edge
const MARGIN = 32;
const LINE = 26;
const BAR = 18;

/** The text in lines no wider than `width` under the context's font. */
function wrap(context, text, width) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/**
 * `image` (may lack a source) under `map` (a canvas of one pixel per patch, or null) at its opacity, in the theme
 * colours of `widget`. The words are `title`, `levels` (the colour bar's numbers from its left end to its right),
 * whether they are `signed`, their `unit`, and `reading`.
 */
export function heatCanvas(widget, image, map, opacity, { title, levels, signed, unit, reading }) {
  const canvas = element("canvas");
  const context = canvas.getContext("2d");
  const { fontFamily } = getComputedStyle(widget);
  const font = (size, weight = 400) => (context.font = `${weight} ${size}px ${fontFamily}`);
  font(18);
  const lines = wrap(context, reading ?? "", SIDE);
  canvas.width = SIDE + 2 * MARGIN;
  canvas.height = MARGIN + LINE + SIDE + (map ? BAR + 2 * LINE : LINE / 2) + lines.length * LINE + MARGIN;

  const color = (name) => `rgb(${themeColor(widget, name).join()})`;
  context.fillStyle = color("--paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = color("--ink");
  font(20, 600);
  context.fillText(title, MARGIN, MARGIN + 4, SIDE);

  let y = MARGIN + LINE - 6;
  if (image.naturalWidth) {
    context.imageSmoothingEnabled = image.naturalWidth >= 100; // small pictures are shown with hard pixels
    context.drawImage(image, MARGIN, y, SIDE, SIDE);
  }
  if (map) {
    context.imageSmoothingEnabled = false;
    context.globalAlpha = opacity;
    context.drawImage(map, MARGIN, y, SIDE, SIDE);
    context.globalAlpha = 1;
  }
  y += SIDE + LINE / 2;
  if (map) {
    for (let x = 0; x < SIDE; x++) {
      const at = x / (SIDE - 1);
      context.fillStyle = `rgb(${(signed ? redBlue(2 * at - 1) : viridis(at)).join()})`;
      context.fillRect(MARGIN + x, y, 1, BAR);
    }
    y += BAR + LINE - 6;
    context.fillStyle = color("--quiet");
    font(16);
    levels.forEach((level, i) => {
      context.textAlign = ["left", "center", "right"][i];
      context.fillText(i === 2 && unit ? `${level} ${unit}` : level, MARGIN + (SIDE * i) / 2, y);
    });
    context.textAlign = "left";
    y += LINE / 2;
  }
  context.fillStyle = color("--ink");
  font(18);
  for (const line of lines) context.fillText(line, MARGIN, (y += LINE));
  return canvas;
}
