// Which classes get a line in the chart over depth, and the dashes and marks that tell them apart without colour.

const MOST_LINES = 8; // more lines than colours and eyes can follow; the ladder shows the rest
const TOO_SMALL = 0.05; // a class that never reaches this would be on the axis

/** Positions of the classes worth a line, the most probable first. */
export function classesToDraw(trace) {
  const peak = (position) => Math.max(...trace.probabilities.map((row) => row[position]));
  return trace.classes
    .map((_, position) => position)
    .filter((position) => peak(position) >= TOO_SMALL)
    .sort((a, b) => peak(b) - peak(a))
    .slice(0, MOST_LINES);
}

/** A dash of `classStyle` as SVG's stroke-dasharray; null for an unbroken line. */
export const DASHES = {
  solid: null,
  dash: "8 5",
  dot: "2 4",
  dashdot: "8 4 2 4",
  longdash: "14 5",
  longdashdot: "14 4 2 4",
};

/** A marker of `classStyle` as an SVG path around the origin, about 8 pixels large. */
export const MARKS = {
  circle: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
  square: "M-3-3h6v6h-6z",
  diamond: "M0-4 4 0 0 4-4 0z",
  "triangle-up": "M0-4 3.8 3h-7.6z",
  x: "M-3.5-3.5 3.5 3.5M3.5-3.5-3.5 3.5",
  star: "M0-4.6 1.2-1.5 4.4-1.4 1.9.6 2.7 3.7 0 1.9-2.7 3.7-1.9.6-4.4-1.4-1.2-1.5z",
  cross: "M0-4.5V4.5M-4.5 0H4.5",
};
