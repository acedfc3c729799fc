// The look of <tune-tradeoff>.

export const TRADEOFF_STYLE = `
.readout { min-height: 1.45em; }
svg { overflow: visible; touch-action: pan-y; cursor: ew-resize; }
.grid text { text-anchor: end; dominant-baseline: central; }
.xticks text { text-anchor: middle; }
.xname { text-anchor: end; }
.curves path { fill: none; stroke-linejoin: round; }
.curves .now { stroke: var(--accent-mark); stroke-width: 2.25; }
.curves .other { stroke: var(--quiet); stroke-width: 1.25; }
.other-0 { stroke-dasharray: none; }
.other-1 { stroke-dasharray: 6 4; }
.other-2 { stroke-dasharray: 1.5 3; stroke-linecap: round; }
.single-line { fill: none; stroke: var(--faint); stroke-width: 1; stroke-dasharray: 1 4; }
.singles rect { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.plot .singles text { text-anchor: middle; font-size: 0.6875rem; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.ends path { fill: var(--ink); stroke: var(--paper); stroke-width: 1; }
.drop { fill: none; stroke: var(--accent-mark); stroke-width: 1; stroke-dasharray: 3 3; }
.live { cursor: grab; outline: none; touch-action: none; }
.live .hit { fill: transparent; }
.live .dot { fill: var(--paper); stroke: var(--accent-mark); stroke-width: 3.5; }
.live .halo { fill: none; stroke: none; }
.live:focus-visible .halo { stroke: var(--accent-ink); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1.125rem; min-height: 2.9em; align-content: start; }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; }
.legend i { display: inline-block; flex: none; }
.legend .line { width: 1.5rem; border-top: 1.5px solid var(--quiet); }
.legend .line.now { border-top: 3px solid var(--accent-mark); }
.legend .line.other-1 { border-top-style: dashed; }
.legend .line.other-2 { border-top-style: dotted; border-top-width: 2px; }
.legend .square { width: 0.5625rem; height: 0.5625rem; border: 1.5px solid var(--ink); }
.legend .diamond { width: 0.5rem; height: 0.5rem; background: var(--ink); transform: rotate(45deg); }
.legend .ring { width: 0.75rem; height: 0.75rem; border: 3px solid var(--accent-mark); border-radius: 50%; }
.note { margin-top: 0.25rem; }
`;
