// A few choices side by side, one of them selected: radio buttons that look like one switch.

import { element } from "./dom.js";

export const CHOICES_STYLE = `
.choices {
  display: inline-flex; flex-wrap: wrap; max-width: 100%; padding: 3px; border-radius: 8px; background: var(--hush);
}
.choices label { position: relative; cursor: pointer; }
.choices input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.choices span { display: block; padding: 0.25rem 0.75rem; border-radius: 6px; color: var(--quiet); }
.choices input:checked + span {
  background: var(--paper); color: var(--ink); font-weight: 600;
  box-shadow: 0 1px 2px rgb(0 0 0 / 0.16), 0 0 0 1px var(--line);
}
.choices input:focus-visible + span { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
`;

/** A radio group named `name`; `options` is value -> text. `chosen(value)` is called when a person chooses. */
export function makeChoices(name, options, chosen) {
  const labels = Object.entries(options).map(([value, text]) =>
    element("label", {}, element("input", { type: "radio", name: "choice", value }), element("span", {}, text)),
  );
  const node = element("div", { class: "choices", role: "radiogroup", "aria-label": name }, ...labels);
  node.addEventListener("change", (event) => chosen(event.target.value));
  return {
    node,
    choose(value) {
      for (const input of node.querySelectorAll("input")) input.checked = input.value === value;
    },
  };
}
