// Colours that survive colour blindness and print: viridis for maps, Okabe-Ito hues with dashes and marks for classes.

// Viridis by N. Smith and S. van der Walt (matplotlib, CC0), every 15th of its 256 colours; linear interpolation
// stays within 5 of 255 of the original.
const VIRIDIS = (
  "440154 481769 472a7a 433d84 3d4e8a 355e8d 2e6d8e 297b8e 23898e " +
  "1f978b 21a585 2eb37c 46c06f 65cb5e 89d548 b0dd2f d8e219 fde725"
).split(" ");

/** "2e6d8e" or "#2e6d8e" -> [46, 109, 142]. */
export function rgbOf(hex) {
  const digits = hex.replace("#", "");
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

function hexOf(rgb) {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function blend(from, to, share) {
  return from.map((part, i) => part + (to[i] - part) * share);
}

const viridisStops = VIRIDIS.map(rgbOf);

/** The colour of a value in [0, 1] as [r, g, b] in 0..255; values outside, and NaN, are clamped. */
export function viridis(value) {
  const at = Math.min(1, Math.max(0, value || 0)) * (viridisStops.length - 1);
  const below = Math.min(Math.floor(at), viridisStops.length - 2);
  return blend(viridisStops[below], viridisStops[below + 1], at - below).map(Math.round);
}

/** The whole map as a CSS gradient, for colour bars. */
export const VIRIDIS_GRADIENT = `linear-gradient(to right, ${VIRIDIS.map((hex) => `#${hex}`).join(", ")})`;

// For signed maps: ColorBrewer's RdBu (C. Brewer, Apache-2.0), blue against, red for; safe for the colour-blind.
const RED_BLUE = ["2166ac", "67a9cf", "d1e5f0", "f7f7f7", "fddbc7", "ef8a62", "b2182b"];
const redBlueStops = RED_BLUE.map(rgbOf);

/** The colour of a value in [-1, 1], 0 in the middle, as [r, g, b]. */
export function redBlue(value) {
  const at = ((Math.min(1, Math.max(-1, value || 0)) + 1) / 2) * (redBlueStops.length - 1);
  const below = Math.min(Math.floor(at), redBlueStops.length - 2);
  return blend(redBlueStops[below], redBlueStops[below + 1], at - below).map(Math.round);
}

export const RED_BLUE_GRADIENT = `linear-gradient(to right, ${RED_BLUE.map((hex) => `#${hex}`).join(", ")})`;

/** The numbers under a colour bar, from its left end to its right. */
export function barLevels(top, signed) {
  return signed ? [-top, 0, top] : [0, top / 2, top];
}

// Viridis in 256 steps, 3 bytes each: a page of thumbnails is tens of thousands of patches.
const STEPS = 255;
const viridisSteps = new Uint8Array(Array.from({ length: STEPS + 1 }, (_, i) => viridis(i / STEPS)).flat());

const redBlueSteps = new Uint8Array(Array.from({ length: STEPS + 1 }, (_, i) => redBlue((2 * i) / STEPS - 1)).flat());

/**
 * Paints values (h*w,) on a canvas of exactly w x h pixels; `top` is the value at the map's bright end. A signed map
 * runs from -top to top.
 */
export function paintMap(canvas, { grid, values, signed = false }, top) {
  const [h, w] = grid;
  canvas.width = w;
  canvas.height = h;
  const context = canvas.getContext("2d");
  const image = context.createImageData(w, h);
  const steps = signed ? redBlueSteps : viridisSteps;
  for (let i = 0; i < values.length; i++) {
    const level = top > 0 ? values[i] / top || 0 : 0;
    const share = Math.min(1, Math.max(0, signed ? (level + 1) / 2 : level));
    const step = Math.round(share * STEPS) * 3;
    for (let part = 0; part < 3; part++) image.data[i * 4 + part] = steps[step + part];
    image.data[i * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast of two [r, g, b] colours, 1..21. */
export function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

export function isDark(rgb) {
  return luminance(rgb) < 0.2;
}

// Okabe & Ito, "Color Universal Design" (2008), without black (the text's own colour) and with yellow last.
const OKABE_ITO = ["0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "f0e442"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const MARKERS = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross"];

/**
 * How to draw the n-th class on a background [r, g, b]: {color, dash, marker}.
 *
 * The hue is Okabe-Ito's, mixed with black or white until it has the 3:1 that WCAG requires of a graph's lines.
 * Dashes and markers repeat after 6 and 7, so 42 classes differ even without colour.
 */
export function classStyle(n, background) {
  const end = isDark(background) ? [255, 255, 255] : [0, 0, 0];
  let color = rgbOf(OKABE_ITO[n % OKABE_ITO.length]);
  while (contrast(color, background) < 3) color = blend(color, end, 0.05);
  return { color: hexOf(color), dash: DASHES[n % DASHES.length], marker: MARKERS[n % MARKERS.length] };
}
