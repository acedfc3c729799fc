// <glossary-term name="macs">MACs</glossary-term>: a word of the field; its definition on hover, focus or tap.

import { setAttributes, setText } from "./dom.js";
import { hasText, t } from "./strings.js";
import { Widget } from "./widget.js";

const GAP = 6; // pixels between the word and its definition
const EDGE = 8; // pixels kept free at the window's edges
const GRACE_MS = 150; // time to move the pointer from the word onto the definition

// The definition is a popover: in the top layer no panel clips it and no box moves it, whatever root the word is in.
const STYLE = `
:host {
  display: inline; container-type: normal; color: inherit; font-size: inherit; line-height: inherit;
}
.word {
  text-decoration: underline dotted color-mix(in oklab, currentColor 70%, transparent); text-underline-offset: 0.2em;
  cursor: help; border-radius: 2px;
}
.tip {
  position: fixed; inset: auto; width: max-content; max-width: min(22rem, calc(100vw - ${2 * EDGE}px)); margin: 0;
  padding: 0.5rem 0.75rem; border: 0; border-radius: 6px; background: var(--ink); color: var(--paper);
  font-size: 0.8125rem; font-weight: 400; font-style: normal; line-height: 1.4; text-align: left; white-space: normal;
  letter-spacing: normal; box-shadow: 0 4px 16px rgb(0 0 0 / 0.18);
}
.tip b { display: block; font-weight: 650; }
`;

const MARKUP = `<span class="word" role="button" tabindex="0" aria-describedby="tip"><slot></slot></span
><span class="tip" id="tip" role="tooltip" popover="manual"><b></b><span></span></span>`;

let shown = null; // the one term whose definition is open

export class GlossaryTerm extends Widget {
  static always = true; // a word in a line has no width of its own
  static style = STYLE;
  static markup = MARKUP;
  #closing = null;
  #pinned = false; // by a click or tap; stays open when the pointer leaves

  build() {
    this.word = this.part(".word");
    this.tip = this.part(".tip");
    for (const part of [this.word, this.tip]) {
      part.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && this.#open());
      part.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && this.#leave());
    }
    this.word.addEventListener("focus", () => this.#open());
    this.word.addEventListener("blur", () => this.close());
    this.word.addEventListener("click", () => this.#press());
    this.word.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.#press();
    });
  }

  update(changed) {
    if (!changed.has("language")) return;
    const name = this.getAttribute("name");
    const known = hasText(`glossary.${name}_says`);
    // A name the glossary lacks is a plain word.
    setAttributes(this.word, { role: known ? "button" : null, tabindex: known ? 0 : null });
    this.word.classList.toggle("word", known);
    setText(this.tip.firstChild, known ? t(`glossary.${name}_term`) : "");
    setText(this.tip.lastChild, known ? t(`glossary.${name}_says`) : "");
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.close();
  }

  #press() {
    if (this.#pinned) return this.close();
    this.#open();
    this.#pinned = true;
  }

  #leave() {
    if (this.#pinned) return;
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.close(), GRACE_MS);
  }

  #open() {
    clearTimeout(this.#closing);
    if (shown === this || !this.tip.lastChild.textContent) return;
    shown?.close();
    shown = this;
    this.tip.showPopover?.();
    this.#place();
    document.addEventListener("keydown", this.#escape, true);
    document.addEventListener("scroll", this.#scroll, true);
    document.addEventListener("pointerdown", this.#elsewhere, true);
  }

  close() {
    clearTimeout(this.#closing);
    if (shown !== this) return;
    shown = null;
    this.#pinned = false;
    if (this.tip.isConnected) this.tip.hidePopover?.();
    document.removeEventListener("keydown", this.#escape, true);
    document.removeEventListener("scroll", this.#scroll, true);
    document.removeEventListener("pointerdown", this.#elsewhere, true);
  }

  #escape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // it closes this and nothing behind it
    this.close();
  };
  // A scroll need not be the reader's: content drawn above moves the word too. The definition follows until off-screen.
  #scroll = () => {
    const { top, bottom } = this.word.getBoundingClientRect();
    if (bottom < 0 || top > document.documentElement.clientHeight) this.close();
    else this.#place();
  };
  #elsewhere = (event) => {
    if (!event.composedPath().includes(this)) this.close();
  };

  /** Below the word, or above if there is no room; always within the window. */
  #place() {
    const word = this.word.getClientRects()[0] ?? this.word.getBoundingClientRect();
    const { width, height } = this.tip.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const below = word.bottom + GAP;
    const above = word.top - GAP - height;
    const top = below + height > clientHeight - EDGE && above > EDGE ? above : below;
    const left = Math.max(EDGE, Math.min(word.left, clientWidth - EDGE - width));
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${Math.max(EDGE, Math.min(top, clientHeight - EDGE - height))}px`;
  }
}
