// The page's one state: what was analysed, under which rule and threshold, and which exit is looked at.
//
// Setters check what they are given; changes are gathered and told once per animation frame, before it is painted.

import { checkTrace } from "./check.js";
import { decide } from "./decide.js";
import { MapShelf } from "./explain/shelf.js";
import { useLanguage } from "./strings.js";
import { nearestThreshold } from "./threshold.js";

/** The page's tabs, as the address bar names them. */
export const TABS = ["explore", "compare", "tune", "stress", "live", "batch", "learn", "about"];

const MOST_UPLOADS = 8;
const NO_EXAMPLE = { id: null, title: "", label: null, image: null, saw: null, note: "" };

function sameExits(a, b) {
  return a?.exits.length === b?.exits.length && a.exits.every((exit, e) => exit.block === b.exits[e].block);
}

export class Store {
  #state = {
    tab: TABS[0],
    language: "en",
    lesson: 0, // the page of the tour, from 0
    model: null, // its name
    reference: "labels", // what the examples' labels are: true ones, or the answers of a "teacher" network
    models: [], // those on offer: {name, title}
    trace: null,
    example: null,
    previousTrace: null,
    previousTitle: "",
    examples: [],
    uploads: [], // this session's own pictures, in the shape of examples, the newest first
    rules: {},
    rule: null,
    selected: null, // the exit a person chose; null while the page follows the exit that fires
    methods: [], // of explanation, on offer: {name, asks, families}
    busy: false,
    message: null,
    note: null, // what of a link could not be restored: [{key, values}], texts of strings/link.json
    compare: {}, // what Compare compares, where it is not the default: see compare/choice.js
  };
  #chosen = new Map(); // rule -> the thresholds a person chose; a rule nobody touched has its default
  #maps = new MapShelf(() => this.#tell("maps"));
  #listeners = new Set();
  #changed = new Set();
  #schedule;

  static {
    // Everything in the state can be read from outside, store.trace and so on; it is changed by the setters only.
    for (const name of Object.keys(new this().#state)) {
      const get = function () {
        return this.#state[name];
      };
      Object.defineProperty(this.prototype, name, { get });
    }
  }

  /** `schedule(callback)` runs the callback soon, once; the next animation frame unless a test says otherwise. */
  constructor(schedule = (callback) => requestAnimationFrame(callback)) {
    this.#schedule = schedule;
  }

  /** The current rule's description, or null before there are rules. */
  get ruleFacts() {
    return this.#state.rules[this.#state.rule] ?? null;
  }
  /** One number for all exits, or one per early exit. */
  get thresholds() {
    return this.#chosen.get(this.#state.rule) ?? this.ruleFacts?.default ?? 0;
  }
  /** The exit whose details are shown: the chosen one, else the one that fires. */
  get selectedExit() {
    return this.#state.selected ?? this.fired;
  }
  /** Index of the exit that fires, or null before there is a trace. */
  get fired() {
    return this.#state.trace ? this.firedOf(this.#state.trace) : null;
  }
  /** The current rule's score at every exit; none of them fires where the trace lacks that rule. */
  get scores() {
    return this.#state.trace ? this.scoresOf(this.#state.trace) : [];
  }

  scoresOf(trace) {
    return trace.scores?.[this.#state.rule] ?? trace.exits.map(() => NaN);
  }

  /** Where any trace would leave under the current rule. Thresholds made for other exits count by their mean. */
  firedOf(trace) {
    const { thresholds } = this;
    const fits = !Array.isArray(thresholds) || thresholds.length === trace.exits.length - 1;
    const mean = () => thresholds.reduce((sum, one) => sum + one, 0) / thresholds.length;
    return decide(this.scoresOf(trace), fits ? thresholds : mean());
  }

  setTab(name) {
    if (!TABS.includes(name)) throw new RangeError(`there is no tab '${name}'; choose one of ${TABS.join(", ")}.`);
    this.#set({ tab: name });
  }

  /** Every widget builds itself anew in that language. */
  setLanguage(code) {
    useLanguage(code);
    this.#set({ language: code });
  }

  setLesson(index) {
    this.#set({ lesson: index });
  }

  /** The model whose rules, examples and traces follow: its name, and what it is held to. */
  setModel(name, reference = "labels") {
    this.#set({ model: name, reference });
  }

  /** Takes in what needs no check here. */
  keep({ models = this.models, methods = this.methods, note = this.note, compare = this.compare }) {
    this.#set({ models, methods, note, compare });
  }

  /** A visitor's own picture, analysed by `upload.model`; the newest few are kept, in this browser only. */
  addUpload(upload) {
    this.#set({ uploads: [upload, ...this.uploads].slice(0, MOST_UPLOADS) });
  }

  setRules(rules) {
    const names = Object.keys(rules ?? {});
    if (names.length === 0) throw new TypeError("rules: expected at least one rule; got none.");
    this.#set({ rules, rule: names.includes(this.rule) ? this.rule : names[0] });
    this.#tell("thresholds");
  }

  /** Switches the rule and brings back that rule's own thresholds. */
  setRule(name) {
    if (!Object.hasOwn(this.rules, name)) {
      throw new RangeError(`there is no exit rule '${name}'; choose one of ${Object.keys(this.rules).join(", ")}.`);
    }
    if (name === this.rule) return;
    this.#set({ rule: name });
    this.#dropMisfits();
    this.#tell("thresholds");
  }

  /** One number for all exits, or one per early exit; each is moved to the nearest one the rule allows. */
  setThresholds(thresholds) {
    const rule = this.ruleFacts;
    if (!rule) throw new Error("set the rules before a threshold.");
    const early = this.trace ? this.trace.exits.length - 1 : null;
    if (Array.isArray(thresholds) && early !== null && thresholds.length !== early) {
      throw new RangeError(`expected one threshold, or ${early} (one per early exit); got ${thresholds.length}.`);
    }
    const allowed = Array.isArray(thresholds)
      ? thresholds.map((one) => nearestThreshold(rule, one))
      : nearestThreshold(rule, thresholds);
    if (String(allowed) === String(this.thresholds) && Array.isArray(allowed) === Array.isArray(this.thresholds))
      return;
    this.#chosen.set(this.rule, allowed);
    this.#tell("thresholds");
  }

  /** One early exit's own threshold; the others keep theirs. */
  setThresholdAt(exit, value) {
    const { thresholds } = this;
    const all = Array.isArray(thresholds) ? [...thresholds] : Array(this.trace.exits.length - 1).fill(thresholds);
    if (!(exit in all)) throw new RangeError(`there is no early exit ${exit}.`);
    all[exit] = value;
    this.setThresholds(all);
  }

  resetThresholds() {
    if (this.#chosen.delete(this.rule)) this.#tell("thresholds");
  }

  /** Chooses the exit to look at; null follows the exit that fires again. */
  select(exit) {
    const count = this.trace?.exits.length ?? 0;
    if (exit !== null && !(Number.isInteger(exit) && exit >= 0 && exit < count)) {
      throw new RangeError(`expected an exit from 0 to ${count - 1}, or null; got ${exit}.`);
    }
    this.#set({ selected: exit });
  }

  setExamples(examples) {
    if (!Array.isArray(examples)) throw new TypeError("examples: expected a list.");
    examples.forEach(({ trace }) => trace && checkTrace(trace));
    this.#set({ examples });
  }

  /** Shows an example, or an upload in the same shape: its pictures, trace and maps. */
  show(example) {
    const trace = checkTrace(example.trace);
    const again = this.example !== null && example.id !== null && example.id === this.example.id;
    const same = sameExits(trace, this.trace);
    const ghost =
      again && same ? {} : { previousTrace: same ? this.trace : null, previousTitle: this.example?.title ?? "" };
    this.#set({
      ...ghost,
      trace,
      example: { ...NO_EXAMPLE, ...example },
      selected: same ? this.selected : null,
      busy: false,
      message: null,
    });
    this.#maps.open(example.maps ?? []);
    this.#dropMisfits();
  }

  /** A new trace of the same picture, as another model or a repeated measurement gives. */
  setTrace(trace) {
    this.show({ ...NO_EXAMPLE, ...this.example, trace, maps: [] });
  }

  /** The maps of the picture on show under the model on show. */
  get maps() {
    return this.#maps;
  }

  setBusy(busy) {
    this.#set({ busy: Boolean(busy) });
  }
  /** A plain sentence for the visitor, or null. */
  setMessage(message) {
    this.#set({ message: message ? String(message) : null, busy: false });
  }

  /** Calls `listener(changed)` with the names that changed, once a frame. Returns what ends it. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everyone now instead of at the next frame. */
  flush() {
    if (this.#changed.size === 0) return;
    const changed = this.#changed;
    this.#changed = new Set();
    for (const listener of this.#listeners) {
      try {
        listener(changed);
      } catch (error) {
        console.error(error); // one widget's mistake must not blind the others
      }
    }
  }

  #dropMisfits() {
    const early = this.trace ? this.trace.exits.length - 1 : null;
    if (early !== null && Array.isArray(this.thresholds) && this.thresholds.length !== early) {
      this.#chosen.delete(this.rule);
      this.#tell("thresholds");
    }
  }

  #set(values) {
    for (const [name, value] of Object.entries(values)) {
      if (Object.is(this.#state[name], value)) continue;
      this.#state[name] = value;
      this.#tell(name);
    }
  }

  #tell(name) {
    if (this.#changed.size === 0) this.#schedule(() => this.flush());
    this.#changed.add(name);
  }
}

/** The store the page's widgets share unless they are given another. */
export const sharedStore = new Store();
