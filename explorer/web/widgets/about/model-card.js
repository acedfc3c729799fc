// <model-card>: the README.md of the chosen model's folder.

import { setText } from "../dom.js";
import { t } from "../strings.js";
import { Widget } from "../widget.js";
import { cardOf } from "./card.js";

const STYLE = `
.card { line-height: 1.55; overflow-wrap: anywhere; }
.card h3 { margin: 0 0 0.375rem; font-size: 1.125rem; font-weight: 680; letter-spacing: -0.01em; }
.card :is(h4, h5, h6) { margin: 1rem 0 0.25rem; font-size: 0.9375rem; }
.card p { margin: 0.5rem 0; }
.card ul { margin: 0.5rem 0; padding-left: 1.125rem; }
.card li { margin: 0.25rem 0; }
.card a { color: var(--accent-ink); }
.card code { padding: 0.0625rem 0.25rem; border-radius: 4px; background: var(--hush); font-size: 0.8125rem; }
.card pre { overflow-x: auto; padding: 0.5rem 0.75rem; border-radius: 6px; background: var(--well); }
.card pre code { padding: 0; background: none; }
.card .scroll { overflow-x: auto; margin: 0.5rem 0; }
.card table { border-collapse: collapse; font-size: 0.8125rem; overflow-wrap: normal; }
.card :is(th, td) {
  padding: 0.25rem 0.625rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap;
}
.card td:first-child { min-width: 11rem; white-space: normal; }
.card th { color: var(--quiet); font-weight: 600; }
`;

const MARKUP = `
<div class="head"><h2></h2><span class="quiet small" id="says"></span></div>
<div class="card" lang="en"></div>`;

export class ModelCard extends Widget {
  static style = STYLE;
  #model = null; // the model whose card is shown

  static get markup() {
    return MARKUP;
  }

  build() {
    this.#model = null;
    setText(this.part("h2"), t("about.card_title"));
    setText(this.part("#says"), t("about.card_says"));
  }

  update() {
    const { tab, model } = this.store;
    if (tab === "about" && model && model !== this.#model) this.#show(model);
  }

  async #show(model) {
    this.#model = model;
    let html = null;
    let sentence = t("about.no_card");
    try {
      ({ html } = await cardOf(model));
    } catch (error) {
      sentence = error.message;
    }
    if (model !== this.#model) return; // another was chosen in the meantime
    const card = this.part(".card");
    if (html)
      card.innerHTML = html; // the server rendered it from Markdown, with all HTML in it escaped
    else setText(card, sentence);
  }
}
