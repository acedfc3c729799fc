// <model-facts>: what the chosen model is (classes, exits, size, accuracy, where it is from), and of all others.

import { setText } from "./dom.js";
import { language, t, translated } from "./strings.js";
import { Widget } from "./widget.js";

const STYLE = `
.notes { margin: 0.25rem 0; padding-left: 1rem; border-left: 3px solid var(--accent-mark); list-style: none; font-size: 0.8125rem; overflow-wrap: anywhere; }
summary { padding: 0.25rem 0; color: var(--quiet); font-size: 0.8125rem; cursor: pointer; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 0.25rem 0 0.75rem; }
table { border-collapse: collapse; font-size: 0.8125rem; }
:is(th, td) { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { color: var(--quiet); font-weight: 600; }
:is(th, td):first-child { min-width: 12rem; white-space: normal; }
td button.plain { padding-left: 0; text-align: left; }
tr[aria-current] td:first-child { font-weight: 650; }
`;

/** The facts of a listed model as text, by column; an empty text if nothing is known. */
export function modelFacts({ classes, exits, size, right, reference, source }) {
  const number = (value, options) => value.toLocaleString(language(), options);
  return {
    classes: classes === undefined ? "" : t("models.classes", { count: number(classes) }),
    exits: exits === undefined ? "" : t("models.exits", { count: number(exits) }),
    size: size === undefined ? "" : t("models.size", { count: number(size / 1e6, { maximumFractionDigits: 1 }) }),
    right: rightOf(right, reference, number),
    source: source ? t(`models.from_${source}`) : "",
  };
}

function rightOf(right, reference, number) {
  if (right === undefined) return "";
  if (right === null) return t("models.not_measured");
  const share = number(100 * right, { maximumFractionDigits: 1 });
  return t(reference === "teacher" ? "models.agrees" : "models.right", { share });
}

export class ModelFacts extends Widget {
  static style = STYLE;

  static get markup() {
    const heads = ["model", "classes", "exits", "size", "right", "source"];
    const cells = heads.map((name) => `<th scope="col">${t(`models.head_${name}`)}</th>`).join("");
    return `<ul class="notes" hidden></ul><details><summary></summary><div class="scroll"><table><thead><tr>${cells}</tr></thead><tbody></tbody></table></div></details>`;
  }

  update(changed) {
    if (changed.has("notes")) this.#showNotes();
    if (!changed.has("model") && !changed.has("models")) return;
    const { model, models } = this.store;
    const chosen = models.find(({ name }) => name === model);
    const said = chosen ? Object.values(modelFacts(chosen)).filter(Boolean) : [t("models.unknown")];
    setText(this.part("summary"), said.join(" · "));
    this.part("tbody").replaceChildren(...models.map((one) => this.#row(one, one.name === model)));
  }

  /** What is ignored in the model's folder, so that nobody looks for a rule that is missing. */
  #showNotes() {
    const { notes } = this.store;
    const line = (note) => Object.assign(document.createElement("li"), { textContent: translated(note) });
    this.part(".notes").replaceChildren(...notes.map(line));
    this.part(".notes").hidden = notes.length === 0;
  }

  #row(one, current) {
    const row = document.createElement("tr");
    if (current) row.setAttribute("aria-current", "true");
    const name = row.insertCell();
    if (current) setText(name, one.title);
    else {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      setText(button, one.title);
      button.addEventListener("click", () => this.tell("choose-model", one.name));
      name.append(button);
    }
    for (const text of Object.values(modelFacts(one))) setText(row.insertCell(), text);
    return row;
  }
}
