// Linear scales and round ticks for the tour's charts.

/** A scale from data to pixels: `scale(value)`; the range may run downward, as pixels do. */
export function linear([from, to], [start, end]) {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

/** Round values within [low, high], about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Digits after the point that tell the ticks apart. */
export function tickDigits(values) {
  const step = values.length > 1 ? values[1] - values[0] : 1;
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}
