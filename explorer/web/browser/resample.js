// Resizing as Pillow does it, bit for bit: its filters over a box, fixed-point arithmetic for bytes, and `reduce`.
//
// A picture here is {width, height, channels, data}: rows from the top, channels side by side; bytes, or float32.
// After Pillow's src/libImaging/Resample.c and Reduce.c (MIT-CMU licence), reimplemented from what they compute.

import { rint } from "./numbers.js";

const BITS = 22; // of a coefficient's fraction: 32 less 8 of the pixel and 2 for sums beyond it

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

export const FILTERS = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bicubic: {
    support: 2,
    at(x) {
      const a = -0.5;
      const d = Math.abs(x);
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** For each of `size` places from `low` to `high`: where it starts to read, and its weights, which sum to 1. */
function weightsOf(length, low, high, size, filter) {
  const scale = (high - low) / size;
  const wide = Math.max(scale, 1);
  const support = filter.support * wide;
  return Array.from({ length: size }, (_, place) => {
    const centre = low + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(length, Math.trunc(centre + support + 0.5));
    const weights = new Float64Array(end - first);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      weights[i] = filter.at((i + first - centre + 0.5) * (1 / wide));
      sum += weights[i];
    }
    return { first, weights: sum === 0 ? weights : weights.map((weight) => weight / sum) };
  });
}

/** One pass along the rows (`step` = channels) or the columns (`step` = a row). */
function pass({ width, height, channels, data }, places, alongRows) {
  const out = alongRows ? { width: places.length, height } : { width, height: places.length };
  const bytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  const result = new (bytes ? Uint8ClampedArray : Float32Array)(out.width * out.height * channels);
  const step = alongRows ? channels : width * channels;
  const lines = alongRows ? height : width;
  const fixed = (weight) => Math.trunc(weight * 2 ** BITS + (weight < 0 ? -0.5 : 0.5));
  places.forEach(({ first, weights }, place) => {
    const factors = bytes ? Int32Array.from(weights, fixed) : weights;
    for (let line = 0; line < lines; line++) {
      const from = alongRows ? (line * width + first) * channels : (first * width + line) * channels;
      const to = (alongRows ? line * out.width + place : place * width + line) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = bytes ? 2 ** (BITS - 1) : 0;
        for (let i = 0, at = from + c; i < factors.length; i++, at += step) sum += data[at] * factors[i];
        result[to + c] = bytes ? sum >> BITS : sum; // a clamped array clips to 0..255
      }
    }
  });
  return { ...out, channels, data: result };
}

/** The picture's box [left, top, right, bottom], all of it unless given, at `width` x `height` pixels. */
export function resize(picture, width, height, filter, box = [0, 0, picture.width, picture.height]) {
  const [left, top, right, bottom] = box.map(Math.fround);
  let done = picture;
  if (width !== picture.width || left || right !== width) {
    done = pass(done, weightsOf(picture.width, left, right, width, FILTERS[filter]), true);
  }
  if (height !== picture.height || top || bottom !== height) {
    done = pass(done, weightsOf(picture.height, top, bottom, height, FILTERS[filter]), false);
  }
  return done;
}

/** The mean of every `across` x `down` pixels within integer bounds; the rest at an edge is averaged on its own. */
export function reduce(picture, across, down, [left, top, right, bottom] = [0, 0, picture.width, picture.height]) {
  const { channels, data } = picture;
  const width = Math.ceil((right - left) / across);
  const height = Math.ceil((bottom - top) / down);
  const result = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y++) {
    const rows = Math.min(down, bottom - top - y * down);
    for (let x = 0; x < width; x++) {
      const columns = Math.min(across, right - left - x * across);
      const count = rows * columns;
      const factor = Math.floor(2 ** 24 / count);
      for (let c = 0; c < channels; c++) {
        let sum = Math.floor(count / 2);
        for (let row = 0; row < rows; row++) {
          let at = ((top + y * down + row) * picture.width + left + x * across) * channels + c;
          for (let column = 0; column < columns; column++, at += channels) sum += data[at];
        }
        result[(y * width + x) * channels + c] = Math.floor((sum * factor) / 2 ** 24);
      }
    }
  }
  return { width, height, channels, data: result };
}

/** `resize` after a `reduce` that leaves the filter `gap` times the pixels it needs: Pillow's reducing_gap. */
export function resizeReduced(picture, width, height, filter, box, gap) {
  const scale = [(box[2] - box[0]) / width, (box[3] - box[1]) / height];
  const [across, down] = scale.map((one) => Math.trunc(one / gap) || 1);
  if (across === 1 && down === 1) return resize(picture, width, height, filter, box);
  const [beside, above] = scale.map((one) => (FILTERS[filter].support - 0.5) * one);
  const safe = [
    Math.max(0, Math.trunc(box[0] - beside)),
    Math.max(0, Math.trunc(box[1] - above)),
    Math.min(picture.width, Math.ceil(box[2] + beside)),
    Math.min(picture.height, Math.ceil(box[3] + above)),
  ];
  const inside = box.map((edge, i) => (edge - safe[i % 2]) / (i % 2 ? down : across));
  return resize(reduce(picture, across, down, safe), width, height, filter, inside);
}

/** The pixel nearest to each place. */
export function nearest({ width, height, channels, data }, toWidth, toHeight) {
  const result = new Uint8ClampedArray(toWidth * toHeight * channels);
  const [columns, rows] = [placesOf(width, toWidth), placesOf(height, toHeight)];
  for (let y = 0, at = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const from = (rows[y] * width + columns[x]) * channels;
      for (let c = 0; c < channels; c++) result[at++] = data[from + c];
    }
  }
  return { width: toWidth, height: toHeight, channels, data: result };
}

/** Where each of `size` places looks in `length`; summed as in Pillow, whose rounding decides ties. */
function placesOf(length, size) {
  const scale = length / size;
  let at = scale * 0.5;
  return Array.from({ length: size }, () => {
    const place = Math.floor(at);
    at += scale;
    return place;
  });
}

/** RGB to grey by ITU-R 601-2, as Pillow's mode L. */
export function grey({ width, height, channels, data }) {
  if (channels === 1) return { width, height, channels, data };
  const result = new Uint8ClampedArray(width * height);
  for (let i = 0; i < result.length; i++) {
    const at = i * channels;
    result[i] = (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: result };
}

/** A rectangle of a picture. */
export function crop({ width, channels, data }, left, top, across, down) {
  const result = new data.constructor(across * down * channels);
  for (let y = 0; y < down; y++) {
    const from = ((top + y) * width + left) * channels;
    result.set(data.subarray(from, from + across * channels), y * across * channels);
  }
  return { width: across, height: down, channels, data: result };
}

/** Bytes of float values: rounded as NumPy does, clipped to 0..255. */
export function toBytes(values) {
  return Uint8ClampedArray.from(values, (value) => Math.min(255, Math.max(0, rint(value))));
}
