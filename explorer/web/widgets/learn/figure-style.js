// The look the tour's own figures share: axes, quiet text, the accent for what is live.

export const FIGURE_STYLE = `
svg { display: block; overflow: visible; font-size: 12px; }
svg text { fill: var(--quiet); }
svg .strong { fill: var(--ink); font-weight: 650; }
svg .accent { fill: var(--accent-ink); font-weight: 650; }
.axis line, .axis path { stroke: var(--faint); fill: none; }
.grid line { stroke: var(--line); }
.head .save { margin-left: auto; }
.readout { min-height: 1.45em; margin-bottom: 0.5rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; margin-top: 0.375rem; }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; }
.none { min-height: 12rem; color: var(--quiet); }
`;
