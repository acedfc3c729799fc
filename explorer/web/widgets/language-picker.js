// <language-picker>: the page's language; the choice is kept for the next visit.

import { element } from "./dom.js";
import { keep } from "./kept.js";
import { speak } from "./speaking.js";
import { languages, t } from "./strings.js";
import { Widget } from "./widget.js";

export class LanguagePicker extends Widget {
  static style = ":host { container-type: normal; } select { height: 2.625rem; }";
  #used = false; // the visitor is using it

  static get markup() {
    return "<select></select>";
  }

  build() {
    this.select = this.part("select");
    this.select.append(...languages().map((code) => element("option", { value: code }, t(`page.language_${code}`))));
    this.select.addEventListener("change", () => {
      this.#used = true;
      keep("language", this.select.value);
      speak(this.store, this.select.value);
    });
    if (this.#used) this.select.focus(); // the select just built replaces the one in use
    this.#used = false;
  }

  update(changed) {
    if (!changed.has("language")) return;
    this.select.value = this.store.language;
    this.select.setAttribute("aria-label", t("page.language"));
    document.documentElement.lang = this.store.language;
  }
}
