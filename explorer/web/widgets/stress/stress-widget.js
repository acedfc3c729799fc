// What the Stress tab's widgets have in common: they listen to the tab's own state as well as to the page's store.

import { Widget } from "../widget.js";
import { sharedStress } from "./stress.js";

export class StressWidget extends Widget {
  stress = sharedStress;
  #end = null;

  connectedCallback() {
    super.connectedCallback();
    this.#end = this.stress.subscribe((changed) => this.update(changed));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#end?.();
  }
}
