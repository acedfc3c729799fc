// Shares, points and counts as the Tune tab writes them.

import { language } from "../strings.js";

const counters = new Map(); // language -> its formatter, slow to make

/** A whole number with the language's separators: "10,000". */
export function countText(count) {
  const code = language();
  if (!counters.has(code)) counters.set(code, new Intl.NumberFormat(code));
  return counters.get(code).format(count);
}

/** A share as "91.72 %"; "–" where there is none. */
export function percentText(share, digits = 2) {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : "–";
}

/** The 95 % margin of error of a share over `count` images, in percentage points: "4.0". */
export function marginText(share, count) {
  return (196 * Math.sqrt((share * (1 - share)) / count)).toFixed(1); // of a normal distribution
}

/** A difference of shares in percentage points, with its sign: "+0.05", "−0.31", "±0". */
export function pointsText(difference, digits = 2) {
  const text = Math.abs(100 * difference).toFixed(digits);
  if (Number(text) === 0) return "±0";
  return `${difference < 0 ? "−" : "+"}${text}`;
}

/** Rising round numbers that cover low to high, about `wanted` of them: {ticks, digits}. */
export function niceTicks(low, high, wanted = 5) {
  const rough = Math.max(high - low, 1e-9) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const ticks = [];
  for (let i = Math.floor(low / step + 1e-9); ; i++) {
    ticks.push(i * step);
    if (i * step >= high - 1e-9) break;
  }
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (Number.isInteger(step / power) ? 0 : 1));
  return { ticks, digits };
}
