// Insertion and deletion curves of a map with a random order's and an edge detector's, as one small figure each.

import { element, setText, svgElement } from "../dom.js";
import { t } from "../strings.js";

const [WIDTH, HEIGHT] = [260, 150];
const EDGE = { left: 30, right: 8, top: 8, bottom: 30 };
const LINES = { shown: "", random: "2 4", edges: "8 4" }; // told apart by dashes, not by colour alone

export const CURVES_STYLE = `
.curves { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; }
.curves figure { flex: 1 1 15rem; max-width: 22rem; margin: 0; }
.curves figcaption { font-size: 0.8125rem; color: var(--quiet); min-height: 0; display: block; }
.curves svg { display: block; width: 100%; height: auto; }
.curves path { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.curves path.shown { stroke: var(--accent-mark); stroke-width: 2.5; }
.curves line { stroke: var(--line); }
.curves text { fill: var(--quiet); font-size: 11px; }
.areas { justify-self: start; border-collapse: collapse; font-size: 0.8125rem; }
.areas th, .areas td { padding: 0.125rem 0.75rem 0.125rem 0; text-align: left; font-weight: 400; }
.areas thead th { color: var(--quiet); }
.areas td { text-align: right; }
.areas svg { width: 2rem; height: 0.75rem; vertical-align: middle; margin-right: 0.375rem; }
.areas path { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.areas path.shown { stroke: var(--accent-mark); stroke-width: 2.5; }
`;

const x = (fraction) => EDGE.left + fraction * (WIDTH - EDGE.left - EDGE.right);
const y = (value) => HEIGHT - EDGE.bottom - value * (HEIGHT - EDGE.top - EDGE.bottom);

/** Who wins: [kind, rival] of every comparison the shown map does not win; small differences count as none. */
export function lostTo(curves, margin = 0.01) {
  const lost = [];
  for (const rival of ["random", "edges"]) {
    if (curves.shown.deletion.area > curves[rival].deletion.area - margin) lost.push(["deletion", rival]);
    if (curves.shown.insertion.area < curves[rival].insertion.area + margin) lost.push(["insertion", rival]);
  }
  return lost;
}

/** What the four comparisons say about the map, in a sentence. */
export function verdictText(curves) {
  const lost = lostTo(curves);
  if (lost.length === 0) return t("explain.verdict_good");
  if (lost.length === 4) return t("explain.verdict_bad");
  const named = lost.map(([kind, rival]) => t("explain.verdict_part", { kind: t(`explain.${kind}`), rival: t(`explain.${rival}`) }));
  return t("explain.verdict_mixed", { lost: named.join(t("explain.and")) });
}

function figure(kind, { fractions, curves }) {
  const axis = (x1, y1, x2, y2) => svgElement("line", { x1, y1, x2, y2 });
  const label = (text, at, anchor = "middle") => svgElement("text", { x: at[0], y: at[1], "text-anchor": anchor }, text);
  const lines = Object.entries(LINES).map(([name, dash]) => {
    const points = fractions.map((fraction, i) => `${x(fraction).toFixed(1)} ${y(curves[name][kind].values[i]).toFixed(1)}`);
    return svgElement("path", { class: name, d: `M${points.join("L")}`, "stroke-dasharray": dash });
  });
  const svg = svgElement(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": t(`explain.${kind}_figure`) },
    axis(x(0), y(0), x(1), y(0)),
    axis(x(0), y(0), x(0), y(1)),
    axis(x(0), y(1), x(1), y(1)),
    label("0", [x(0) - 6, y(0) + 4], "end"),
    label("1", [x(0) - 6, y(1) + 4], "end"),
    label("0 %", [x(0), y(0) + 14], "start"),
    label("100 %", [x(1), y(0) + 14], "end"),
    label(t("explain.share_of_patches"), [x(0.5), y(0) + 26]),
    ...lines.reverse(),
  );
  return element("figure", {}, element("figcaption", {}, t(`explain.${kind}_idea`)), svg);
}

/** The curves, their areas and what they say, in `parent`. */
export function drawCurves(parent, answer) {
  const { curves } = answer;
  const row = (name) => {
    const mark = svgElement("svg", { viewBox: "0 0 32 12", "aria-hidden": "true" });
    mark.append(svgElement("path", { class: name, d: "M0 6H32", "stroke-dasharray": LINES[name] }));
    const cells = ["deletion", "insertion"].map((kind) => element("td", {}, curves[name][kind].area.toFixed(2)));
    return element("tr", {}, element("th", { scope: "row" }, mark, t(`explain.${name}`)), ...cells);
  };
  const heading = (text) => element("th", { scope: "col" }, text);
  const head = element("tr", {}, heading(""), heading(t("explain.deletion_area")), heading(t("explain.insertion_area")));
  const table = element(
    "table",
    { class: "areas" },
    element("thead", {}, head),
    element("tbody", {}, ...Object.keys(LINES).map(row)),
  );
  const said = element("p", { class: "verdict" });
  setText(said, verdictText(curves));
  const figures = ["deletion", "insertion"].map((kind) => figure(kind, answer));
  parent.replaceChildren(element("div", { class: "curves" }, ...figures), table, said);
}
