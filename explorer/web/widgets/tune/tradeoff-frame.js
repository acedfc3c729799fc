// The layout of the trade-off figure: mean MACs to x, accuracy to y, and the ticks.

import { niceTicks } from "./numbers.js";

const LEFT = 58;
const RIGHT = 14;
const TOP = 30;
const BOTTOM = 44;

/**
 * The frame of a figure `width` x `height` pixels large around `points` [{macs, accuracy}]:
 * {left, right, top, bottom, x(macs), y(accuracy), macs(x), unit, xticks, yticks, digits}.
 *
 * The accuracy axis covers only what is drawn, because the differences that matter are small.
 */
export function tradeoffFrame(width, height, points) {
  const [least, most] = range(points.map(({ macs }) => macs));
  const [low, high] = range(points.map(({ accuracy }) => accuracy));
  const unit = most >= 1e9 ? { size: 1e9, sign: "G" } : { size: 1e6, sign: "M" };
  const across = niceTicks(least / unit.size, most / unit.size, width < 480 ? 4 : 7);
  const up = niceTicks(100 * low, 100 * high, 5);
  const [left, right, top, bottom] = [LEFT, Math.max(LEFT + 40, width - RIGHT), TOP, height - BOTTOM];
  const pad = 0.03 * (most - least || most);
  const [from, to] = [least - pad, most + pad];
  const [under, over] = [up.ticks[0] / 100, up.ticks.at(-1) / 100];
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    x: (macs) => left + ((macs - from) / (to - from)) * (right - left),
    y: (accuracy) => bottom - ((accuracy - under) / (over - under)) * (bottom - top),
    macs: (x) => from + ((x - left) / (right - left)) * (to - from),
    unit,
    xticks: across.ticks.map((tick) => tick * unit.size).filter((macs) => macs >= from && macs <= to),
    xdigits: across.digits,
    yticks: up.ticks.map((tick) => tick / 100),
    digits: up.digits,
  };
}

function range(values) {
  return [Math.min(...values), Math.max(...values)];
}
