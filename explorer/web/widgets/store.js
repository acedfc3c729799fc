// The page's one state: what was analysed, under which rule and threshold, which exit is in view. Setters check.

import { sortedBlocks } from "./left-out.js";
import { Changes } from "./changes.js";
import { checkTrace } from "./check.js";
import { decide } from "./decide.js";
import { MapShelf } from "./explain/shelf.js";
import { CLASSES, exampleAt, openingGrain, readingOf, sameExits } from "./reading.js";
import { useLanguage } from "./strings.js";
import { allowedThresholds, fitting, sameThresholds } from "./threshold.js";

/** The page's tabs, as the address bar names them. */
export const TABS = ["explore", "compare", "tune", "stress", "live", "batch", "learn", "about"];

const MOST_UPLOADS = 8;
const NO_EXAMPLE = { id: null, title: "", label: null, truth: null, image: null, saw: null, note: "" };
// What widgets read at the current grain and rule, and the state it is read from.
const READ = { trace: "rawTrace", previousTrace: "rawPrevious", example: "rawExample", examples: "rawExamples", uploads: "rawUploads" }; // prettier-ignore
const RAW = Object.fromEntries(Object.entries(READ).map(([name, raw]) => [raw, name]));

export class Store extends Changes {
  #state = {
    tab: TABS[0],
    language: "en",
    lesson: 0, // the page of the tour, from 0
    model: null, // its name
    reference: "labels", // what the examples' labels are: true ones, or the answers of a "teacher" network
    models: [], // the available ones: {name, title}
    rawTrace: null, // as it was analysed, by class; `trace` is its reading at the grain and under the rule
    rawExample: null,
    rawPrevious: null,
    previousTitle: "",
    rawExamples: [],
    rawUploads: [], // this session's own pictures, in the shape of examples, the newest first
    grains: [], // the model's coarser readings, the finest first: {name, title, labels, groups, thresholds}
    grain: CLASSES,
    rules: {},
    rule: null,
    leftOut: [], // blocks of exits that are off, rising
    selected: null, // the exit a person chose; null while the page follows the exit that fires
    methods: [], // of explanation, available: {name, asks, families}
    busy: false,
    message: null,
    note: null, // what could not be restored from a link: [{key, values}], texts of strings/link.json
    notes: [], // what is ignored in the model's folder, a sentence each
    late: null, // which part of the page is slow or failed to load: a text's key
    compare: {}, // what Compare compares, if it is not the default: see compare/choice.js
    sets: null, // the coverage of conformal sets, "0.95"; null while that layer is off
  };
  #chosen = new Map(); // rule -> the thresholds a person chose; a rule nobody touched has its default
  #maps = new MapShelf(() => this.tell("maps"));
  #grainChosen = false; // by a person or a link, and so kept when the model changes

  static {
    // Everything in the state can be read from outside, store.trace and so on; it is changed by the setters only.
    for (const name of Object.keys(new this(() => {}).#state)) {
      const get = function () {
        return this.#state[name];
      };
      Object.defineProperty(this.prototype, name, { get });
    }
  }

  /** What the network answered, read at the current grain and for images that leave under the current rule. */
  get trace() {
    return this.view(this.rawTrace);
  }
  get previousTrace() {
    return this.view(this.rawPrevious);
  }
  /** The picture in view: `truth` and `label` are its true class's group at the current grain, or null. */
  get example() {
    return exampleAt(this.rawExample, this.grainFacts, this.rule, this.omitted);
  }
  get examples() {
    return this.#all(this.rawExamples);
  }
  get uploads() {
    return this.#all(this.rawUploads);
  }
  /** The description of the current grain; null for the classes themselves. */
  get grainFacts() {
    return this.grains.find(({ name }) => name === this.grain) ?? null;
  }
  /** Which exits are off, as left-out.js takes it. */
  get omitted() {
    return { leftOut: this.leftOut, alone: Boolean(this.rules[this.rule]?.alone) };
  }
  /** Any trace of this model at the current grain and rule, without the exits that are off. */
  view(trace) {
    return readingOf(trace, this.grain, this.rule, this.omitted);
  }

  /** The current rule's description, its default that of the current grain; null before there are rules. */
  get ruleFacts() {
    const facts = this.#state.rules[this.#state.rule] ?? null;
    const own = this.grainFacts?.thresholds?.[this.#state.rule];
    return facts && own !== undefined ? { ...facts, default: own } : facts;
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
    return this.rawTrace ? this.firedOf(this.rawTrace) : null;
  }
  /** The current rule's score at every exit; none of them fires if the trace lacks that rule. */
  get scores() {
    return this.rawTrace ? this.scoresOf(this.rawTrace) : [];
  }
  scoresOf(trace) {
    return this.view(trace).scores?.[this.#state.rule] ?? trace.exits.map(() => NaN);
  }

  /** Where any trace would leave under the current rule. Thresholds made for other exits are replaced by their mean. */
  firedOf(trace) {
    return decide(this.scoresOf(trace), fitting(this.thresholds, trace.exits.length));
  }

  setTab(name) {
    if (!TABS.includes(name)) throw new RangeError(`there is no tab '${name}'; choose one of ${TABS.join(", ")}.`);
    this.#set({ tab: name });
  }

  /** Every widget rebuilds itself in that language. Its words must be here: speaking.js fetches them. */
  setLanguage(code) {
    useLanguage(code);
    this.#set({ language: code });
  }
  setLesson(index) {
    this.#set({ lesson: index });
  }
  /** The model whose rules, examples and traces follow: its name, and its reference labels. */
  setModel(name, reference = "labels") {
    if (name !== this.model) this.setLeftOut([]); // another network, another best subset
    this.#set({ model: name, reference });
  }

  /** Stores what needs no check here. */
  keep({ models = this.models, methods = this.methods, note = this.note, notes = this.notes, ...rest }) {
    const { compare = this.compare, sets = this.sets, late = this.late } = rest;
    this.#set({ models, methods, note, notes, compare, sets, late });
  }

  /** A visitor's own picture, analysed by `upload.model`; the newest few are kept, only in this browser. */
  addUpload(upload) {
    this.#set({ rawUploads: [upload, ...this.rawUploads].slice(0, MOST_UPLOADS) });
  }

  setRules(rules) {
    const names = Object.keys(rules ?? {});
    if (names.length === 0) throw new TypeError("rules: expected at least one rule; got none.");
    this.#set({ rules, rule: names.includes(this.rule) ? this.rule : names[0] });
    this.tell("thresholds");
  }

  /** Switches the rule and brings back that rule's own thresholds. */
  setRule(name) {
    const names = Object.keys(this.rules);
    if (!names.includes(name)) throw new RangeError(`there is no exit rule '${name}'; choose one of ${names.join(", ")}.`);
    if (name === this.rule) return;
    const before = this.trace;
    this.#set({ rule: name });
    if (this.trace !== before) this.#reread();
    this.#dropMisfits();
    this.tell("thresholds");
  }

  /** The model's coarser readings. The current grain stays if the model has it too; else the one it opens with. */
  setGrains(grains) {
    const stays = this.#grainChosen && (this.grain === CLASSES || grains.some(({ name }) => name === this.grain));
    this.#readAnew({ grains, grain: stays ? this.grain : openingGrain(grains) });
  }

  /** Reads every answer in the groups of that grain, or in "classes". */
  setGrain(name) {
    const names = [CLASSES, ...this.grains.map((grain) => grain.name)];
    if (!names.includes(name)) throw new RangeError(`there is no grain '${name}'; choose one of ${names.join(", ")}.`);
    this.#grainChosen = true;
    if (name !== this.grain) this.#readAnew({ grain: name });
  }

  /** One number for all exits, or one per early exit; each is moved to the nearest one the rule allows. */
  setThresholds(thresholds) {
    const rule = this.ruleFacts;
    if (!rule) throw new Error("set the rules before a threshold.");
    const allowed = allowedThresholds(rule, thresholds, this.trace);
    if (sameThresholds(allowed, this.thresholds)) return;
    this.#chosen.set(this.rule, allowed);
    this.tell("thresholds");
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
    if (this.#chosen.delete(this.rule)) this.tell("thresholds");
  }

  /** Turns off the exits behind those blocks; a block without an early exit is ignored. */
  setLeftOut(blocks) {
    const leftOut = sortedBlocks(blocks);
    if (String(leftOut) !== String(this.leftOut)) this.#readAnew({ leftOut });
  }

  /** Chooses the exit to look at; null follows the exit that fires again. */
  select(exit) {
    const count = this.trace?.exits.length ?? 0;
    const fits = exit === null || (Number.isInteger(exit) && exit >= 0 && exit < count);
    if (!fits) throw new RangeError(`expected an exit from 0 to ${count - 1}, or null; got ${exit}.`);
    this.#set({ selected: exit });
  }

  setExamples(examples) {
    if (!Array.isArray(examples)) throw new TypeError("examples: expected a list.");
    examples.forEach(({ trace }) => trace && checkTrace(trace));
    this.#set({ rawExamples: examples });
  }

  /** Shows an example, or an upload in the same shape: its pictures, trace and maps. */
  show(shown) {
    const example = shown.raw ?? shown;
    const trace = checkTrace(example.trace);
    const again = example.id !== null && example.id === this.rawExample?.id;
    const same = sameExits(trace, this.rawTrace);
    const ghost =
      again && same ? {} : { rawPrevious: same ? this.rawTrace : null, previousTitle: this.rawExample?.title ?? "" };
    this.#set({
      ...ghost,
      rawTrace: trace,
      rawExample: { ...NO_EXAMPLE, ...example },
      selected: same ? this.selected : null,
      busy: false,
      message: null,
    });
    this.#maps.open(example.maps ?? []);
    this.#dropMisfits();
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

  #dropMisfits() {
    const { trace, thresholds } = this;
    if (!trace || !Array.isArray(thresholds) || thresholds.length === trace.exits.length - 1) return;
    this.#chosen.delete(this.rule);
    this.tell("thresholds");
  }

  #set(values) {
    for (const [name, value] of Object.entries(values)) {
      if (Object.is(this.#state[name], value)) continue;
      this.#state[name] = value;
      this.tell(RAW[name] ?? name);
    }
  }

  /** Everything that is read at a grain, under a rule and without some exits has changed. */
  #readAnew(values) {
    this.#set(values);
    this.#reread();
    this.tell("thresholds");
  }

  #all(pictures) {
    return pictures.map((one) => exampleAt(one, this.grainFacts, this.rule, this.omitted));
  }

  #reread() {
    for (const name of Object.keys(READ)) this.tell(name);
  }
}

/** The store the page's widgets share unless they are given another. */
export const sharedStore = new Store();
