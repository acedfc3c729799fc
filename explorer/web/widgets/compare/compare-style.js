// What Compare's widgets share: the two sides' badges, which differ in shape, fill and letter.

export const SIDE_STYLE = `
:host { --b: color-mix(in oklab, var(--secondary-500, #3b82f6) 76%, var(--ink)); }
.side-badge {
  display: inline-grid; place-items: center; flex: none; width: 1.375rem; height: 1.375rem; font-size: 0.8125rem;
  font-weight: 700; line-height: 1;
}
.side-badge[data-side=a] { border-radius: 50%; background: var(--ink); color: var(--paper); }
.side-badge[data-side=b] { border: 2px solid var(--b); border-radius: 3px; color: var(--b); }
`;
