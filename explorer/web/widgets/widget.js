// What all widgets have in common: a shadow root, a store to listen to, and redrawing when they come into view.

import { sharedStore } from "./store.js";
import { BASE_STYLE } from "./style.js";

/** The names passed to a widget when it must draw everything. */
const EVERYTHING = {
  has: () => true,
};

export class Widget extends HTMLElement {
  /** Whether it is told of changes while hidden too; others are told everything once they come into view. */
  static always = false;
  /** CSS of this widget, after the shared one. */
  static style = "";
  /** Markup that changes with the language only (then a getter); what comes from outside is inserted as text. */
  static markup = "";

  #store = sharedStore;
  #unsubscribe = null;
  #observer = null;
  /** The widget's width in pixels; 0 while it is hidden, in a closed tab or before its first layout. */
  width = 0;

  get store() {
    return this.#store;
  }

  set store(store) {
    this.#store = store;
    if (this.isConnected) this.#listen();
  }

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      if (Object.hasOwn(this, "store")) {
        const { store } = this; // set before the element was defined: an own property that hides the accessor
        delete this.store;
        this.#store = store;
      }
      this.#build();
    }
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width === this.width) return;
      this.width = width;
      this.resize();
    });
    this.#observer.observe(this);
    this.#listen();
  }

  disconnectedCallback() {
    this.#unsubscribe?.();
    this.#observer?.disconnect();
  }

  #build() {
    const { style, markup } = this.constructor;
    this.shadowRoot.innerHTML = `<style>${BASE_STYLE}${style}</style>${markup}`;
    this.build(this.shadowRoot);
  }

  #listen() {
    this.#unsubscribe?.();
    this.#unsubscribe = this.#store.subscribe((changed) => {
      if (changed.has("language")) this.#build(); // its words are in its markup
      this.#hear(changed.has("language") ? EVERYTHING : changed);
    });
    this.#hear(EVERYTHING);
  }

  #hear(changed) {
    if (this.width > 0 || this.constructor.always) this.update(changed);
  }

  /** One element of the widget's own markup. */
  part(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  /** Notifies the host, through every shadow root on the way. */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  /**
   * Makes what the markup lacks: once, and again whenever the language changes and the markup is new. What was noted
   * about the old markup is forgotten here; `update` with everything changed follows.
   */
  build(_root) {}

  /** After a change in the store, while visible; `changed.has("trace")` and so on. */
  update(_changed) {}

  /** After the width changed, also from or to 0. */
  resize() {
    if (this.width > 0) this.update(EVERYTHING);
  }
}
