// <page-note>: a line on what could not be restored from a link, until it is dismissed.

import { setText } from "./dom.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";

const NOTE_STYLE = `
.note {
  display: flex; align-items: baseline; gap: 1rem; margin-bottom: 0.5rem; padding: 0.5rem 0.75rem;
  border-left: 3px solid var(--accent-mark); background: var(--accent-soft);
}
p { min-width: 0; overflow-wrap: anywhere; }
button { flex: none; margin-left: auto; }
`;

export class PageNote extends Widget {
  static style = NOTE_STYLE;

  static get markup() {
    return '<div role="status"><div class="note" hidden><p></p><button type="button" class="plain"></button></div></div>';
  }

  build() {
    setText(this.part("button"), t("link.dismiss"));
    this.part("button").addEventListener("click", () => this.store.keep({ note: null }));
  }

  update(changed) {
    if (!changed.has("note")) return;
    const { note } = this.store;
    const what = (note ?? []).map(({ key, values }) => t(key, values)).join("; ");
    setText(this.part("p"), note ? t("link.ignored", { what }) : "");
    this.part(".note").hidden = !note;
  }
}
