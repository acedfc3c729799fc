// <other-weights>: rules that need weights the current model lacks, each one click away from a model that has them.

import { element, setText } from "./dom.js";
import { madeFor, openWith, rulesElsewhere } from "./elsewhere.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { ruleText } from "./words.js";

const STYLE = `
p { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.125rem 0.5rem; font-size: 0.8125rem; color: var(--quiet); }
p + p:not([hidden]) { margin-top: 0.25rem; }
button.plain { overflow-wrap: anywhere; text-align: left; }
`;

export class OtherWeights extends Widget {
  static always = true; // its panel is hidden if there is no sentence
  static style = STYLE;
  static markup = `<p class="elsewhere"><span></span></p><p class="made" hidden><span></span></p>`;

  update(changed) {
    const { store } = this;
    if (!["model", "models", "rules", "rule", "language"].some((name) => changed.has(name))) return;
    const elsewhere = store.ruleFacts ? rulesElsewhere(store) : [];
    const made = store.ruleFacts ? madeFor(store) : null;
    this.#show(".elsewhere", elsewhere.length > 0 && t("explore.other_weights"), elsewhere);
    const says = made && t("explore.made_for", { rule: ruleText(made.rule, null, "title"), title: made.title });
    this.#show(".made", says, made ? [made] : [], t("explore.open_model"));
    this.classList.toggle("empty", elsewhere.length === 0 && !made);
  }

  #show(selector, says, offers, name) {
    const line = this.part(selector);
    line.hidden = !says;
    if (!says) return;
    setText(line.firstElementChild, says);
    const buttons = offers.map((offer) => {
      const title = t("explore.opens_model", { title: offer.title });
      const button = element("button", { type: "button", class: "plain", title }, name ?? ruleText(offer.rule, null, "title"));
      button.addEventListener("click", () => openWith(this.store, offer));
      return button;
    });
    line.replaceChildren(line.firstElementChild, ...buttons);
  }
}
