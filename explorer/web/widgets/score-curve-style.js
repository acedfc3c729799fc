// The look of <score-curve>.

export const CURVE_STYLE = `
.readout { min-height: 1.45em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.readout b { font-weight: 650; }
svg { flex: none; }
.plot {
  display: block; width: 100%; overflow: visible; font-size: 0.75rem; user-select: none; -webkit-user-select: none;
}
text { fill: var(--quiet); font-family: inherit; }
.grid line { stroke: var(--line); }
.grid text { text-anchor: end; dominant-baseline: central; }
.xticks text { text-anchor: middle; }
.xticks .family { font-size: 0.625rem; font-weight: 700; }
.xticks .fired { font-weight: 700; fill: var(--ink); }
.axis { text-anchor: end; }
.above { fill: var(--accent-soft); opacity: 0.75; }
.ghost { fill: none; stroke: var(--faint); stroke-width: 1.5; stroke-dasharray: 2 4; stroke-linecap: round; }
.ran { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.skipped { fill: none; stroke: var(--faint); stroke-width: 1.5; stroke-dasharray: 5 4; }
.drop { stroke: var(--accent-mark); stroke-width: 2; }
.flag { fill: var(--accent-ink); font-weight: 700; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.marker { cursor: pointer; }
.marker .hit { fill: transparent; }
.marker .dot { stroke: var(--ink); stroke-width: 2; fill: var(--paper); }
.marker.agrees .dot { fill: var(--ink); }
.marker.skipped-dot .dot { stroke: var(--faint); }
.marker.skipped-dot.agrees .dot { fill: var(--faint); }
.marker .ring { fill: none; stroke: none; }
.marker.fired .ring { stroke: var(--accent-mark); stroke-width: 3; }
.marker .chosen { fill: none; stroke: none; }
.marker.selected .chosen { stroke: var(--quiet); stroke-width: 1.25; }
.line { fill: none; stroke: var(--accent-mark); stroke-width: 2; }
.strip {
  fill: none; stroke: transparent; stroke-width: 22; cursor: ns-resize; touch-action: none; pointer-events: stroke;
}
.handle { cursor: ns-resize; touch-action: none; outline: none; }
.handle .grip { fill: var(--paper); stroke: var(--accent-mark); stroke-width: 2; }
.handle .value {
  fill: var(--ink); font-size: 0.8125rem; font-weight: 650; text-anchor: middle; dominant-baseline: central;
}
.handle .halo { fill: none; stroke: none; }
.handle:focus-visible .halo { stroke: var(--accent-ink); stroke-width: 2; }
.handle:hover .grip { fill: var(--accent-soft); }
.handle .hit { fill: transparent; }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1.125rem; margin-top: 0.25rem; min-height: 1.45em; }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; min-width: 0; }
.legend .previous { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; max-width: 16rem; }
`;
