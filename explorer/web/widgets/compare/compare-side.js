// <compare-side data-side="a">: one side of the comparison, its picture, its answer, and its exit ladder.

import { savings } from "../decide.js";
import { element, setAttributes, setPicture, setText } from "../dom.js";
import { t } from "../strings.js";
import { answerAt, factorText, leftText, probabilityText, reasonText } from "../words.js";
import { SIDE_STYLE } from "./compare-style.js";
import { CompareWidget } from "./compare-widget.js";
import { ruleTitle } from "./differences.js";

const CARD_STYLE = `
${SIDE_STYLE}
:host { position: relative; }
.top { display: flex; align-items: center; gap: 0.625rem; min-height: 2rem; margin-bottom: 0.75rem; }
.top h2 { min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.top select { min-width: 0; }
.card { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 1rem; align-items: start; }
.frame {
  aspect-ratio: 1; overflow: hidden; border: 1px solid var(--line); border-radius: var(--corner); background: var(--well);
}
img { display: block; width: 100%; height: 100%; object-fit: contain; }
img.coarse { image-rendering: pixelated; }
.words { min-height: 7.5rem; }
.answer { display: flex; align-items: baseline; gap: 0.75rem; font-size: 1.25rem; line-height: 1.2; letter-spacing: -0.01em; }
.label { min-width: 0; font-weight: 680; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.probability { margin-left: auto; color: var(--quiet); }
.truth { min-height: 1.45em; }
.left { margin-top: 0.375rem; font-weight: 650; color: var(--accent-ink); }
.left::first-letter { text-transform: uppercase; }
.reason { color: var(--quiet); }
.message { margin-bottom: 0.75rem; padding: 0.5rem 0.75rem; border-left: 3px solid var(--accent-mark); background: var(--accent-soft); }
.busy { position: absolute; inset: -4px 0 auto; height: 3px; border-radius: 2px; overflow: hidden; background: var(--hush); }
.busy::after {
  content: ""; position: absolute; inset: 0 60% 0 0; background: var(--accent-mark);
  animation: slide 1.2s ease-in-out infinite alternate;
}
@keyframes slide { to { inset: 0 0 0 60%; } }
.asking { position: absolute; }
.waits { opacity: 0.45; }
exit-ladder { margin-top: 1rem; min-height: 22.5rem; }
score-curve { margin-top: 1rem; min-height: 18.5rem; }
@container (max-width: 420px) {
  .card { grid-template-columns: 5.5rem minmax(0, 1fr); gap: 0.75rem; }
  exit-ladder { min-height: 27.25rem; }
}
`;

export class CompareSide extends CompareWidget {
  static style = CARD_STYLE;

  static get markup() {
    return `<div class="busy" hidden></div>
      <div class="top"><span class="side-badge" aria-hidden="true"></span><h2></h2><select hidden></select></div>
      <p class="message" role="alert" hidden><span></span> <button type="button" class="plain"></button></p>
      <p class="asking quiet"></p>
      <div class="what">
        <div class="card">
          <div class="frame"><img></div>
          <div class="words">
            <div class="answer"><span class="label"></span><span class="probability"></span></div>
            <p class="truth"></p><p class="left"></p><p class="reason"></p>
          </div>
        </div>
        <div class="figures"></div>
      </div>`;
  }

  get own() {
    return this.comparison[this.side];
  }

  build() {
    const badge = this.part(".side-badge");
    badge.dataset.side = this.side;
    setText(badge, this.side.toUpperCase());
    const image = this.part("img");
    image.addEventListener("load", () => image.classList.toggle("coarse", image.naturalWidth < 100));
    this.figures = ["exit-ladder", "score-curve"].map((name) => {
      const figure = element(name);
      figure.store = this.own;
      return figure;
    });
    this.part(".figures").append(...this.figures);
    this.select = this.part("select");
    this.select.setAttribute("aria-label", t("compare.model_of_b"));
    this.select.addEventListener("change", () => this.comparison.choose({ model: this.select.value }));
    setText(this.part(".message button"), t("compare.retry"));
    this.part(".message button").addEventListener("click", () => this.comparison.retry(this.side));
  }

  update() {
    const { busy, message, trace } = this.own;
    this.part(".busy").hidden = !busy;
    setAttributes(this.part(".what"), {
      class: busy || message ? "what waits" : "what",
      "aria-busy": busy ? "true" : null,
    });
    this.part(".message").hidden = !message;
    setText(this.part(".message span"), message ?? "");
    this.#showHead();
    // Curves under one rule share a figure; under two rules each has its own axis.
    const { a, b } = this.comparison;
    this.figures[1].hidden = !a.trace || !b.trace || a.rule === b.rule;
    setText(this.part(".asking"), busy && !trace ? t("compare.asking") : "");
    this.part(".what").style.visibility = trace ? null : "hidden";
    if (trace && this.own.ruleFacts) this.#showAnswer(trace);
  }

  #showHead() {
    const { choice, store } = this.comparison;
    const { model } = choice[this.side];
    const chosen = choice.mode === "models" && this.side === "b" && store.models.length > 2;
    const name = store.models.find((one) => one.name === model)?.title ?? model ?? "";
    const head = { images: this.own.example?.title, models: name, rules: ruleTitle(this.own.rule, this.own.ruleFacts) }[
      choice.mode
    ];
    setText(this.part("h2"), head ?? "");
    setAttributes(this.part("h2"), { title: head ?? "", class: chosen ? "unseen" : null });
    this.select.hidden = !chosen;
    if (!chosen) return;
    const others = store.models.filter((one) => one.name !== store.model);
    const key = JSON.stringify(others);
    if (this.listed !== key || this.select.options.length === 0) {
      this.listed = key;
      this.select.replaceChildren(...others.map((one) => element("option", { value: one.name }, one.title)));
    }
    this.select.value = model;
  }

  #showAnswer(trace) {
    const { fired, rule, ruleFacts, thresholds, example } = this.own;
    const { label, probability } = answerAt(trace, fired);
    const image = example.saw ?? example.image;
    setPicture(this.part("img"), image, t("compare.picture_alt", { title: example.title }));
    setText(this.part(".label"), label);
    this.part(".label").title = label;
    setText(this.part(".probability"), probabilityText(probability));
    setText(this.part(".truth"), truthText(example.label, label, this.own.reference));
    const saved = t("compare.saved", { factor: factorText(savings(trace, fired).macs) });
    setText(this.part(".left"), `${leftText(trace, fired)}, ${saved}`);
    const reason = reasonText(trace, fired, rule, ruleFacts, thresholds);
    const out = trace.exits.filter((_, e) => trace.leftOut?.[e]).map(({ block }) => block);
    const because = t("compare.because", { reason });
    setText(this.part(".reason"), out.length ? `${because}; ${t("compare.left_out", { blocks: out.join(", ") })}` : because);
  }
}

function truthText(truth, answer, reference) {
  const whose = reference === "teacher" ? "_teacher" : "";
  if (truth === null || truth === undefined) return t(`compare.unknown${whose}`);
  const right = truth === answer;
  return `${right ? "✓" : "✗"} ${t(`compare.${right ? "right" : "wrong"}${whose}`, { label: truth })}`;
}
