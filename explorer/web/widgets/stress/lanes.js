// Two lanes over the severities, one above the other: the exit's block, and the probability of its answer.

import { pathThrough } from "../curve-frame.js";
import { keepChildren, setAttributes, svgElement } from "../dom.js";
import { HARDEST } from "./stress.js";

/**
 * The layout: x(severity) and back by severityAt(x), block(b) and chance(p) to y, in a box `left`..`right`
 * wide whose lanes are `deep` = [exit, probability] pixels high, from `top`, with `gap` between.
 */
export function lanesIn({ left, right, top, deep, gap, trace }) {
  const [first, last] = [trace.exits[0].block, trace.blocks];
  const x = (severity) => left + (severity / HARDEST) * (right - left);
  const floor = top + deep[0];
  const bottom = floor + gap + deep[1];
  return {
    left,
    right,
    top,
    floor,
    bottom,
    ceiling: floor + gap,
    x,
    severityAt: (px) => Math.min(HARDEST, Math.max(0, Math.round(((px - left) / (right - left)) * HARDEST))),
    block: (block) => floor - (last === first ? 0.5 : (block - first) / (last - first)) * deep[0],
    chance: (p) => bottom - p * deep[1],
  };
}

/** A group for `drawLanes`. */
export function makeLanes() {
  return svgElement(
    "g",
    { class: "lanes" },
    ...["frames", "limit", "cursor", "exits", "chances"].map((name) => svgElement("path", { class: name })),
    svgElement("g", { class: "dots" }),
  );
}

/** Draws points, a cursor at `severity`, and the threshold if there is one; without points only the frames. */
export function drawLanes(group, lanes, points, severity, limit = null) {
  const part = (name) => group.querySelector(`.${name}`);
  const { left, right, top, floor, ceiling, bottom } = lanes;
  const box = (from, to) => `M${left} ${from}H${right}M${left} ${to}H${right}`;
  setAttributes(part("frames"), { d: box(top, floor) + box(ceiling, bottom) });
  setAttributes(part("limit"), { d: limit === null ? "" : `M${left} ${lanes.chance(limit)}H${right}` });
  const at = lanes.x(severity).toFixed(1);
  setAttributes(part("cursor"), { d: points ? `M${at} ${top - 6}V${bottom + 6}` : "" });
  const spots = (y) => (points ?? []).map((point) => [lanes.x(point.severity), y(point)]);
  const exits = spots(({ block }) => lanes.block(block));
  const chances = spots(({ probability }) => lanes.chance(probability));
  setAttributes(part("exits"), { d: pathThrough(exits) });
  setAttributes(part("chances"), { d: pathThrough(chances) });
  const dots = [...exits, ...chances];
  keepChildren(part("dots"), dots, () => svgElement("circle")).forEach((dot, i) => {
    const point = points[i % points.length];
    const here = point.severity === severity;
    setAttributes(dot, {
      class: ["dot", point.right || "wrong", here && "here"].filter((name) => typeof name === "string").join(" "),
      cx: dots[i][0].toFixed(1),
      cy: dots[i][1].toFixed(1),
      r: here ? 5.5 : 3.5,
    });
  });
}

/** A drag or a tap anywhere on an SVG calls `moved(x, y, starts)`, in its pixels. */
export function scrubbed(svg, moved) {
  const tell = (event) => {
    const box = svg.getBoundingClientRect();
    moved(event.clientX - box.left, event.clientY - box.top, event.type === "pointerdown");
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    tell(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) tell(event);
  });
}

export const LANES_STYLE = `
.plot { display: block; width: 100%; font-size: 0.75rem; user-select: none; -webkit-user-select: none;
  touch-action: pan-y; cursor: ew-resize; }
.plot text { fill: var(--quiet); font-family: inherit; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.frames { stroke: var(--line); fill: none; }
.limit { stroke: var(--accent-mark); stroke-width: 1.5; stroke-dasharray: 5 3; fill: none; }
.cursor { stroke: var(--accent-mark); stroke-width: 2; }
.exits { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.chances { fill: none; stroke: var(--faint); stroke-width: 1.5; stroke-linejoin: round; }
.dot { fill: var(--ink); stroke: var(--ink); stroke-width: 2; }
.dot.wrong { fill: var(--paper); }
.dot.here { stroke: var(--accent-mark); }
.dot.here:not(.wrong) { fill: var(--accent-mark); }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1.125rem; margin-top: 0.25rem; }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; }
`;
