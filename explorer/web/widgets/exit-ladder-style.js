// The look of <exit-ladder>: rungs, the rail beside them, and the three states fired, ran and not run.

export const LADDER_STYLE = `
.ladder { display: flex; flex-direction: column; overflow-x: clip; --rung: 1.75rem; }
.ladder.many { --rung: 1.5rem; font-size: 0.8125rem; }
.rung {
  position: relative; display: grid; align-items: center; gap: 0 0.625rem; padding-right: 0.5rem;
  grid-template-columns: 1.25rem 1.375rem 2rem minmax(5rem, 1.1fr) minmax(4rem, 1.5fr) 3.25rem 4.5rem;
  min-height: var(--rung); border-radius: 5px;
}
.rung.plain { min-height: 1.0625rem; font-size: 0.6875rem; line-height: 1; color: var(--quiet); }
.rung.plain .label { grid-column: 4; }
.rung.exit { cursor: pointer; }
.rung.exit:hover { background: var(--hush); }
.rung:focus-visible { outline-offset: -1px; z-index: 1; }

/* The rail: solid as far as the image climbed, dotted above. A dot per exit, a ring where it left. */
.rail { position: relative; align-self: stretch; }
.rail::before {
  content: ""; position: absolute; left: calc(50% - 1px); top: 0; bottom: 0; border-left: 2px dotted var(--faint);
}
[data-status=ran] .rail::before { border-left: 2px solid var(--accent-mark); }
[data-status=fired] .rail::before { top: 50%; border-left: 2px solid var(--accent-mark); }
.exit .rail::after {
  content: ""; position: absolute; left: calc(50% - 4px); top: calc(50% - 4px); width: 8px; height: 8px;
  border-radius: 50%; border: 1.5px solid var(--faint); background: var(--paper);
}
[data-status=ran] .rail::after { border-color: var(--accent-mark); background: var(--accent-mark); }
[data-status=fired] .rail::after {
  left: calc(50% - 7px); top: calc(50% - 7px); width: 14px; height: 14px;
  border: 3px solid var(--accent-mark); background: var(--paper);
  box-shadow: inset 0 0 0 1.5px var(--paper), inset 0 0 0 8px var(--accent-mark);
}
.block { text-align: right; color: var(--quiet); }
.badge {
  justify-self: start; min-width: 1.375rem; padding: 0 0.25rem; border: 1.5px solid var(--quiet);
  font-size: 0.6875rem; font-weight: 700; line-height: 1.125rem; text-align: center; color: var(--quiet);
}
.badge[data-family=local] { border-radius: 3px; }
.badge[data-family=global] { border-radius: 1rem; }
.badge[data-family=linear] { border-style: dashed; border-radius: 3px; }
.badge[data-family=final] { border-width: 0 0 2px; }
.label { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.bar { position: relative; height: 0.5rem; border-radius: 2px; background: var(--hush); }
.fill {
  position: absolute; inset: 0; border-radius: 2px; overflow: hidden; background: var(--quiet);
  transform: scaleX(0); transform-origin: left;
}
/* As wide as the bar and moved by its own width, so that dragging a threshold costs no layout. */
.tick {
  position: absolute; top: -4px; bottom: -4px; left: -1px; width: 100%; border-left: 2px solid var(--accent-mark);
}
.number { text-align: right; }
.state { font-size: 0.75rem; color: var(--quiet); white-space: nowrap; }

.rung[data-status=fired] { background: var(--accent-soft); }
.rung[data-status=fired] :is(.label, .number, .block) { font-weight: 700; color: var(--ink); }
.rung[data-status=fired] .fill { background: var(--accent-mark); }
.rung[data-status=fired] .state { font-weight: 700; color: var(--accent-ink); }
.rung[data-status=skipped] :is(.label, .number) { color: var(--quiet); }
.rung[data-status=skipped] .label { font-style: italic; }
.rung[data-status=skipped] .fill { background: var(--hatch); box-shadow: none; }
.rung[data-status=skipped] :is(.badge, .bar) { opacity: 0.88; }
.rung.out .label { text-decoration: line-through; }
.rung.out :is(.label, .number, .badge, .bar) { opacity: 0.55; }
.rung.out .rail::after { visibility: hidden; }
.rung[aria-selected=true] { box-shadow: inset 0 0 0 1.5px var(--quiet); }
.legend { margin-top: 0.5rem; white-space: pre-wrap; }
.head { min-height: 1.5rem; }
#follow { padding-block: 0; }
.verdict { display: flex; gap: 0.5rem; min-height: 2.9em; margin-top: 0.375rem; }
.verdict::before { content: "•"; color: var(--quiet); }
.verdict[data-kind=overthinking] { font-weight: 600; }
.verdict[data-kind=overthinking]::before { content: "⚠"; color: var(--accent-ink); }
.verdict[data-kind=depth]::before { content: "↗"; color: var(--accent-ink); }
@container (min-width: 560px) { .verdict { min-height: 1.45em; } }

@container (max-width: 520px) {
  #idea { display: none; }
  .rung {
    grid-template-columns: 1.125rem 1.125rem 1.75rem minmax(0, 1fr) 2.875rem 3.75rem; grid-template-rows: 1fr auto;
    gap: 0 0.375rem; padding-right: 0.25rem;
  }
  .ladder, .ladder.many { --rung: 2.125rem; }
  .rail, .block, .badge, .number, .state { grid-row: 1 / -1; }
  .label { grid-column: 4; grid-row: 1; align-self: end; line-height: 1.25; }
  .bar { grid-column: 4; grid-row: 2; height: 0.3125rem; margin-bottom: 0.3125rem; }
  .rung.plain .block { grid-row: 1; }
}
`;
