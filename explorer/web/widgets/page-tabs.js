// <page-tabs>: the page's tabs. Their panels are the host's own boxes, `#ee-tab-NAME`; one is shown at a time.

import { element, keepChildren, setAttributes, setText } from "./dom.js";
import { loadOpen, loadTab } from "./parts.js";
import { TABS } from "./store.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";

const STYLE = `
.tabs { display: flex; gap: 0.25rem; overflow-x: auto; border-bottom: 1px solid var(--line); scrollbar-width: none; }
button {
  flex: none; padding: 0.5rem 0.875rem; border: 0; border-bottom: 2px solid transparent; background: none;
  color: var(--quiet); font-size: 0.9375rem; cursor: pointer;
}
button:hover { color: var(--ink); }
button[aria-selected=true] { border-bottom-color: var(--accent-mark); color: var(--ink); font-weight: 650; }
button:focus-visible { outline-offset: -3px; }
p { margin: 0; font-size: 0.875rem; }
p:not(:empty) { padding: 0.5rem 0 0; }
`;

export class PageTabs extends Widget {
  static style = STYLE;

  static get markup() {
    return '<div class="tabs" role="tablist"></div><p role="status"></p>';
  }

  build() {
    this.bar = this.part(".tabs");
    this.bar.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (!tab) return;
      if (tab.dataset.tab === this.store.tab && this.store.late) loadOpen(this.store); // another try
      else this.store.setTab(tab.dataset.tab);
    });
    this.bar.addEventListener("keydown", (event) => this.#key(event));
    // A visitor who points at a tab is about to open it.
    this.bar.addEventListener("pointerover", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) loadTab(tab.dataset.tab).catch(() => {}); // opening it reports errors
    });
  }

  update(changed) {
    if (changed.has("late") || changed.has("language")) {
      setText(this.part("p"), this.store.late ? t(this.store.late) : "");
    }
    if (!changed.has("tab") && !changed.has("language")) return;
    setAttributes(this.bar, { "aria-label": t("page.tabs") });
    keepChildren(this.bar, TABS, () => element("button", { type: "button", role: "tab" })).forEach((tab, i) => {
      const chosen = TABS[i] === this.store.tab;
      setText(tab, t(`page.tab_${TABS[i]}`));
      setAttributes(tab, { "data-tab": TABS[i], "aria-selected": chosen, tabindex: chosen ? 0 : -1 });
      if (chosen && changed.has("tab")) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
      // The panel is outside this shadow root, where ids do not reach: it is named by a label.
      const panel = document.getElementById(`ee-tab-${TABS[i]}`);
      if (panel) setAttributes(panel, { role: "tabpanel", "aria-label": t(`page.tab_${TABS[i]}`) });
    });
    document.documentElement.dataset.eeTab = this.store.tab;
  }

  #key(event) {
    const now = TABS.indexOf(this.store.tab);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = { Home: 0, End: TABS.length - 1 }[event.key] ?? (step && (now + step + TABS.length) % TABS.length);
    if (to === undefined) return;
    event.preventDefault();
    this.store.setTab(TABS[to]);
    this.store.flush();
    this.bar.children[to].focus();
  }
}
