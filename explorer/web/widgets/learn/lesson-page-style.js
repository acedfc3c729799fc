// The look of <lesson-page>: the list of pages, the text, and beside it the figure with its task.

export const PAGE_STYLE = `
.tour { display: grid; grid-template-columns: 13.5rem minmax(0, 1fr); gap: 0.5rem 2rem; align-items: start; }
nav h2 { margin-bottom: 0.125rem; }
ol { margin: 0.625rem 0 0; padding: 0; list-style: none; }
li button {
  display: grid; grid-template-columns: 1.625rem minmax(0, 1fr); gap: 0.5rem; align-items: baseline; width: 100%;
  padding: 0.3125rem 0.5rem 0.3125rem 0.25rem; border: 0; border-radius: 6px; background: none; text-align: left;
  cursor: pointer; color: var(--quiet); line-height: 1.35;
}
li button:hover { background: var(--hush); color: var(--ink); }
li button[aria-current] { background: var(--accent-soft); color: var(--ink); font-weight: 650; }
.number {
  justify-self: center; min-width: 1.5rem; border: 1.5px solid var(--faint); border-radius: 1rem; font-size: 0.75rem;
  font-weight: 650; line-height: 1.3125rem; text-align: center; color: var(--quiet); background: var(--paper);
}
[data-done] .number { border-color: var(--accent-mark); background: var(--accent-mark); color: var(--paper); }
li button[aria-current] .number { box-shadow: 0 0 0 2px var(--paper), 0 0 0 3.5px var(--accent-mark); }
.over { margin-top: 0.5rem; }

h3 { margin: 0; font-size: 1.375rem; font-weight: 680; letter-spacing: -0.015em; line-height: 1.25; }
h3:focus { outline: none; }
.where { margin-bottom: 0.125rem; }
.body { display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr); gap: 1rem 2.25rem; margin-top: 0.75rem; }
.text { max-width: 40rem; font-size: 0.9375rem; line-height: 1.6; }
.text p + p, .text p + .formula, .formula + p { margin-top: 0.75rem; }
.formula { display: grid; gap: 0.5rem; padding: 0.375rem 0; overflow-x: auto; font-size: 1.0625rem; }
math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", math; }
code { font-size: 0.875em; }
.measured {
  margin-top: 1rem; padding: 0.625rem 0.875rem; border-radius: var(--corner); background: var(--well);
  font-size: 0.875rem; line-height: 1.5;
}
.measured b { display: block; font-size: 0.75rem; font-weight: 650; color: var(--quiet); }
.side { display: grid; gap: 0.875rem; align-content: start; min-width: 0; }
.task {
  padding: 0.75rem 1rem 0.875rem; border: 1px solid var(--line); border-left: 3px solid var(--accent-mark);
  border-radius: 0 var(--corner) var(--corner) 0;
}
.task h4 { margin: 0 0 0.125rem; font-size: 0.8125rem; font-weight: 650; color: var(--accent-ink); }
.task p { line-height: 1.5; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 0.625rem; }
button.action {
  min-height: 2.125rem; padding: 0.25rem 0.875rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
button.action:hover { border-color: var(--quiet); background: var(--hush); }
button.action.main { border-color: var(--accent-mark); color: var(--accent-ink); font-weight: 650; }
.standing { display: flex; gap: 0.5rem; align-items: baseline; min-height: 3em; margin-top: 0.625rem; }
.mark {
  flex: none; width: 1.25rem; height: 1.25rem; border: 1.5px solid var(--faint); border-radius: 50%;
  font-size: 0.75rem; font-weight: 700; line-height: 1.1rem; text-align: center; color: transparent;
}
.standing[data-done] .mark { border-color: var(--accent-mark); background: var(--accent-mark); color: var(--paper); }
.standing[data-done] .words { color: var(--ink); }
.standing .words { color: var(--quiet); }
.figure { display: grid; gap: 1rem; min-width: 0; }
.figure > * + * { padding-top: 1rem; border-top: 1px solid var(--line); }
footer { display: flex; flex-wrap: wrap; gap: 0.5rem; justify-content: space-between; margin-top: 1.5rem; }
footer .next { margin-left: auto; }
footer .finished { flex-basis: 100%; text-align: right; }
/* Room for the widgets of a lesson, so that nothing jumps while they draw. */
rule-controls { min-height: 5.25rem; }
exit-ladder { min-height: 22.5rem; }
score-curve { min-height: 18.5rem; }
cost-meter { min-height: 17rem; }
example-strip { min-height: 9rem; }
attention-view { min-height: 26rem; }

@container (max-width: 1080px) {
  .tour { grid-template-columns: 12.5rem minmax(0, 1fr); column-gap: 1.5rem; }
  .body { grid-template-columns: minmax(0, 1fr); }
}
@container (max-width: 700px) {
  .tour { display: block; }
  nav { margin-bottom: 1.25rem; padding-bottom: 0.875rem; border-bottom: 1px solid var(--line); }
  ol { display: flex; flex-wrap: wrap; gap: 0.125rem; }
  li button { display: block; padding: 0.375rem; }
  li .name { display: none; } /* the button's own name says the same */
  .number { display: inline-block; min-width: 1.75rem; line-height: 1.5625rem; font-size: 0.8125rem; }
}
`;
