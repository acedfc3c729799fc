// <why-tabs>: shows one of its children at a time, under tabs: `data-tab` is its key, and
// explore.why_KEY its name.

import { element, setAttributes } from "./dom.js";
import { hasText, t } from "./strings.js";
import { Widget } from "./widget.js";

const TABS_STYLE = `
.tabs {
  display: flex; gap: 0.25rem; overflow-x: auto; border-bottom: 1px solid var(--line); margin-bottom: 1rem;
  scrollbar-width: none;
}
.tabs button {
  flex: none; padding: 0.5rem 0.75rem; border: 0; border-bottom: 2px solid transparent; background: none;
  color: var(--quiet); cursor: pointer;
}
.tabs button:hover { color: var(--ink); }
.tabs button[aria-selected=true] { border-bottom-color: var(--accent-mark); color: var(--ink); font-weight: 650; }
.tabs button:focus-visible { outline-offset: -3px; }
`;

/** The name on a panel's tab; a key without a text is its own name. */
function nameOf(panel) {
  const key = `explore.why_${panel.dataset.tab}`;
  return hasText(key) ? t(key) : panel.dataset.tab;
}

export class WhyTabs extends Widget {
  static always = true;
  static style = TABS_STYLE;

  static get markup() {
    return `<div class="tabs" role="tablist" aria-label="${t("explore.why")}"></div><slot></slot>`;
  }

  build(root) {
    this.bar = root.querySelector(".tabs");
    this.bar.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.#open(Number(tab.dataset.panel), true);
    });
    this.bar.addEventListener("keydown", (event) => this.#key(event));
    // The children may be parsed, or put there by the host, after this element.
    root.querySelector("slot").addEventListener("slotchange", () => this.#list());
  }

  get panels() {
    return [...this.children].filter((child) => child.dataset.tab);
  }

  /** Which tab is open, by its key; setting it opens that tab. */
  get tab() {
    return this.panels.find((panel) => !panel.hidden)?.dataset.tab ?? null;
  }

  set tab(name) {
    const index = this.panels.findIndex((panel) => panel.dataset.tab === name);
    if (index >= 0) this.#open(index, false);
  }

  #list() {
    const tabs = this.panels.map((panel, i) =>
      element("button", { type: "button", role: "tab", id: `tab-${i}`, "data-panel": i }, nameOf(panel)),
    );
    this.bar.replaceChildren(...tabs);
    const open = this.panels.findIndex((panel) => panel.dataset.tab === this.tab);
    this.#open(Math.max(0, open), false);
  }

  #open(index, byHand) {
    this.panels.forEach((panel, i) => {
      panel.hidden = i !== index;
      // A panel lives outside this shadow root, so it is named by a label: ids do not reach across.
      setAttributes(panel, { role: "tabpanel", "aria-label": nameOf(panel) });
      setAttributes(this.bar.children[i], { "aria-selected": i === index, tabindex: i === index ? 0 : -1 });
    });
    const name = this.panels[index]?.dataset.tab;
    if (byHand) this.tell("tab", { tab: name });
  }

  #key(event) {
    const now = Number(event.target.dataset.panel);
    const count = this.panels.length;
    const to = { ArrowRight: (now + 1) % count, ArrowLeft: (now + count - 1) % count, Home: 0, End: count - 1 }[
      event.key
    ];
    if (to === undefined) return;
    this.#open(to, true);
    this.bar.children[to].focus();
    event.preventDefault();
  }
}
