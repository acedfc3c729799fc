// <compare-pictures data-side="a">: the pictures a side can show, and a way to add your own.

import { element, setAttributes, setText } from "../dom.js";
import { t } from "../strings.js";
import { SIDE_STYLE } from "./compare-style.js";
import { CompareWidget } from "./compare-widget.js";
import { pictureUri } from "./own-picture.js";

const PICTURES_STYLE = `
${SIDE_STYLE}
.row { display: flex; gap: 0.75rem; }
.strip { flex: 1; width: 100%; min-width: 0; }
.actions { position: absolute; right: 0; top: 0; }
:host { position: relative; }
.file { cursor: pointer; }
.file:focus-within span { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
.file span {
  padding: 0.125rem 0.375rem; border-radius: 4px; color: var(--accent-ink); font-size: 0.8125rem;
  text-decoration: underline; text-underline-offset: 2px;
}
.file:hover span { background: var(--accent-soft); }
@container (max-width: 480px) {
  .row { flex-direction: column; gap: 0.25rem; }
  .actions { bottom: auto; }
}
`;

export class ComparePictures extends CompareWidget {
  static style = PICTURES_STYLE;
  #seen = null; // the picture that was last scrolled into view

  static get markup() {
    return `<div class="row"><span class="side-badge" aria-hidden="true"></span><div class="strip"></div></div>
      <div class="actions"><label class="file"><input type="file" accept="image/*" class="unseen"><span></span></label></div>`;
  }

  build() {
    const letter = this.side.toUpperCase();
    const badge = this.part(".side-badge");
    setText(badge, letter);
    badge.dataset.side = this.side;
    const strip = element("example-strip", { "data-row": "" });
    strip.store = this.comparison[this.side];
    strip.addEventListener("example", (event) => {
      event.stopPropagation(); // the page's own strip is Explore's
      this.comparison.choose({ [this.side]: event.detail.id });
    });
    this.strip = strip;
    this.part(".strip").append(strip);
    const input = this.part("input");
    setText(this.part(".file span"), t("compare.upload"));
    setAttributes(input, { "aria-label": t("compare.upload_name", { side: letter }) });
    input.addEventListener("change", () => this.#bring(input));
  }

  update() {
    const { choice } = this.comparison;
    this.part(".side-badge").hidden = choice.mode !== "images";
    const { picture } = choice[this.side];
    if (picture === this.#seen || this.width === 0) return;
    this.#seen = picture;
    requestAnimationFrame(() => this.#reveal());
  }

  /** On a narrow screen the strip scrolls; the picture that is shown should be in view. Only the strip moves. */
  #reveal() {
    const list = this.strip.part("ul");
    const item = list?.querySelector("[aria-pressed=true]")?.parentElement;
    if (item) list.scrollLeft = item.offsetLeft - list.offsetLeft - (list.clientWidth - item.offsetWidth) / 2;
  }

  async #bring(input) {
    const [file] = input.files;
    if (!file) return;
    const store = this.comparison[this.side];
    store.setBusy(true);
    try {
      await this.comparison.add(this.side, file.name || t("compare.your_image"), await pictureUri(file));
    } catch (error) {
      store.setMessage(error.message);
    }
    input.value = ""; // the same file may be chosen again
  }
}
