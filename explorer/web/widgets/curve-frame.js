// The layout of the score curve: blocks to x, scores to y and back, and the ticks.

const LEFT = 46;
const RIGHT = 70; // room for the threshold's handle
const TOP = 14;
const BOTTOM = 42;

/** Ticks of a rule's axis: whole numbers for counts, else five from end to end. */
export function valueTicks(rule, top) {
  if (Number.isInteger(rule.step)) {
    const stride = Math.max(1, Math.ceil((top - rule.min) / 8));
    const count = Math.floor((top - rule.min) / stride) + 1;
    return Array.from({ length: count }, (_, i) => rule.min + i * stride);
  }
  return [0, 1, 2, 3, 4].map((i) => rule.min + ((top - rule.min) * i) / 4);
}

/**
 * The frame of a curve `width` x `height` pixels large:
 * {width, height, left, right, top, bottom, x(block), y(score), value(y), high, half}.
 *
 * Blocks run from the first exit's to the last; scores from the rule's lowest to its highest, or to the number of exits
 * if a count can be larger. A score outside, or NaN, is drawn at the nearest edge. `half` is half a block in pixels;
 * `margin` is the room to the right of the frame.
 */
export function curveFrame(width, height, trace, rule, margin = RIGHT) {
  const first = trace.exits[0].block;
  const span = trace.blocks - first;
  const high = Number.isInteger(rule.step) ? Math.max(rule.max, trace.exits.length) : rule.max;
  const [left, right, top, bottom] = [LEFT, Math.max(LEFT + 40, width - margin), TOP, height - BOTTOM];
  const inset = Math.min(24, (right - left) / (2 * (span + 1)));
  const x = (block) =>
    span === 0 ? (left + right) / 2 : left + inset + ((block - first) / span) * (right - left - 2 * inset);
  const y = (score) => {
    const share = ((Number.isFinite(score) ? score : rule.min) - rule.min) / (high - rule.min);
    return bottom - Math.min(1, Math.max(0, share)) * (bottom - top);
  };
  const value = (py) => rule.min + ((bottom - py) / (bottom - top)) * (high - rule.min);
  const half = span === 0 ? (right - left) / 2 : (right - left - 2 * inset) / span / 2;
  return { width, height, left, right, top, bottom, x, y, value, high, half };
}

/** An SVG path through the points, "" when there are none. */
export function pathThrough(points) {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/** The points, from an exit on, of the exits in use. */
export function pointsInUse(points, trace, from = 0) {
  return points.filter((_, e) => e >= from && !trace?.leftOut?.[e]);
}

/** The threshold over the early exits: one level line to the right edge, or a step per exit. */
export function thresholdPath(frame, trace, thresholds) {
  if (!Array.isArray(thresholds)) {
    return pathThrough([
      [frame.left, frame.y(thresholds)],
      [frame.right, frame.y(thresholds)],
    ]);
  }
  const blocks = trace.exits.map(({ block }) => frame.x(block));
  return pathThrough(
    thresholds.flatMap((threshold, exit) => {
      const from = exit === 0 ? frame.left : (blocks[exit - 1] + blocks[exit]) / 2;
      const to = (blocks[exit] + blocks[exit + 1]) / 2;
      return [
        [from, frame.y(threshold)],
        [to, frame.y(threshold)],
      ];
    }),
  );
}
