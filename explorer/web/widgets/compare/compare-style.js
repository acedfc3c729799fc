// What Compare's widgets share: the two sides' badges, which differ in shape, fill and letter, and a row of choices.

export const SIDE_STYLE = `
:host { --b: color-mix(in oklab, var(--secondary-500, #3b82f6) 76%, var(--ink)); }
.side-badge {
  display: inline-grid; place-items: center; flex: none; width: 1.375rem; height: 1.375rem; font-size: 0.8125rem;
  font-weight: 700; line-height: 1;
}
.side-badge[data-side=a] { border-radius: 50%; background: var(--ink); color: var(--paper); }
.side-badge[data-side=b] { border: 2px solid var(--b); border-radius: 3px; color: var(--b); }
`;

export const CHOICES_STYLE = `
.choices { display: inline-flex; flex-wrap: wrap; padding: 3px; border-radius: 8px; background: var(--hush); }
.choices label { position: relative; cursor: pointer; }
.choices input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.choices span { display: block; padding: 0.25rem 0.75rem; border-radius: 6px; color: var(--quiet); }
.choices input:checked + span {
  background: var(--paper); color: var(--ink); font-weight: 600;
  box-shadow: 0 1px 2px rgb(0 0 0 / 0.16), 0 0 0 1px var(--line);
}
.choices input:focus-visible + span { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
`;
