// Where the points of the Live tab's strip chart are, in pixels.

export const HEIGHT = 150;
export const LEFT = 28; // for the blocks' numbers
export const EDGE = 10;
const FRAMES = 240; // that the chart has room for

/** The chart's line through the blocks of a history, in a box of that width. */
export function stripPath(history, exits, width) {
  const step = (width - LEFT - EDGE) / (FRAMES - 1);
  const first = FRAMES - history.length;
  return history
    .map(({ exit }, i) => `${i ? "L" : "M"}${(LEFT + (first + i) * step).toFixed(1)} ${heightOf(exit, exits).toFixed(1)}`)
    .join("");
}

/** How far from the top an exit is, given the number of exits. */
export function heightOf(exit, exits) {
  return HEIGHT - EDGE - (exits > 1 ? exit / (exits - 1) : 0.5) * (HEIGHT - 2 * EDGE);
}
