// How far to trust the map on show: its insertion and deletion curves, and what is left of it without learned weights.

import { paintMap } from "../colormap.js";
import { element, setAttributes, setText } from "../dom.js";
import { mapAt } from "../maps.js";
import { t } from "../strings.js";
import { askAbout } from "./asking.js";
import { CURVES_STYLE, drawCurves } from "./curves.js";
import { questionKey } from "./shelf.js";

const ALIKE = 0.5; // our own: a map that keeps a rank correlation above this without any weights does not react to them

export const TRUST_STYLE = `
${CURVES_STYLE}
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

  /** Lives in `parent`. `question()` is what the map on show answers, with `exit`, `classes` and `index`; null without. */
  constructor(parent, store, question) {
    this.store = store;
    this.question = question;
    const button = (name, run) => {
      const made = element("button", { type: "button" }, t(`explain.${name}_button`));
      made.addEventListener("click", run);
      return made;
    };
    this.buttons = [button("grade", () => this.#grade()), button("sanity", () => this.#sanity())];
    this.said = element("p", { role: "status", class: "quiet small" });
    this.graded = element("div", { class: "part" });
    this.sane = element("div", { class: "part" });
    const idea = element("span", { class: "quiet small" }, t("explain.trust_idea"));
    const row = element("div", { class: "buttons" }, ...this.buttons, idea);
    this.node = element("div", { class: "trust" }, row, this.said, this.graded, this.sane);
    parent.append(this.node);
  }

  /** What was said of another map goes. */
  update() {
    const question = this.question();
    const key = question && JSON.stringify([questionKey(question), question.index, this.#owner()]);
    for (const button of this.buttons) setAttributes(button, { disabled: question ? null : "" });
    if (key === this.#key) return;
    this.#key = key;
    setText(this.said, "");
    this.graded.replaceChildren();
    this.sane.replaceChildren();
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

  #drawStages(stages) {
    const items = stages.map(({ stage, block, likeness, map: packed }) => {
      const map = mapAt(packed);
      const canvas = element("canvas", { role: "img", "aria-label": t(`explain.stage_${stage}`, { block }) });
      if (map) paintMap(canvas, map, map.peak);
      const number = likeness === null ? t("explain.no_evidence") : t("explain.likeness", { likeness: likeness.toFixed(2) });
      return element("li", {}, canvas, t(`explain.stage_${stage}`, { block }), element("br"), number);
    });
    const last = stages.at(-1).likeness;
    const reacts = last === null || last < ALIKE;
    const said = element("p", { class: "verdict" }, t(reacts ? "explain.sanity_reacts" : "explain.sanity_stays"));
    this.sane.replaceChildren(element("ul", { class: "stages" }, ...items), said);
  }
}
