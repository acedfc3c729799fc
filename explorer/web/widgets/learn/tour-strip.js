// <tour-strip>: a lesson's task, shown on another tab at the foot of the window until it is closed.

import { element, setAttributes, setText } from "../dom.js";
import { t } from "../strings.js";
import { standing, taskText } from "./goal-words.js";
import { TourWidget } from "./tour-widget.js";

const STYLE = `
:host {
  position: fixed; z-index: 40; bottom: max(0.75rem, env(safe-area-inset-bottom)); left: 50%; width: 44rem;
  max-width: calc(100vw - 1.5rem); transform: translateX(-50%);
}
.strip {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto auto; gap: 0.25rem 0.75rem; align-items: start;
  padding: 0.625rem 0.75rem 0.625rem 0.875rem;
  border: 1px solid var(--faint); border-left: 3px solid var(--accent-mark); border-radius: var(--corner);
  background: var(--paper); box-shadow: 0 6px 24px rgb(0 0 0 / 0.22);
}
.mark {
  width: 1.25rem; height: 1.25rem; margin-top: 0.0625rem; border: 1.5px solid var(--faint); border-radius: 50%;
  font-size: 0.75rem; font-weight: 700; line-height: 1.1rem; text-align: center; color: transparent;
}
.strip[data-done] .mark { border-color: var(--accent-mark); background: var(--accent-mark); color: var(--paper); }
#task { font-weight: 600; }
#standing { color: var(--quiet); }
.strip button {
  min-width: 2.125rem; min-height: 2.125rem; padding: 0 0.75rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer; white-space: nowrap;
}
.strip button:hover { border-color: var(--quiet); background: var(--hush); }
.strip[data-done] #back { border-color: var(--accent-mark); color: var(--accent-ink); font-weight: 650; }
#close { padding: 0; }
@container (max-width: 560px) {
  .strip { grid-template-columns: auto minmax(0, 1fr) auto; font-size: 0.8125rem; line-height: 1.35; }
  #back { grid-row: 2; grid-column: 2; justify-self: start; }
  #close { grid-row: 1; grid-column: 3; }
}
`;

const MARKUP = `
<aside class="strip">
  <span class="mark" aria-hidden="true">✓</span>
  <div><p id="task"></p><p id="standing"></p><p class="unseen" role="status" aria-live="polite"></p></div>
  <button type="button" id="back"></button>
  <button type="button" id="close"><svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
    <path d="M2 2 10 10M10 2 2 10" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/></svg></button>
</aside>`;

export class TourStrip extends TourWidget {
  static style = STYLE;

  static get markup() {
    return MARKUP;
  }

  build() {
    setAttributes(this.part("aside"), { "aria-label": t("learn.strip") });
    setText(this.part("#back"), t("learn.strip_back"));
    setAttributes(this.part("#close"), { "aria-label": t("learn.strip_close"), title: t("learn.strip_close") });
    this.part("#back").addEventListener("click", () => this.tour.return());
    this.part("#close").addEventListener("click", () => this.tour.close());
  }

  draw() {
    const shown = this.tour.away && this.store.tab !== "learn";
    if (this.hidden === shown) this.hidden = !shown;
    if (shown) {
      const { done, text } = standing(this.tour);
      setAttributes(this.part(".strip"), { "data-done": done ? "" : null });
      setText(this.part("#task"), taskText(this.tour));
      setText(this.part("#standing"), text);
      this.say(this.tour.goal?.done ? text : "");
    }
    // Space at the foot of the page, so that whatever the strip covers can be scrolled into view.
    document.body.style.paddingBottom = shown ? `${Math.ceil(this.offsetHeight) + 24}px` : "";
  }
}

/** Puts the strip on the page, once; beside the tabs, since it is visible on each of them. */
export function addTourStrip() {
  if (!document.querySelector("tour-strip")) document.body.append(element("tour-strip"));
}
