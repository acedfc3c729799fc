// Maps from their wire format (explain/packing.py): base64 of one byte per value, and the peak that scales it back.

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
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}

/** One map at full indices, from 0. */
function single(packed, index) {
  const [h, w] = packed.grid;
  const sizes = Object.values(packed.axes);
  const place = index.reduce((at, i, axis) => at * sizes[axis] + i, 0);
  const bytes = bytesOf(packed).subarray(place * h * w, (place + 1) * h * w);
  if (bytes.length !== h * w) {
    throw new RangeError(`map.data: expected ${h * w} bytes at ${index}; got ${bytes.length}.`);
  }
  const peak = index.reduce((peaks, i) => peaks[i], packed.peak);
  const [rest, steps] = packed.signed ? [128, 127] : [0, 255];
  return Float32Array.from(bytes, (byte) => ((byte - rest) * peak) / steps);
}

/**
 * One map of a packed answer: {grid, values (h*w,), peak, signed, units}, or null if there is no evidence.
 *
 * `index` has a whole number from 0 for each of its axes, or "mean" for the mean over that axis.
 */
export function mapAt(packed, index = []) {
  if (packed.evidence) return null;
  const sizes = Object.values(packed.axes);
  if (index.length !== sizes.length) throw new RangeError(`expected ${sizes.length} indices; got ${index.length}.`);
  const mean = index.indexOf("mean");
  const { grid, signed, units } = packed;
  if (mean < 0) {
    const values = single(packed, index);
    return { grid, values, peak: largest(values), signed, units };
  }
  const values = new Float32Array(grid[0] * grid[1]);
  for (let i = 0; i < sizes[mean]; i++) {
    const one = mapAt(packed, index.with(mean, i)).values;
    for (let at = 0; at < values.length; at++) values[at] += one[at] / sizes[mean];
  }
  return { grid, values, peak: largest(values), signed, units };
}

/** The largest value of any of the maps: the top of a scale they all share. */
export function sharedPeak(packed) {
  return largest([packed.peak].flat(Infinity));
}

/** Where a map is strongest, for or against, rows and columns from 1: {row, column, value}. */
export function strongest({ grid, values }) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]) > Math.abs(values[best])) best = i;
  return { row: Math.floor(best / grid[1]) + 1, column: (best % grid[1]) + 1, value: values[best] };
}
