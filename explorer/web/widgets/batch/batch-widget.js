// What the Batch tab's widgets have in common: they listen to the run as well as to the page's store.

import { Widget } from "../widget.js";
import { sharedBatch } from "./batch.js";

export class BatchWidget extends Widget {
  batch = sharedBatch;
  #end = null;

  connectedCallback() {
    super.connectedCallback();
    this.#end = this.batch.subscribe((changed) => this.update(changed));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#end?.();
  }
}
