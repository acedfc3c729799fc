// <about-notes sections="numbers cite">: any of numbers (how each is defined), licences, uploads, cite and versions.

import { element, setAttributes, setText } from "../dom.js";
import { prose } from "../learn/prose.js";
import { t } from "../strings.js";
import { Widget } from "../widget.js";
import { cardOf } from "./card.js";
import { REFERENCES } from "./references.js";

const NUMBERS = ["blocks", "macs", "by_macs", "ms", "saved", "scores", "accuracy", "ece", "overthinking", "thresholds"];
const LICENCES = ["code", "weights", "data", "method"];

const STYLE = `
section:not([hidden]) ~ section { margin-top: 1.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h2 { margin-bottom: 0.5rem; }
dl { margin: 0; }
dt { margin-top: 0.625rem; font-weight: 650; }
dd { margin: 0; line-height: 1.5; color: var(--quiet); }
ul { margin: 0; padding-left: 1.125rem; }
li { margin: 0.25rem 0; line-height: 1.5; }
section > p { line-height: 1.55; }
p + p { margin-top: 0.5rem; }
.reference { position: relative; margin: 0.25rem 0 0.875rem; }
pre {
  margin: 0; padding: 0.625rem 0.75rem; overflow-x: auto; border-radius: 6px; background: var(--well);
  border: 1px solid var(--line); font-size: 0.75rem; line-height: 1.5;
}
.reference button {
  position: absolute; top: 0.375rem; right: 0.375rem; padding: 0.125rem 0.5rem; border: 1px solid var(--faint);
  border-radius: 5px; background: var(--paper); font-size: 0.75rem; cursor: pointer;
}
p.list { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
p.list b { font-weight: 650; }
`;

const MARKUP = `
<section id="numbers"><h2 data-t="numbers_title"></h2><dl></dl></section>
<section id="licences"><h2 data-t="licences_title"></h2><ul></ul></section>
<section id="uploads"><h2 data-t="uploads_title"></h2><p class="where"></p><p data-t="uploads_2"></p></section>
<section id="cite"><h2 data-t="cite_title"></h2></section>
<section id="versions"><h2 data-t="versions_title"></h2><p class="list quiet"></p></section>
<p class="unseen" role="status" aria-live="polite"></p>`;

export class AboutNotes extends Widget {
  static style = STYLE;
  #asked = false;

  static get markup() {
    return MARKUP;
  }

  build(root) {
    this.#asked = false;
    for (const node of root.querySelectorAll("[data-t]")) setText(node, t(`about.${node.dataset.t}`));
    const entry = (name) => [
      element("dt", {}, ...prose(t(`about.number_${name}`))),
      element("dd", {}, ...prose(t(`about.number_${name}_says`))),
    ];
    this.part("dl").append(...NUMBERS.flatMap(entry));
    this.part("ul").append(...LICENCES.map((name) => element("li", {}, t(`about.licence_${name}`))));
    for (const [name, bibtex] of Object.entries(REFERENCES)) {
      const words = t(`about.cite_${name}`);
      this.part("#cite").append(element("p", {}, words), this.#reference(words, bibtex));
    }
    setText(this.part(".where"), t("about.uploads_1", { minutes: "…" }));
    setText(this.part(".list"), t("about.versions_waiting"));
    const shown = (this.getAttribute("sections") ?? "").split(" ");
    for (const section of root.querySelectorAll("section")) section.hidden = !shown.includes(section.id);
  }

  update() {
    const { tab, model } = this.store;
    if (tab === "about" && model && !this.#asked) this.#ask(model);
  }

  #reference(words, bibtex) {
    const text = element("pre", { tabindex: 0 }, bibtex);
    const button = element("button", { type: "button" }, t("about.copy"));
    setAttributes(button, { "aria-label": t("about.copy_name", { name: words.replace(/:$/, "") }) });
    button.addEventListener("click", async () => {
      let outcome = t("about.copied");
      try {
        await navigator.clipboard.writeText(bibtex);
      } catch {
        // Not allowed here, e.g. over plain HTTP: select the text, so that it can be copied by hand.
        getSelection().selectAllChildren(text);
        outcome = t("about.copy_failed");
      }
      setText(button, outcome);
      setText(this.part("[role=status]"), outcome);
    });
    return element("div", { class: "reference" }, text, button);
  }

  async #ask(model) {
    this.#asked = true;
    try {
      const { versions, upload_minutes: minutes } = await cardOf(model);
      setText(this.part(".where"), t("about.uploads_1", { minutes }));
      const items = Object.entries(versions).map(([name, version]) =>
        element("span", {}, element("b", {}, name), ` ${version}`),
      );
      this.part(".list").replaceChildren(...items);
    } catch (error) {
      this.#asked = false;
      setText(this.part(".list"), error.message);
    }
  }
}
