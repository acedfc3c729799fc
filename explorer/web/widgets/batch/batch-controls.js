// <batch-controls>: what can be sent, how far the run is, and how to stop or repeat it.

import { setText } from "../dom.js";
import { t } from "../strings.js";
import { BatchWidget } from "./batch-widget.js";

const STYLE = `
.limits { color: var(--quiet); font-size: 0.8125rem; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 0.75rem; }
.buttons button {
  min-height: 2.25rem; padding: 0.25rem 0.875rem; border: 1px solid var(--faint); border-radius: 6px;
  background: var(--paper); cursor: pointer;
}
.buttons button:hover { background: var(--accent-soft); }
.buttons .again { border-color: var(--accent-mark); }
progress { display: block; width: 100%; height: 0.5rem; margin-top: 0.75rem; accent-color: var(--accent-mark); }
.state { min-height: 1.45em; margin-top: 0.375rem; font-size: 0.8125rem; color: var(--quiet); }
.stale { margin-top: 0.5rem; }
.message, .stale {
  padding: 0.5rem 0.75rem; border-left: 3px solid var(--accent-mark); background: var(--accent-soft);
}
.message { margin-top: 0.75rem; }
`;

export class BatchControls extends BatchWidget {
  static style = STYLE;

  static get markup() {
    return `
<div class="head"><h2>${t("batch.title")}</h2></div>
<p class="limits">${t("batch.limits")}</p>
<progress max="1" aria-label="${t("batch.progress")}"></progress>
<p class="state" role="status"></p>
<p class="message" role="alert" hidden></p>
<p class="stale" role="status" hidden>${t("batch.stale")}</p>
<div class="buttons">
  <button type="button" class="again" hidden>${t("batch.again")}</button>
  <button type="button" class="cancel" hidden>${t("batch.cancel")}</button>
  <button type="button" class="examples">${t("batch.examples")}</button>
</div>`;
  }

  #receive = ({ detail }) => {
    if (detail?.length > 0) this.batch.run(detail.map(({ path, orig_name }) => ({ path, orig_name })));
  };

  build() {
    this.part(".again").addEventListener("click", () => this.batch.run());
    this.part(".cancel").addEventListener("click", () => this.batch.cancel());
    this.part(".examples").addEventListener("click", () => this.batch.run("examples"));
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("batch-files", this.#receive);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("batch-files", this.#receive);
  }

  update() {
    const { batch } = this;
    const { running, rows, count, message, files, cancelled } = batch;
    this.part("progress").value = count > 0 ? rows.length / count : 0;
    const done = { done: rows.length, count };
    const state = running
      ? t(count > 0 ? "batch.running" : "batch.opening", done)
      : cancelled
        ? t("batch.cancelled", done)
        : files && !message
          ? t("batch.done", done)
          : "";
    setText(this.part(".state"), state);
    this.part(".message").hidden = !message;
    setText(this.part(".message"), message ?? "");
    this.part(".stale").hidden = running || !batch.stale || rows.length === 0;
    this.part(".again").hidden = running || !files;
    this.part(".cancel").hidden = !running;
    this.part(".examples").hidden = running;
  }
}
