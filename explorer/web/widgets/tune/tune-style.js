// The look the Tune tab's widgets share: waiting, choices, tables, figures.

import { CHOICES_STYLE } from "../choices.js";

export const TUNE_STYLE = `${CHOICES_STYLE}
:host(.waiting) .body, :host(.waiting) .save { visibility: hidden; }
:host { position: relative; }
.head .save { margin-left: auto; white-space: nowrap; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend, .name { display: block; padding: 0; margin-bottom: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td {
  padding: 0.28rem 0.5rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line);
  font-weight: 400;
}
th { font-size: 0.8125rem; color: var(--quiet); }
thead th { font-weight: 600; vertical-align: bottom; white-space: normal; line-height: 1.25; }
:is(th, td):first-child { text-align: left; padding-left: 0.25rem; }
tbody th { color: var(--ink); font-size: 0.875rem; }
tbody tr:last-child > * { border-bottom: 0; }
.plot { display: block; width: 100%; font-size: 0.75rem; user-select: none; -webkit-user-select: none; }
.plot text { fill: var(--quiet); font-family: inherit; }
.grid line { stroke: var(--line); }
.note { margin-top: 0.5rem; color: var(--quiet); font-size: 0.8125rem; }
.button {
  min-height: 2.25rem; padding: 0.25rem 0.875rem; border: 1px solid var(--faint); border-radius: 6px; cursor: pointer;
  background: var(--paper); font-weight: 600;
}
.button:hover { background: var(--accent-soft); }
.button.first { border-color: var(--accent-mark); }
.button:disabled { opacity: 0.55; cursor: default; }
.tag {
  display: inline-block; min-width: 1.375rem; padding: 0 0.25rem; border: 1px solid var(--faint); border-radius: 4px;
  font-size: 0.6875rem; font-weight: 700; line-height: 1.125rem; text-align: center; color: var(--quiet);
}
`;
