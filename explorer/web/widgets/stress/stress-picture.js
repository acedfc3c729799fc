// <stress-picture>: the picture at the current severity, what the network answers and where it leaves.

import { setPicture, setText } from "../dom.js";
import { t } from "../strings.js";
import { answerAt, probabilityText } from "../words.js";
import { StressWidget } from "./stress-widget.js";

const STYLE = `
.frame {
  aspect-ratio: 1; border-radius: var(--corner); overflow: hidden; background: var(--well);
  border: 1px solid var(--line);
}
img { display: block; width: 100%; height: 100%; object-fit: contain; }
img.coarse { image-rendering: pixelated; }
.caption { margin: 0.25rem 0 0.75rem; font-size: 0.75rem; color: var(--quiet); }
.answer { display: flex; align-items: baseline; gap: 0.75rem; font-size: 1.25rem; line-height: 1.2; }
.label { min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-weight: 680; }
.probability { margin-left: auto; color: var(--quiet); }
.verdict { min-height: 1.45em; }
.left { margin-top: 0.375rem; font-size: 1rem; font-weight: 650; color: var(--accent-ink); }
.later { min-height: 1.45em; color: var(--quiet); }
@container (min-width: 290px) {
  .card { display: grid; grid-template-columns: 10rem minmax(0, 1fr); column-gap: 1rem; }
  .caption { margin-bottom: 0; }
}
`;

export class StressPicture extends StressWidget {
  static style = STYLE;

  static get markup() {
    return `
<div class="card">
  <div><div class="frame"><img></div><p class="caption"></p></div>
  <div>
    <div class="answer"><span class="label"></span><span class="probability"></span></div>
    <p class="verdict"></p><p class="left"></p><p class="later"></p>
  </div>
</div>`;
  }

  build() {
    const image = this.part("img");
    // A 28-pixel picture is shown with hard pixels; a photo is not.
    image.addEventListener("load", () => image.classList.toggle("coarse", image.naturalWidth < 100));
  }

  update() {
    const { store, stress } = this;
    const { picture, trace, severity } = stress.frame;
    if (!trace || !store.ruleFacts) return;
    const name = t(`stress.${stress.corruption}`);
    const caption = severity === 0 ? t("stress.untouched") : t("stress.caption", { corruption: name, severity });
    setPicture(this.part("img"), picture, caption);
    setText(this.part(".caption"), caption);
    const exit = store.firedOf(trace);
    const { label, probability } = answerAt(trace, exit);
    const { block } = trace.exits[exit];
    setText(this.part(".label"), label);
    this.part(".label").title = label;
    setText(this.part(".probability"), probabilityText(probability));
    const through = exit === trace.exits.length - 1;
    const { blocks } = trace;
    setText(this.part(".left"), t(through ? "stress.through" : "stress.left_at", { block, blocks }));
    const points = stress.points();
    setText(this.part(".verdict"), points ? verdictText(points[severity], store.example?.label) : "");
    setText(this.part(".later"), points && severity > 0 ? laterText(block - points[0].block) : "");
  }
}

function verdictText({ right }, truth) {
  if (!truth) return t(right ? "stress.as_untouched" : "stress.unlike_untouched");
  return t(right ? "stress.is_right" : "stress.is_wrong", { truth });
}

function laterText(blocks) {
  if (blocks === 0) return t("stress.no_later");
  const kind = blocks > 0 ? "later" : "earlier";
  return t(`stress.${kind}_${Math.abs(blocks) === 1 ? "one" : "many"}`, { blocks: Math.abs(blocks) });
}
