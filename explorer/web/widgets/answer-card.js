// <answer-card>: the picture, the answer, where it left the network and why, and what that saved.

import { savings } from "./decide.js";
import { element, setAttributes, setPicture, setText } from "./dom.js";
import { referenced } from "./overthinking.js";
import { t, translated } from "./strings.js";
import { Widget } from "./widget.js";
import { answerAt, factorText, leftText, probabilityText, reasonText, storyText, UNITS } from "./words.js";

const STORY_PAUSE_MS = 500; // a screen reader hears where a drag ended, not every step of it

const CARD_STYLE = `
.card { display: grid; gap: 0.875rem; }
.pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 0.625rem; }
figure { margin: 0; min-width: 0; }
.frame {
  aspect-ratio: 1; border-radius: var(--corner); overflow: hidden; background: var(--well);
  border: 1px solid var(--line);
}
img { display: block; width: 100%; height: 100%; object-fit: contain; image-rendering: auto; }
img.coarse { image-rendering: pixelated; }
figcaption { margin-top: 0.25rem; font-size: 0.75rem; color: var(--quiet); }
/* The reason comes last and its space is reserved: nothing moves while a threshold is dragged. */
.words { min-height: 9.5rem; }
.answer {
  display: flex; align-items: baseline; gap: 0.75rem; font-size: 1.625rem; line-height: 1.2;
  letter-spacing: -0.015em;
}
.label {
  min-width: 0; font-weight: 680; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 2; overflow: hidden;
}
.probability { margin-left: auto; font-weight: 400; color: var(--quiet); }
.left { margin-top: 0.5rem; font-size: 1rem; font-weight: 650; color: var(--accent-ink); }
.left::first-letter { text-transform: uppercase; }
.reason { color: var(--quiet); }
dl { display: grid; grid-template-columns: repeat(3, 1fr); margin: 0; border-block: 1px solid var(--line); }
dl div {
  display: flex; flex-direction: column-reverse; padding: 0.5rem 0 0.5rem 0.625rem;
  border-left: 1px solid var(--line);
}
dl div:first-child { padding-left: 0; border-left: 0; }
dt { font-size: 0.75rem; color: var(--quiet); }
dd { margin: 0; min-height: 1.45em; font-size: 1.125rem; font-weight: 650; letter-spacing: -0.01em; }
.truth { overflow-wrap: anywhere; }
.truth b { font-weight: 650; }
.note { min-height: 2.9em; font-size: 0.8125rem; color: var(--quiet); }
#credit { color: inherit; margin-left: 0.35em; overflow-wrap: anywhere; }
.message { padding: 0.5rem 0.75rem; border-left: 3px solid var(--accent-mark); background: var(--accent-soft); }
.busy {
  position: absolute; inset: 0 0 auto; height: 3px; border-radius: 2px; overflow: hidden; background: var(--hush);
}
.busy::after {
  content: ""; position: absolute; inset: 0 60% 0 0; background: var(--accent-mark); /* moved by transform: no layout */
  animation: slide 1.2s ease-in-out infinite alternate;
}
@keyframes slide { to { transform: translateX(150%); } }
:host { position: relative; }
@container (min-width: 310px) {
  .card { grid-template-columns: 10rem minmax(0, 1fr); align-items: start; column-gap: 1rem; }
  dl, .note, .message { grid-column: 1 / -1; }
  .pictures { gap: 0.375rem; }
  .answer { font-size: 1.25rem; }
  .truth { min-height: 2.9em; }
}
@container (min-width: 420px) {
  .card { grid-template-columns: minmax(0, 15rem) minmax(0, 1fr); column-gap: 1.25rem; align-items: start; }
  .answer { font-size: 1.625rem; }
  .truth { min-height: 0; }
}
`;

const cardMarkup = () => `
<div class="busy" hidden></div>
<div class="card">
  <div class="pictures">
    <figure><div class="frame"><img id="given"></div><figcaption>${t("explore.you_gave")}</figcaption></figure>
    <figure><div class="frame"><img id="saw"></div><figcaption>${t("explore.network_saw")}</figcaption></figure>
  </div>
  <div class="words">
    <div class="answer"><span class="label"></span><span class="probability"></span></div>
    <p class="truth"></p>
    <p class="left"></p>
    <p class="reason"></p>
  </div>
  <dl aria-label="${t("explore.speedup")}"></dl>
  <p class="note"><span id="seen"></span><a id="credit" target="_blank" rel="noopener noreferrer" hidden></a></p>
  <p class="message" role="alert" hidden></p>
</div>
<p class="unseen" role="status" aria-live="polite"></p>`;

export class AnswerCard extends Widget {
  static style = CARD_STYLE;

  static get markup() {
    return cardMarkup();
  }

  #story = "";
  #telling = null; // the timer that hands the story to screen readers

  build() {
    this.factors = UNITS.map(({ by }) => {
      const factor = element("dd");
      this.part("dl").append(element("div", {}, element("dt", {}, by), factor));
      return factor;
    });
    for (const image of [this.part("#given"), this.part("#saw")]) {
      // A 28-pixel picture is shown with hard pixels; a photo is not.
      image.addEventListener("load", () => image.classList.toggle("coarse", image.naturalWidth < 100));
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#telling);
    this.#story = "";
  }

  update(changed) {
    const { busy, message, trace } = this.store;
    this.part(".busy").hidden = !busy;
    setAttributes(this.part(".card"), { "aria-busy": busy ? "true" : null });
    this.part(".message").hidden = !message;
    setText(this.part(".message"), translated(message ?? ""));
    if (!trace) return;
    if (changed.has("example")) this.#showPictures();
    this.#showAnswer(trace);
  }

  #showPictures() {
    const { image, saw, note, credit } = this.store.example;
    const title = translated(this.store.example.title) || t("explore.your_picture");
    setPicture(this.part("#given"), image, title);
    setPicture(this.part("#saw"), saw ?? image, t("explore.cropped", { title }));
    setText(this.part("#seen"), translated(note ?? ""));
    const link = this.part("#credit");
    link.hidden = !credit;
    if (!credit) return;
    setText(link, t("explore.photo_by", credit));
    setAttributes(link, { href: credit.page.startsWith("https://") ? credit.page : null });
  }

  #showAnswer(trace) {
    const { fired, rule, ruleFacts, thresholds, example } = this.store;
    if (!ruleFacts) return;
    const { label, index, probability } = answerAt(trace, fired);
    const saved = savings(trace, fired);
    setText(this.part(".label"), label);
    this.part(".label").title = label;
    setText(this.part(".probability"), probabilityText(probability));
    setText(this.part(".left"), leftText(trace, fired));
    const reason = reasonText(trace, fired, rule, ruleFacts, thresholds);
    setText(this.part(".reason"), t("explore.because", { reason }));
    UNITS.forEach(({ key }, i) => setText(this.factors[i], factorText(saved[key])));
    setText(this.part(".truth"), truthText(example ?? {}, index, this.store.reference));

    const story = storyText(trace, fired, rule, ruleFacts, thresholds);
    if (story === this.#story) return;
    this.#story = story;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => setText(this.part(".unseen"), story), STORY_PAUSE_MS);
  }
}

function truthText({ truth, label }, answer, reference) {
  const say = (name) => t(referenced(`explore.truth_${name}`, reference), { label });
  if (truth === null || truth === undefined) return say("unknown");
  return say(truth === answer ? "right" : "wrong");
}
