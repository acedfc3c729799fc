// <theme-switch>: light or dark. Gradio's class `dark` on body decides; the choice is kept for the next visit.

import { setAttributes } from "./dom.js";
import { keep, kept } from "./kept.js";
import { t } from "./strings.js";
import { onThemeChange } from "./theme.js";
import { Widget } from "./widget.js";

const STYLE = `
:host { container-type: normal; }
button {
  display: grid; place-items: center; width: 2.625rem; height: 2.625rem; padding: 0; border: 1px solid var(--faint);
  border-radius: 6px; background: var(--paper); cursor: pointer;
}
button:hover { background: var(--accent-soft); }
svg { width: 1.125rem; height: 1.125rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; }
[aria-pressed=true] .sun, [aria-pressed=false] .moon { display: none; }
`;

export class ThemeSwitch extends Widget {
  static style = STYLE;
  #endWatch = null;

  static get markup() {
    return `<button type="button" aria-label="${t("page.dark_mode")}" title="${t("page.dark_mode")}">
      <svg class="moon" viewBox="0 0 20 20" aria-hidden="true">
        <path d="M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z"/></svg>
      <svg class="sun" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="3.5"/>
        <path d="M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4"/></svg>
    </button>`;
  }

  build() {
    this.button = this.part("button");
    this.button.addEventListener("click", () => {
      const dark = document.body.classList.toggle("dark");
      keep("dark", dark);
    });
    this.#show();
  }

  connectedCallback() {
    super.connectedCallback();
    // What the address sets overrides what was chosen on an earlier visit.
    const chosen = new URLSearchParams(location.search).has("__theme") ? null : kept("dark");
    if (chosen !== null) document.body.classList.toggle("dark", chosen === "true");
    this.#endWatch = onThemeChange(() => this.#show());
    this.#show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#endWatch?.();
  }

  #show() {
    setAttributes(this.button, { "aria-pressed": document.body.classList.contains("dark") });
  }
}
