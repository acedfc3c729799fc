// The page's state as a query string and back: short, since only what differs from the defaults is written.

import { CLASSES, openingGrain } from "./reading.js";
import { COVERAGES } from "./sets.js";
import { choiceOf, defaultChoice, firstExample, MODES } from "./compare/choice.js";
import { sameThresholds } from "./threshold.js";

/** Every parameter of ours; all others in an address are left unchanged. */
export const PARAMETERS = [
  "tab", "model", "rule", "grain", "threshold", "left_out", "example", "exit", "lesson", "lang",
  "compare", "a", "b", "model_b", "rule_b", "threshold_b", "sets",
]; // prettier-ignore

const SHOWN = 40; // characters of a bad value that a note repeats

const asText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

/** The page's state as [[parameter, text]]. `home` is what opens without a link: {model, language}. */
export function linkOf(store, home) {
  const { trace, examples, ruleFacts } = store;
  const isExample = examples.some(({ id }) => id === store.example?.id); // an upload is not shared
  const first = firstExample(examples)?.id;
  const found = {
    tab: store.tab === "explore" ? null : store.tab,
    model: store.model === home.model ? null : store.model,
    rule: store.rule === Object.keys(store.rules)[0] ? null : store.rule,
    grain: store.grain === openingGrain(store.grains) ? null : store.grain,
    threshold: ruleFacts && !sameThresholds(store.thresholds, ruleFacts.default) ? store.thresholds : null,
    left_out: store.leftOut.length ? store.leftOut : null,
    example: isExample && store.example.id !== first ? store.example.id : null,
    exit: trace && store.selected !== null ? trace.exits[store.selected].block : null,
    lesson: store.lesson === 0 ? null : store.lesson + 1,
    lang: store.language === home.language ? null : store.language,
    sets: store.sets,
    ...compareLink(store),
  };
  return PARAMETERS.filter((name) => (found[name] ?? null) !== null).map((name) => [name, asText(found[name])]);
}

function compareLink(store) {
  const { compare, examples } = store;
  const choice = choiceOf(store);
  const standard = defaultChoice(store, choice.mode);
  const differs = (value, usual) => (value === usual ? null : value);
  const shared = (id, usual) => (examples.some((example) => example.id === id) ? differs(id, usual) : null);
  const { rule, thresholds } = choice.b;
  // If B is not linked its rule is always written: its presence means that B has its own.
  const own = !choice.linked && (choice.mode !== "rules" || rule !== standard.rule);
  return {
    compare: differs(choice.mode, MODES[0]),
    a: compare.a ? shared(choice.a.picture, standard.a) : null,
    b: compare.b && choice.mode === "images" ? shared(choice.b.picture, standard.b) : null,
    model_b: choice.mode === "models" ? differs(choice.b.model, standard.model) : null,
    rule_b: own ? rule : null,
    threshold_b: thresholds,
  };
}

/** A query string with our parameters replaced by `pairs`, and all others kept exactly. */
export function withLink(search, pairs) {
  const others = search
    .replace(/^\?/, "")
    .split("&")
    .filter((part) => part && !PARAMETERS.includes(nameOf(part)));
  // Commas and slashes are allowed in a query (RFC 3986, 3.4), and read better.
  const text = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/");
  const parts = [...others, ...pairs.map(([name, value]) => `${name}=${text(value)}`)];
  return parts.length ? `?${parts.join("&")}` : "";
}

function nameOf(part) {
  const [name] = part.split("=", 1);
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name; // a stray percent sign: not one of ours
  }
}

/** A part of a link that is invalid: the key of a text in strings/link.json, and its values. */
class Bad {
  constructor(key, values) {
    this.key = `link.${key}`;
    this.values = values;
  }
}

/**
 * Reads a query string: {values, problems}. Only what `facts` can check is read, so that the page may read its tab
 * and language at once and the rest when the model's answers have arrived.
 *
 * - `facts.page`: {tabs, languages, lessons, models}; gives tab, lang, lesson (from 0), model and sets.
 * - `facts.view`: {rules, examples, models, model}; gives rule, thresholds, leftOut, example, exit (its index), and compare.
 */
export function readLink(search, facts) {
  const parameters = new URLSearchParams(search);
  const problems = [];
  /** The parameter as `check` understands it; undefined if it is missing or wrong. */
  const read = (name, check) => {
    if (!parameters.has(name)) return undefined;
    const text = parameters.get(name);
    const found = check(text);
    if (!(found instanceof Bad)) return found;
    const value = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    problems.push({ key: found.key, values: { value, ...found.values } });
    return undefined;
  };
  const values = { ...(facts.page && readPage(read, facts.page)), ...(facts.view && readView(read, facts.view)) };
  return { values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)), problems };
}

const oneOf = (list, key) => (text) => (list.includes(text) ? text : new Bad(key));
const wholeNumber = (text) => (/^\d{1,4}$/.test(text) ? Number(text) : NaN);

function readPage(read, { tabs, languages, lessons, models }) {
  return {
    tab: read("tab", oneOf(tabs, "no_tab")),
    lang: read("lang", oneOf(languages, "no_language")),
    lesson: read("lesson", (text) => {
      const page = wholeNumber(text);
      return page >= 1 && page <= lessons ? page - 1 : new Bad("no_lesson", { most: lessons });
    }),
    model: read("model", oneOf(names(models), "no_model")),
    sets: read("sets", oneOf(COVERAGES, "no_sets")),
  };
}

function readView(read, { rules, grains = [], examples, models, model }) {
  const ids = examples.map(({ id }) => id);
  const rule = read("rule", oneOf(Object.keys(rules), "no_rule"));
  const example = read("example", oneOf(ids, "no_example"));
  // All examples have the same exits, and one not analysed yet has no trace.
  const trace = (examples.find(({ id, trace }) => id === example && trace) ?? firstExample(examples))?.trace;
  const limits = (name) => (text) => readThresholds(text, rules[name], trace);
  const mode = read("compare", oneOf(MODES, "no_mode"));
  const ruleOfB = read("rule_b", oneOf(Object.keys(rules), "no_rule"));
  const firstRule = Object.keys(rules)[0];
  const ruleInForce = rule ?? firstRule;
  const usual = defaultChoice({ examples, rules, rule: ruleInForce, models, model }, mode ?? MODES[0]);
  const thresholdsOfB = read("threshold_b", limits(ruleOfB ?? (mode === "rules" ? usual.rule : ruleInForce)));
  const compare = {
    mode,
    a: read("a", oneOf(ids, "no_example")),
    b: read("b", oneOf(ids, "no_example")),
    model: read("model_b", oneOf(names(models), "no_model")),
    rule: ruleOfB,
    thresholds: thresholdsOfB,
    linked: mode !== "rules" && (ruleOfB ?? thresholdsOfB) !== undefined ? false : undefined,
  };
  return {
    rule,
    grain: read("grain", oneOf([CLASSES, ...names(grains)], "no_grain")),
    thresholds: read("threshold", limits(ruleInForce)),
    leftOut: read("left_out", (text) => readBlocks(text, trace)),
    example,
    exit: read("exit", (text) => {
      const block = wholeNumber(text);
      const index = trace?.exits.findIndex((exit) => exit.block === block) ?? -1;
      return index >= 0
        ? index
        : new Bad("no_exit", { blocks: trace?.exits.map((exit) => exit.block).join(", ") ?? "" });
    }),
    compare: Object.fromEntries(Object.entries(compare).filter(([, value]) => value !== undefined)),
  };
}

const names = (models) => models.map(({ name }) => name);

/** Blocks of early exits. */
function readBlocks(text, trace) {
  const early = trace?.exits.slice(0, -1).map(({ block }) => block) ?? [];
  const blocks = text.split(",").map(wholeNumber);
  if (blocks.every((block) => early.includes(block))) return blocks;
  return new Bad("no_exits", { blocks: early.join(", ") });
}

/** One number, or one for each early exit, within the rule's range. */
function readThresholds(text, rule, trace) {
  const numbers = text
    .split(",")
    .map((part) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part) ? Number(part) : NaN));
  if (numbers.some((number) => !Number.isFinite(number))) return new Bad("threshold_number");
  const { min, max } = rule;
  if (numbers.some((number) => number < min || number > max)) return new Bad("threshold_range", { min, max });
  if (numbers.length === 1) return numbers[0];
  const early = (trace?.exits.length ?? 1) - 1;
  return numbers.length === early ? numbers : new Bad("threshold_count", { early, count: numbers.length });
}
