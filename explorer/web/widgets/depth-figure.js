// The figure of class probabilities over depth, as Plotly wants it: one line per class that ever mattered.

import { classStyle } from "./colormap.js";
import { t } from "./strings.js";

const MOST_LINES = 8; // more lines than colours and eyes can follow; the ladder has the rest
const TOO_SMALL = 0.05; // a class that never reaches this would lie on the axis

/** Positions of the classes worth a line, the most probable first. */
export function classesToDraw(trace) {
  const peak = (position) => Math.max(...trace.probabilities.map((row) => row[position]));
  return trace.classes
    .map((_, position) => position)
    .filter((position) => peak(position) >= TOO_SMALL)
    .sort((a, b) => peak(b) - peak(a))
    .slice(0, MOST_LINES);
}

/** Plotly reads a few tags (<b>, <a>) in its texts; a label must stay a label. */
export function plainLabel(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Vertical lines: at the exit that fired, and a dotted one at the exit looked at where that is another. */
export function exitLines(trace, exits, { accent, quiet }) {
  const looks = [
    { color: accent, width: 2 },
    { color: quiet, width: 1.5, dash: "dot" },
  ];
  return exits.map((exit, i) => {
    const x = trace.exits[exit].block;
    return { type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: looks[i] };
  });
}

/** {data, layout}; `exits` as for `exitLines`; `theme` has css colours `ink`, `quiet`, `line`, `accent`, and `paper` as [r, g, b]. */
export function depthFigure(trace, exits, theme, height) {
  const blocks = trace.exits.map(({ block }) => block);
  const data = classesToDraw(trace).map((position, n) => {
    const { color, dash, marker } = classStyle(n, theme.paper);
    return {
      type: "scatter",
      mode: "lines+markers",
      name: plainLabel(trace.classes[position].label),
      x: blocks,
      y: trace.probabilities.map((row) => row[position]),
      line: { color, dash, width: 2 },
      marker: { color, symbol: marker, size: 7 },
      hovertemplate: t("explore.depth_hover", { probability: "%{y:.3f}", block: "%{x}" }),
    };
  });
  const axis = { color: theme.quiet, gridcolor: theme.line, linecolor: theme.line, zeroline: false, fixedrange: false };
  const layout = {
    height,
    margin: { l: 48, r: 12, t: 34, b: 44 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.quiet, activecolor: theme.ink },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: 12, color: theme.ink },
    hovermode: "x unified",
    hoverlabel: { bgcolor: `rgb(${theme.paper.join()})`, font: { color: theme.ink } },
    legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top", maxheight: 0.3 },
    xaxis: {
      ...axis,
      title: { text: t("explore.depth_block") },
      tickmode: "array",
      tickvals: blocks,
      range: [blocks[0] - 0.3, trace.blocks + 0.3],
    },
    yaxis: { ...axis, title: { text: t("explore.depth_probability") }, range: [-0.02, 1.02] },
    shapes: exitLines(trace, exits, theme),
    uirevision: trace.model, // keep a zoom while pictures change, not when the model does
  };
  return { data, layout };
}
