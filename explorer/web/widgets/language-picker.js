// <language-picker>: in which language the page speaks.

import { element } from "./dom.js";
import { languages, t } from "./strings.js";
import { Widget } from "./widget.js";

export class LanguagePicker extends Widget {
  static get markup() {
    return "<select></select>";
  }

  build() {
    this.select = this.part("select");
    this.select.append(...languages().map((code) => element("option", { value: code }, t(`page.language_${code}`))));
    this.select.addEventListener("change", () => this.store.setLanguage(this.select.value));
  }

  update(changed) {
    if (!changed.has("language")) return;
    this.select.value = this.store.language;
    this.select.setAttribute("aria-label", t("page.language"));
  }
}
