// The look all widgets share: Gradio's theme variables under short names, with fallbacks, and a few common parts.

// Quiet text and accent text are mixed with the text colour: Gradio's subdued grey and its orange are too pale to read
// on white (2.3:1 and 2.8:1), and mixing keeps at least 4.5:1 in both modes.
export const BASE_STYLE = `
:host {
  --ink: var(--body-text-color, #27272a);
  --paper: var(--ee-paper, var(--block-background-fill, var(--background-fill-primary, #fff)));
  --well: var(--background-fill-secondary, #fafafa);
  --line: var(--border-color-primary, #e4e4e7);
  --accent: var(--color-accent, #2563eb);
  --quiet: color-mix(in oklab, var(--ink) 74%, var(--paper));
  --faint: color-mix(in oklab, var(--ink) 48%, var(--paper));
  --hush: color-mix(in oklab, var(--ink) 9%, var(--paper));
  --accent-ink: color-mix(in oklab, var(--accent) 46%, var(--ink));
  --accent-mark: color-mix(in oklab, var(--accent) 84%, var(--ink));
  --accent-soft: color-mix(in oklab, var(--accent) 11%, var(--paper));
  --hatch: repeating-linear-gradient(-45deg, var(--faint) 0 1px, transparent 1px 5px);
  --corner: min(var(--block-radius, 6px), 10px);
  display: block;
  min-width: 0;
  container-type: inline-size;
  color: var(--ink);
  font-family: var(--font, ui-sans-serif, system-ui, sans-serif);
  font-size: 0.875rem;
  line-height: 1.45;
  font-variant-numeric: tabular-nums;
}
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2 { margin: 0; font-size: 0.9375rem; font-weight: 650; letter-spacing: -0.005em; }
p { margin: 0; }
/* Under a tab of the same name a heading is for screen readers only. */
:host([data-tab]) h2 {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.quiet { color: var(--quiet); }
.small { font-size: 0.8125rem; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.75rem; margin-bottom: 0.625rem; }
.head .end { margin-left: auto; }
.save { display: inline-flex; gap: 0.125rem; }
.head .save { margin-left: auto; }
.save button.plain { color: var(--quiet); font-size: 0.75rem; text-decoration: none; }
.save button.plain:hover { color: var(--accent-ink); text-decoration: underline; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
button, select, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
button.plain {
  padding: 0.125rem 0.375rem; border: 0; border-radius: 4px; background: none; cursor: pointer;
  color: var(--accent-ink); font-size: 0.8125rem; text-decoration: underline; text-underline-offset: 2px;
}
button.plain:hover { background: var(--accent-soft); }
button.plain:disabled { visibility: hidden; }
select {
  max-width: 100%; min-height: 2rem; padding: 0.125rem 1.75rem 0.125rem 0.625rem;
  border: 1px solid var(--faint); border-radius: 6px; background: var(--paper);
  appearance: none; text-overflow: ellipsis; cursor: pointer;
  background-image: conic-gradient(from -45deg at 50% 100%, var(--quiet) 90deg, transparent 0);
  background-size: 10px 5px; background-repeat: no-repeat; background-position: right 0.5rem center;
}
input[type=range] {
  --filled: 50%;
  width: 100%; height: 1.5rem; margin: 0; background: none; appearance: none; cursor: pointer;
}
input[type=range]::-webkit-slider-runnable-track {
  height: 4px; border-radius: 2px;
  background: linear-gradient(to right, var(--accent-mark) var(--filled), var(--faint) var(--filled));
}
input[type=range]::-moz-range-track { height: 4px; border-radius: 2px; background: var(--faint); }
input[type=range]::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--accent-mark); }
input[type=range]::-webkit-slider-thumb {
  appearance: none; width: 18px; height: 18px; margin-top: -7px; border-radius: 50%;
  border: 2px solid var(--accent-mark); background: var(--paper);
}
input[type=range]::-moz-range-thumb {
  width: 14px; height: 14px; border-radius: 50%; border: 2px solid var(--accent-mark); background: var(--paper);
}
input[type=range]:focus-visible { outline: none; }
input[type=range]:focus-visible::-webkit-slider-thumb { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
input[type=range]:focus-visible::-moz-range-thumb { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { transition: none !important; animation: none !important; }
}
`;
