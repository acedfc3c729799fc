// The part of the store that holds saliency maps of the picture looked at: by exit and class, as they come.

import { Changes } from "./changes.js";
import { checkSaliency } from "./check.js";

export class SaliencyMaps extends Changes {
  #saliency = new Map(); // "exit:class" -> map, {pending: true} or {failed: sentence}

  /** The maps that a new picture brings; those of the last one are forgotten. */
  setSaliency(maps) {
    this.#saliency = new Map(maps.map((map) => [`${map.exit}:${map.class}`, checkSaliency(map)]));
    this.tell("saliency");
  }

  /** A map, {pending: true}, {failed: sentence}, or undefined when nobody has asked for it yet. */
  saliency(exit, classIndex) {
    return this.#saliency.get(`${exit}:${classIndex}`);
  }

  /** Takes a map in. One that says it is of another picture (`id`) comes too late and is dropped. */
  addSaliency(map) {
    checkSaliency(map);
    if (map.id !== undefined && map.id !== (this.rawExample?.id ?? null)) return;
    this.#setSaliency(map.exit, map.class, map);
  }

  awaitSaliency(exit, classIndex) {
    this.#setSaliency(exit, classIndex, { pending: true });
  }

  /** Why there is no map; dropped like a late map when `id` is of another picture. */
  failSaliency(exit, classIndex, sentence, id = this.rawExample?.id) {
    if (id === this.rawExample?.id) this.#setSaliency(exit, classIndex, { failed: String(sentence) });
  }

  #setSaliency(exit, classIndex, entry) {
    this.#saliency.set(`${exit}:${classIndex}`, entry);
    this.tell("saliency");
  }
}
