// A small "i" whose sentence appears on hover, focus or tap: definitions one step away.

import { element, setText } from "./dom.js";

export const HINT_STYLE = `
.hint { display: inline-flex; }
.hint button {
  width: 1.5rem; height: 1.5rem; margin: -0.25rem 0; padding: 0; border: 0; background: none; cursor: help;
  color: var(--quiet);
}
.hint button span {
  display: block; width: 0.9375rem; height: 0.9375rem; margin: auto; border: 1.25px solid currentColor;
  border-radius: 50%;
  font: italic 700 0.6875rem/0.8125rem ui-serif, Georgia, serif; text-align: center;
}
.hint [role=tooltip] {
  position: absolute; z-index: 5; left: 0; right: 0; top: calc(100% + 2px); padding: 0.5rem 0.75rem; border-radius: 6px;
  background: var(--ink); color: var(--paper); font-size: 0.8125rem; font-weight: 400; line-height: 1.4;
  box-shadow: 0 4px 16px rgb(0 0 0 / 0.18); visibility: hidden; pointer-events: none;
}
.hint:is(:hover, :focus-within):not(.closed) [role=tooltip] { visibility: visible; }
`;

/**
 * {node, say}: a button named `name`, and what sets its sentence. The nearest positioned ancestor gives the width,
 * so the sentence never leaves the widget, whatever the screen.
 */
export function makeHint(name, id) {
  const tip = element("span", { role: "tooltip", id });
  const button = element("button", { type: "button", "aria-label": name, "aria-describedby": id });
  button.append(element("span", { "aria-hidden": "true" }, "i"));
  const node = element("span", { class: "hint" }, button, tip);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") node.classList.add("closed");
  });
  for (const back of ["mouseleave", "focusout"]) node.addEventListener(back, () => node.classList.remove("closed"));
  return { node, say: (text) => setText(tip, text) };
}
