// Attention and saliency maps out of their wire format: base64 of uint8, value = round(255 * weight / peak).

const decodedMaps = new WeakMap(); // the owner of a base64 string -> its bytes, so that a map is decoded once

/** Base64 to bytes. */
export function decodeBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function bytesOf(owner) {
  if (!decodedMaps.has(owner)) decodedMaps.set(owner, decodeBase64(owner.data));
  return decodedMaps.get(owner);
}

function largest(values) {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** One head's weights, (h*w,), in a block counted from 1. */
function headWeights(attention, block, head) {
  const [h, w] = attention.grid;
  const size = h * w;
  const start = ((block - 1) * attention.heads + head) * size;
  const bytes = bytesOf(attention).subarray(start, start + size);
  if (bytes.length !== size) {
    throw new RangeError(
      `attention.data: expected ${attention.blocks * attention.heads * size} bytes; got ${bytesOf(attention).length}.`,
    );
  }
  const unit = attention.peak[block - 1][head] / 255;
  const weights = new Float32Array(size);
  for (let i = 0; i < size; i++) weights[i] = bytes[i] * unit;
  return weights;
}

/** One map of the [CLS] token's attention: block from 1; head from 0, or "mean". {grid, values (h*w,), peak}. */
export function attentionMap(attention, block, head) {
  let values;
  if (head === "mean") {
    values = new Float32Array(attention.grid[0] * attention.grid[1]);
    for (let one = 0; one < attention.heads; one++) {
      const weights = headWeights(attention, block, one);
      for (let i = 0; i < values.length; i++) values[i] += weights[i] / attention.heads;
    }
  } else {
    values = headWeights(attention, block, head);
  }
  return { grid: attention.grid, values, peak: largest(values) };
}

/** The largest weight of any head in any block: the top of a scale shared by all maps. */
export function sharedPeak(attention) {
  return largest(attention.peak.flat());
}

/** A saliency map as {grid, values, peak}, or null when it is flat: no evidence anywhere. */
export function saliencyMap(map) {
  if (!(map.peak > 0)) return null;
  const values = Float32Array.from(bytesOf(map), (byte) => (byte * map.peak) / 255);
  if (values.length !== map.grid[0] * map.grid[1]) {
    throw new RangeError(`saliency data: expected ${map.grid[0] * map.grid[1]} bytes; got ${values.length}.`);
  }
  return { grid: map.grid, values, peak: map.peak };
}

/** Where a map is strongest, rows and columns from 1: {row, column, value}. */
export function strongest({ grid, values }) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return { row: Math.floor(best / grid[1]) + 1, column: (best % grid[1]) + 1, value: values[best] };
}
