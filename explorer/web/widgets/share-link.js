// <share-link>: copies the page's address, which holds the current view, and says so.

import { element, setAttributes, setText } from "./dom.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";

const SEEN_MS = 6000;

const SHARE_STYLE = `
:host { position: relative; container-type: normal; }
.share {
  display: inline-flex; align-items: center; gap: 0.4rem; height: 2.625rem; padding: 0.125rem 0.75rem;
  border: 1px solid var(--faint); border-radius: 6px; background: var(--paper); cursor: pointer; white-space: nowrap;
}
.share:hover { background: var(--accent-soft); }
svg { flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
.says {
  position: absolute; z-index: 6; right: 0; top: calc(100% + 6px); width: 19rem; max-width: calc(100vw - 2rem);
  padding: 0.5rem 0.75rem; border-radius: 6px; background: var(--ink); color: var(--paper); font-size: 0.8125rem;
  line-height: 1.4; box-shadow: 0 4px 16px rgb(0 0 0 / 0.18);
}
.says:empty { display: none; }
.says input {
  width: 100%; margin-top: 0.375rem; padding: 0.25rem 0.375rem; border: 0; border-radius: 4px; background: var(--paper);
  color: var(--ink);
}
/* A phone has room only for the icon; the word is still read out. */
@media (max-width: 520px) {
  .share { width: 2.625rem; padding: 0; justify-content: center; gap: 0; }
  .share span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
}
`;

const SHARE_MARKUP = `
<button type="button" class="share">
  <svg width="15" height="15" viewBox="0 0 15 15" aria-hidden="true">
    <path d="M6.2 8.8a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.8.8"/>
    <path d="M8.8 6.2a2.6 2.6 0 0 0-3.7 0L2.8 8.5a2.6 2.6 0 0 0 3.7 3.7l.8-.8"/>
  </svg><span></span>
</button>
<div class="says" role="status" aria-live="polite"></div>`;

export class ShareLink extends Widget {
  static style = SHARE_STYLE;
  static markup = SHARE_MARKUP;
  #hiding = null;

  build() {
    this.says = this.part(".says");
    this.part(".share").addEventListener("click", () => this.#share());
    this.part(".share").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#hide();
    });
  }

  update(changed) {
    if (!changed.has("language")) return;
    setText(this.part(".share span"), t("link.share"));
    setAttributes(this.part(".share"), { title: t("link.share_says") });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#hiding);
  }

  async #share() {
    const address = window.ExitExplorer.address.share();
    const copied = (await copy(address)) || copyTheOldWay(address);
    const { examples, example } = this.store;
    const parts = [t(copied ? "link.copied" : "link.copy_yourself")];
    // On a Hugging Face Space this page is in a frame, and a Gradio page cannot set the address outside it.
    if (window.parent !== window) parts.push(t("link.direct"));
    if (example?.id && !examples.some(({ id }) => id === example.id)) parts.push(t("link.upload_stays"));
    this.says.replaceChildren(parts.join(" "));
    clearTimeout(this.#hiding);
    if (copied) this.#hiding = setTimeout(() => this.#hide(), SEEN_MS);
    else this.#offer(address);
  }

  #hide() {
    clearTimeout(this.#hiding);
    this.says.replaceChildren();
  }

  /** If no script may copy, a person still can. */
  #offer(address) {
    const field = element("input", { type: "text", readonly: "", "aria-label": t("link.address"), value: address });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#hide();
      this.part(".share").focus();
    });
    this.says.append(field);
    field.focus();
    field.select();
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // over plain http there is no clipboard, and in a frame it may be forbidden
  }
}

function copyTheOldWay(text) {
  const field = element("textarea", { readonly: "", style: "position:fixed;opacity:0", "aria-hidden": "true" });
  const focused = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    focused?.focus?.();
  }
}
