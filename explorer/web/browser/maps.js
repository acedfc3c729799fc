// Maps as the page reads them: bytes in base64 under each map's peak. Twin of explorer/explain/packing.py.

import { base64, rint, sixDigits } from "./numbers.js";

const FLAT = 1e-6; // as in explorer/explain/map.py: a map that stays below this says nothing

/**
 * `values` are the numbers of all maps in their order, each of grid[0] * grid[1]; `axes` the lengths of the leading
 * axes by name, in order.
 */
export function pack(values, grid, { axes = {}, signed = false, units }) {
  const facts = { grid, axes, signed, units };
  const sizes = Object.values(axes);
  const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (!Number.isFinite(most) || most < FLAT) {
    const evidence = Number.isFinite(most) ? "flat" : "broken";
    return { ...facts, evidence, peak: nested(sizes, () => 0), data: "" };
  }
  const size = grid[0] * grid[1];
  const bytes = new Uint8Array(values.length);
  const peak = nested(sizes, (place) => {
    const one = values.subarray(place * size, (place + 1) * size);
    const top = one.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    one.forEach((value, i) => {
      const share = top > 0 ? value / top : 0;
      bytes[place * size + i] = signed ? 128 + rint(127 * share) : rint(255 * share);
    });
    return sixDigits(top);
  });
  return { ...facts, evidence: null, peak, data: base64(bytes) };
}

/** `of(place)` for every place of axes of these sizes, nested as they are; a single value without axes. */
function nested(sizes, of, place = 0) {
  if (sizes.length === 0) return of(place);
  const [size, ...rest] = sizes;
  const inner = rest.reduce((product, one) => product * one, 1);
  return Array.from({ length: size }, (_, i) => nested(rest, (at) => of(at), place + i * inner));
}
