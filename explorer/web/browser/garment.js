// A garment's photo made to look like Fashion-MNIST. Twin of explorer/data/garment.py, which says why.

import { objectMask, outsideOf } from "./mask.js";
import { median, quantile, rint } from "./numbers.js";
import { crop, grey, reduce, resize } from "./resample.js";
import { solve } from "./solve.js";

const SIDE = 28;
const TRIM = 0.05;
const WORK = 256;
const RING = 0.04;
const NOISE = 4;
const TOO_BUSY = 0.4;
const LUMA = [0.299, 0.587, 0.114];
const TERMS = 6; // of the quadratic surface

/** {picture, note} of an RGB picture: grey, 28 x 28, light on black. */
export function seeGarment(rgb) {
  if (rgb.width === SIDE && rgb.height === SIDE) {
    const first = { ...rgb, channels: 1, data: rgb.data.filter((_, i) => i % 3 === 0) };
    if (isLikeTraining(rgb.data)) {
      return { picture: first, note: "Already a grey 28 x 28 picture on black, so it was left as it is." };
    }
    if (isLikeTraining(rgb.data.map((value) => 255 - value))) {
      const inverted = { ...first, data: first.data.map((value) => 255 - value) };
      return { picture: inverted, note: "Already a grey 28 x 28 picture, so it was only inverted." };
    }
  }
  const factor = Math.ceil(Math.max(rgb.width, rgb.height) / WORK);
  const small = reduce(rgb, factor, factor);
  const colours = Float64Array.from(small.data, (value) => value / 255);
  const background = fitBackground(small, colours);
  if (!background) return centralSquare(rgb);
  const { behind, noise } = background;
  const count = small.width * small.height;
  const distance = Float64Array.from({ length: count }, (_, i) =>
    Math.max(...[0, 1, 2].map((c) => Math.abs(colours[i * 3 + c] - behind[i * 3 + c]))),
  );
  const mask = objectMask(distance, small.width, Math.max(TRIM, NOISE * noise));
  if (!mask.includes(1)) {
    const picture = { width: SIDE, height: SIDE, channels: 1, data: new Uint8ClampedArray(SIDE * SIDE) };
    return { picture, note: "Nothing stands out from the background, so the network saw an empty picture." };
  }
  const { values, inverted } = lightOnBlack(luma(colours), luma(behind), mask, small.width);
  const steps = inverted ? "inverted, cropped" : "cropped";
  const picture = fitSquare(cropToMask(values, mask, small.width));
  return { picture, note: `Turned to grey, ${steps} to the object and resized to 28 x 28.` };
}

function luma(colours) {
  return Float64Array.from({ length: colours.length / 3 }, (_, i) =>
    LUMA.reduce((sum, weight, c) => sum + weight * colours[i * 3 + c], 0),
  );
}

/** Whether a grey picture's border is more black than white. */
function isLikeTraining(pixels) {
  let [black, white] = [0, 0];
  for (let i = 0; i < SIDE * SIDE; i++) {
    const value = pixels[i * 3];
    if (pixels[i * 3 + 1] !== value || pixels[i * 3 + 2] !== value) return false;
    if (!onBorder(i, SIDE, SIDE, 1)) continue;
    black += value <= 10;
    white += value >= 245;
  }
  return black > white;
}

function onBorder(i, width, height, thick) {
  const x = i % width;
  const y = Math.floor(i / width);
  return x < thick || y < thick || x >= width - thick || y >= height - thick;
}

/** The terms of a quadratic surface at a pixel; places run from -1 to 1. */
function termsAt(i, width, height) {
  const u = (2 * (i % width) + 1) / width - 1;
  const v = (2 * Math.floor(i / width) + 1) / height - 1;
  return [1, u, v, u * u, u * v, v * v];
}

/** {behind (h * w * 3), noise}: a smooth surface through the border; null if it has no common colour. */
function fitBackground({ width, height }, colours) {
  const thick = Math.max(1, rint(RING * Math.min(width, height)));
  const places = [];
  for (let i = 0; i < width * height; i++) if (onBorder(i, width, height, thick)) places.push(i);
  const terms = places.map((i) => termsAt(i, width, height));
  let surface = Array.from({ length: TERMS }, () => [0, 0, 0]);
  surface[0] = [0, 1, 2].map((c) => median(places.map((i) => colours[i * 3 + c])));
  let near = 0.2;
  let noise = 0;
  for (let round = 0; round < 6; round++) {
    const distances = places.map((i, k) => awayFrom(colours, i, valueOf(surface, terms[k])));
    const inliers = places.map((_, k) => k).filter((k) => distances[k] <= near);
    if (inliers.length / places.length < 0.5) return null;
    noise = 1.4826 * median(inliers.map((k) => distances[k]));
    near = Math.min(near, Math.max(0.03, 3 * noise));
    surface = solve(
      inliers.map((k) => terms[k]),
      inliers.map((k) => [0, 1, 2].map((c) => colours[places[k] * 3 + c])),
    );
  }
  if (NOISE * noise >= TOO_BUSY) return null;
  const behind = new Float64Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    valueOf(surface, termsAt(i, width, height)).forEach((value, c) => {
      behind[i * 3 + c] = Math.min(1, Math.max(0, value));
    });
  }
  return { behind, noise };
}

function valueOf(surface, terms) {
  return [0, 1, 2].map((c) => terms.reduce((sum, term, t) => sum + term * surface[t][c], 0));
}

function awayFrom(colours, i, value) {
  return Math.max(...value.map((one, c) => Math.abs(colours[i * 3 + c] - one)));
}

/** The background at 0; white or black, whichever is beyond the object, at 1; all outside the object 0. */
function lightOnBlack(light, behind, mask, width) {
  const inside = [...mask.keys()].filter((i) => mask[i]);
  const mean = (values) => inside.reduce((sum, i) => sum + values[i], 0) / inside.length;
  const inverted = mean(light) <= mean(behind);
  let values;
  if (inverted) {
    const relative = light.map((value, i) => value / Math.max(behind[i], TRIM));
    const white = Math.max(1, quantile(inside.map((i) => relative[i]), 0.95));
    values = relative.map((value) => 1 - value / white);
  } else {
    values = light.map((value, i) => (value - behind[i]) / Math.max(1 - behind[i], TRIM));
  }
  const outside = outsideOf(mask, width);
  return { values: values.map((value, i) => (outside[i] ? 0 : Math.min(1, Math.max(0, value)))), inverted };
}

function cropToMask(values, mask, width) {
  const inside = [...mask.keys()].filter((i) => mask[i]);
  const [xs, ys] = [inside.map((i) => i % width), inside.map((i) => Math.floor(i / width))];
  const least = (list) => list.reduce((a, b) => Math.min(a, b));
  const most = (list) => list.reduce((a, b) => Math.max(a, b));
  const [left, top] = [least(xs), least(ys)];
  const whole = { width, height: mask.length / width, channels: 1, data: values };
  return crop(whole, left, top, most(xs) - left + 1, most(ys) - top + 1);
}

/** Values in 0..1 resized so that the longer edge is 28, in the middle of a black square. */
function fitSquare({ width, height, data }) {
  const [across, down] = [width, height].map((edge) => Math.max(1, rint((SIDE * edge) / Math.max(width, height))));
  const floats = { width, height, channels: 1, data: Float32Array.from(data, (value) => value * 255) };
  const resized = resize(floats, across, down, "lanczos");
  const seen = new Uint8ClampedArray(SIDE * SIDE);
  const [left, top] = [across, down].map((edge) => Math.floor((SIDE + 1 - edge) / 2));
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      seen[(top + y) * SIDE + left + x] = rint(Math.min(255, Math.max(0, resized.data[y * across + x])));
    }
  }
  return { width: SIDE, height: SIDE, channels: 1, data: seen };
}

/** The fallback for a scene: nothing is cut out, but a light border is made dark. */
function centralSquare(rgb) {
  const side = Math.min(rgb.width, rgb.height);
  const [left, top] = [rgb.width, rgb.height].map((edge) => Math.floor((edge - side) / 2));
  const seen = resize(grey(crop(rgb, left, top, side, side)), SIDE, SIDE, "lanczos");
  const border = [...seen.data].filter((_, i) => onBorder(i, SIDE, SIDE, 1));
  const inverted = median(border) > 127;
  const steps = inverted ? "turned to grey, inverted" : "turned to grey";
  return {
    picture: inverted ? { ...seen, data: seen.data.map((value) => 255 - value) } : seen,
    note: `No plain background was found, so the central square was ${steps} and resized to 28 x 28.`,
  };
}

