// What the Live tab's widgets have in common: they listen to the film as well as to the page's store.

import { Widget } from "../widget.js";
import { sharedLive } from "./live.js";

export class LiveWidget extends Widget {
  live = sharedLive;
  #end = null;

  connectedCallback() {
    super.connectedCallback();
    this.#end = this.live.subscribe((changed) => this.width > 0 && this.update(changed));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#end?.();
  }
}
