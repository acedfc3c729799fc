// How far to trust the map on show: its insertion and deletion curves, and what is left of it without learned weights.

import { answers } from "../ask.js";
import { element, setAttributes, setText } from "../dom.js";
import { t } from "../strings.js";
import { ALL_STYLE, likenessText, reacts, stageCanvas, stageName, testAll } from "./all-methods.js";
import { askAbout } from "./asking.js";
import { CURVES_STYLE, drawCurves } from "./curves.js";
import { questionKey } from "./shelf.js";

export const TRUST_STYLE = `
${CURVES_STYLE}${ALL_STYLE}
.trust { display: grid; gap: 0.75rem; margin-top: 1rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
.trust .buttons { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: baseline; }
.trust .buttons button {
  min-height: 2rem; padding: 0.125rem 0.75rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
.trust .buttons button:hover { background: var(--accent-soft); }
.trust .part { display: grid; gap: 0.5rem; }
.trust .part:empty { display: none; }
.stages { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; margin: 0; padding: 0; list-style: none; }
.stages li { width: 6.5rem; font-size: 0.75rem; color: var(--quiet); }
.stages canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 3px; image-rendering: pixelated; background: var(--well); }
`;

export class TrustPanel {
  #key = null;

  /**
   * Lives in `parent`. `question()` is what the map on show answers, with `exit`, `classes` and `index`; null without.
   * `idea` says what is tested; with `all`, every method of the page can be tested at once.
   */
  constructor(parent, store, question, { idea, all = false }) {
    this.store = store;
    this.question = question;
    const button = (name, run) => {
      const made = element("button", { type: "button" }, t(`explain.${name}_button`));
      made.addEventListener("click", run);
      return made;
    };
    this.buttons = [button("grade", () => this.#grade()), button("sanity", () => this.#sanity())];
    if (all) this.buttons.push(button("all", () => this.#all()));
    this.said = element("p", { role: "status", class: "quiet small" });
    this.graded = element("div", { class: "part" });
    this.sane = element("div", { class: "part" });
    this.compared = element("div", { class: "part" });
    const row = element("div", { class: "buttons" }, ...this.buttons, element("span", { class: "quiet small" }, idea));
    this.node = element("div", { class: "trust" }, row, this.said, this.graded, this.sane, this.compared);
    parent.append(this.node);
  }

  /** Clears what was said about another map. */
  update() {
    this.node.hidden = !answers("grade");
    const question = this.question();
    const key = question && JSON.stringify([questionKey(question), question.index, this.#owner()]);
    for (const button of this.buttons) setAttributes(button, { disabled: question ? null : "" });
    if (key === this.#key) return;
    this.#key = key;
    setText(this.said, "");
    this.graded.replaceChildren();
    this.sane.replaceChildren();
    this.compared.replaceChildren();
  }

  #owner() {
    const { example, trace } = this.store;
    return [example.id, trace.model];
  }

  /** Asks, and draws the answer if the same map is still on show. */
  async #ask(name, draw) {
    const key = this.#key;
    setText(this.said, t(`explain.${name}_asking`));
    try {
      const answer = await askAbout(this.store, name, this.question(), "trust");
      if (key !== this.#key || answer === null) return;
      setText(this.said, "");
      draw(answer);
    } catch (error) {
      if (key === this.#key) setText(this.said, error.message);
    }
  }

  #grade() {
    this.#ask("grade", (answer) => drawCurves(this.graded, answer));
  }

  #sanity() {
    this.#ask("sanity", ({ stages }) => this.#drawStages(stages));
  }

  #all() {
    const key = this.#key;
    const tell = (text) => key === this.#key && setText(this.said, text);
    testAll(this.compared, this.store, this.question(), { tell, current: () => key === this.#key });
  }

  #drawStages(stages) {
    const items = stages.map((stage) =>
      element("li", {}, stageCanvas(stage), stageName(stage), element("br"), likenessText(stage)),
    );
    const said = element("p", { class: "verdict" }, t(reacts(stages) ? "explain.sanity_reacts" : "explain.sanity_stays"));
    this.sane.replaceChildren(element("ul", { class: "stages" }, ...items), said);
  }
}
