// The maps of one picture under one model: those that came with it, and those requested since.

/** What a map answers, as one key: {method, exit?, classes?, patch?, against?}. */
export function questionKey({ method, exit = null, classes = [], patch = null, against = null }) {
  return JSON.stringify([method, exit, [...classes].sort((a, b) => a - b), patch, against]);
}

/** Returns the packed map, or throws TypeError if it breaks the contract of explain/packing.py. */
export function checkMap(map) {
  const sizes = Object.values(map?.axes ?? {});
  if (!Array.isArray(map?.grid) || map.grid.length !== 2) {
    throw new TypeError("map.grid: expected rows and columns; got none.");
  }
  const bytes = sizes.reduce((product, size) => product * size, map.grid[0] * map.grid[1]);
  const length = map.evidence ? 0 : Math.ceil(bytes / 3) * 4; // base64
  if (map.data?.length !== length) {
    throw new TypeError(`map.data: expected ${length} characters for ${bytes} values; got ${map.data?.length}.`);
  }
  return map;
}

export class MapShelf {
  #entries = new Map();
  #owner = {};
  #tell;

  /** `tell()` is called after every change. */
  constructor(tell) {
    this.#tell = tell;
  }

  /** Another picture, or another model: all maps go, and answers still to come are discarded. */
  open(maps) {
    this.#owner = {};
    this.#entries = new Map(maps.map((entry) => [questionKey(entry), { ...entry, map: checkMap(entry.map) }]));
    this.#tell();
  }

  /** Stands for this picture under this model; `put` takes the one that was current when the question was asked. */
  get owner() {
    return this.#owner;
  }

  /** The questions that have a map so far: {method, exit, classes, patch, against}. */
  get answered() {
    const keys = [...this.#entries].filter(([, entry]) => entry.map).map(([key]) => JSON.parse(key));
    return keys.map(([method, exit, classes, patch, against]) => ({ method, exit, classes, patch, against }));
  }

  /** {map, ...facts}, {pending: true}, {failed: sentence}, or undefined if it was never requested. */
  get(question) {
    return this.#entries.get(questionKey(question));
  }

  /** Stores an answer, unless picture or model have changed since the request. Without an entry: forgets one. */
  put(owner, question, entry) {
    if (owner !== this.#owner) return;
    if (entry?.map) checkMap(entry.map);
    if (entry) this.#entries.set(questionKey(question), entry);
    else this.#entries.delete(questionKey(question));
    this.#tell();
  }
}
