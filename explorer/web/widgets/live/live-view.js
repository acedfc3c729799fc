// <live-view>: the camera or the film, how to start and stop it, and what to try. Stops when it is out of view.

import { setText } from "../dom.js";
import { hasText, t, translated } from "../strings.js";
import { LiveWidget } from "./live-widget.js";

const STYLE = `
.screen {
  position: relative; aspect-ratio: 4 / 3; overflow: hidden; border-radius: var(--corner); background: var(--well);
  border: 1px solid var(--line);
}
canvas { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
canvas.small { image-rendering: pixelated; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 0.75rem; }
.buttons button {
  min-height: 2.25rem; padding: 0.25rem 0.875rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
.buttons button:hover { background: var(--accent-soft); }
.answer { margin-top: 0.75rem; font-size: 1.25rem; font-weight: 700; min-height: 1.45em; }
.where { min-height: 1.45em; color: var(--accent-ink); font-weight: 600; }
.message {
  margin-top: 0.75rem; padding: 0.5rem 0.75rem; border-left: 3px solid var(--accent-mark);
  background: var(--accent-soft);
}
.runs { margin-top: 0.75rem; }
.private { margin: 0.75rem 0; }
ul { margin: 0.375rem 0 0; padding-left: 1.125rem; line-height: 1.5; }
`;

export class LiveView extends LiveWidget {
  static style = STYLE;
  static always = true; // it must be told when it is hidden

  static get markup() {
    return `
<div class="head"><h2>${t("live.title")}</h2></div>
<div class="screen"><canvas width="4" height="3" role="img" aria-label="${t("live.picture")}"></canvas></div>
<p class="answer" role="status"></p><p class="where"></p>
<div class="buttons">
  <button type="button" class="camera">${t("live.camera")}</button>
  <button type="button" class="sequence">${t("live.sequence")}</button>
  <button type="button" class="stop" hidden>${t("live.stop")}</button>
</div>
<p class="message" role="alert" hidden></p>
<p class="runs quiet small"></p>
<p class="deer quiet small" hidden>${t("live.deer")}</p>
<p class="private quiet small">${t("live.private")}</p>
<h2>${t("live.try")}</h2>
<ul>${["hold", "cover", "turn", "threshold"].map((name) => `<li>${t(`live.try_${name}`)}</li>`).join("")}</ul>`;
  }

  #hidden = () => {
    if (document.hidden) this.live.stop();
  };

  build() {
    for (const source of ["camera", "sequence"]) {
      this.part(`.${source}`).addEventListener("click", () => this.live.start(source));
    }
    this.part(".stop").addEventListener("click", () => this.live.stop());
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#hidden);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#hidden);
    this.live.stop();
  }

  update(changed) {
    const { live, store } = this;
    if (changed.has("tab") && store.tab !== "live") live.stop();
    const { frame, running, message } = live;
    this.part(".stop").hidden = !running;
    this.part(".camera").hidden = running;
    this.part(".sequence").hidden = running;
    this.part(".message").hidden = !message;
    setText(this.part(".message"), message ? (hasText(message) ? t(message) : message) : "");
    setText(this.part(".answer"), frame?.prediction[0].label ?? (running ? t("live.starting") : ""));
    const left = frame && t("live.left", { block: frame.exit.block });
    setText(this.part(".where"), left ?? "");
    setText(this.part(".runs"), frame?.runs ? placeText(frame.runs) : "");
    this.part(".deer").hidden = store.rule !== "deer" || frame?.runs?.kind === "server"; // the server sees single frames
    if (frame && live.canvas) this.#draw(live.canvas);
  }

  #draw(seen) {
    const canvas = this.part("canvas");
    if (canvas.width !== seen.width || canvas.height !== seen.height) {
      Object.assign(canvas, { width: seen.width, height: seen.height });
    }
    canvas.classList.toggle("small", seen.width <= 64);
    canvas.getContext("2d").drawImage(seen, 0, 0);
  }
}

/** Where a frame was computed, and why not elsewhere, in a sentence or two. */
function placeText({ kind, threads, why }) {
  const reason = why && hasText(`live.why_${why}`) ? t(`live.why_${why}`) : translated(why ?? "");
  const many = threads === 1 ? t("live.threads_1") : t("live.threads", { threads });
  return t(`live.runs_${kind}`, { threads: many, why: reason }).trim();
}
