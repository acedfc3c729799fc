// A picture made harder, step by step. Twins of explorer/data/corruptions.py, which says how and why.

import { median, rint } from "./numbers.js";
import { pixelsOf, toBlob } from "./picture.js";
import { nearest, resize, toBytes } from "./resample.js";
import { gaussianBlur, rotate } from "./filters.js";

export const SEVERITIES = Array.from({ length: 11 }, (_, severity) => severity);

const grown = (severity) => (severity / 10) ** 1.5;
const share = (edge, part) => Math.max(1, rint(edge * part));
const mapped = (picture, change) => ({ ...picture, data: toBytes(Float32Array.from(picture.data, change)) });

/** `seeds` is {grain: standard normal numbers, one per picture value, place: [across, down]}, NumPy's of seed 0. */
export const CORRUPTIONS = {
  blur: (picture, severity) => gaussianBlur(picture, 0.13 * shorter(picture) * grown(severity)),
  noise: (picture, severity, { grain }) => {
    const strength = Math.fround(255 * grown(severity));
    return mapped(picture, (value, i) => value + Math.fround(strength * grain[i]));
  },
  dark: (picture, severity) => {
    const light = Math.fround(2 ** (-5 * grown(severity)));
    return mapped(picture, (value) => value * light);
  },
  contrast: (picture, severity) => {
    const { channels, data } = picture;
    const left = Math.fround(2 ** (-5 * grown(severity)));
    const sums = new Float64Array(channels);
    data.forEach((value, i) => (sums[i % channels] += value));
    const means = Float32Array.from(sums, (sum) => (sum * channels) / data.length);
    return mapped(picture, (value, i) => {
      const mean = means[i % channels];
      return mean + Math.fround(Math.fround(value - mean) * left);
    });
  },
  jpeg: async (picture, severity) => {
    const quality = rint(50 ** ((10 - severity) / 9));
    const least = shorter(picture);
    const part = (Math.min(least, Math.max(28, Math.floor(least / 4))) / least) ** (severity / 10);
    const [width, height] = [share(picture.width, part), share(picture.height, part)];
    const small = width === picture.width ? picture : resize(picture, width, height, "lanczos");
    const bitmap = await createImageBitmap(await toBlob(small, quality / 100), { colorSpaceConversion: "none" });
    const read = pixelsOf(bitmap);
    if (picture.channels === 1) {
      read.data = read.data.filter((_, i) => i % 3 === 0);
      read.channels = 1;
    }
    return resize(read, picture.width, picture.height, "bicubic");
  },
  rotation: (picture, severity) => {
    const { width, height, channels, data } = picture;
    const fill = Array.from({ length: channels }, (_, c) => {
      const border = [];
      for (let x = 0; x < width; x++) border.push(data[x * channels + c], data[((height - 1) * width + x) * channels + c]);
      for (let y = 0; y < height; y++) {
        border.push(data[y * width * channels + c], data[((y + 1) * width - 1) * channels + c]);
      }
      return rint(median(border));
    });
    return rotate(picture, 9 * severity, fill);
  },
  occlusion: (picture, severity, { place: [across, down] }) => {
    const { channels } = picture;
    const part = (0.09 * severity) ** 0.5;
    const [width, height] = [rint(picture.width * part), rint(picture.height * part)];
    const [left, top] = [rint(across * (picture.width - width)), rint(down * (picture.height - height))];
    const data = picture.data.slice();
    for (let y = top; y < top + height; y++) {
      const from = (y * picture.width + left) * channels;
      data.fill(128, from, from + width * channels);
    }
    return { ...picture, data };
  },
  pixelate: (picture, severity) => {
    const part = Math.min(1, 3 / shorter(picture)) ** grown(severity);
    const small = resize(picture, share(picture.width, part), share(picture.height, part), "box");
    return nearest(small, picture.width, picture.height);
  },
};

function shorter({ width, height }) {
  return Math.min(width, height);
}

/** The picture under a corruption; at severity 0 the picture itself. */
export async function corrupt(picture, name, severity, seeds) {
  if (!Object.hasOwn(CORRUPTIONS, name)) {
    throw new RangeError(`there is no corruption '${name}'; choose one of ${Object.keys(CORRUPTIONS).join(", ")}.`);
  }
  return severity === 0 ? picture : CORRUPTIONS[name](picture, severity, seeds);
}
