// The explanation methods the page offers, and their words.

import { element } from "../dom.js";
import { hasText, t } from "../strings.js";

function text(name, part) {
  const key = `explain.${name}_${part}`;
  return hasText(key) ? t(key) : null;
}

/** A method's name for the visitor; its own name if the page has no words for it. */
export function methodTitle({ name }) {
  return text(name, "title") ?? name;
}

/** The methods as options of a <select>; one that this page cannot compute says so. */
export function methodOptions(methods) {
  return methods.map((method) => {
    const title = methodTitle(method);
    if (method.here !== false) return element("option", { value: method.name }, title);
    return element("option", { value: method.name, disabled: "" }, t("explain.needs_server", { title }));
  });
}

/** What its maps show, in a sentence or two. */
export function methodSays({ name }) {
  return text(name, "says") ?? "";
}

/** Methods that explain a class at an exit. */
export function ofAnswers(methods) {
  return methods.filter(({ asks }) => asks.includes("class"));
}

/** Methods that show where attention goes, whatever the answer. */
export function ofAttention(methods) {
  return methods.filter(({ asks }) => !asks.includes("class"));
}

/** Whether the method can explain that exit. */
export function explains(method, exit) {
  if (method.here === false) return false;
  return !method.asks.includes("exit") || method.families.includes(exit.family);
}

/** What a map's numbers are. */
export function unitText(units) {
  const key = `explain.units_${units}`;
  return hasText(key) ? t(key) : String(units);
}

/** The classes that an answer of the trace stands for: itself, or at a coarser grain all of its group. */
export function membersOf({ grains = [], grain = null }, index) {
  const groups = grains.find(({ name }) => name === grain)?.groups;
  return groups ? [...groups.keys()].filter((one) => groups[one] === index) : [index];
}

/** Why an answer shows no map, in a sentence; null if it has one. */
export function whyNothing(entry) {
  if (!entry || entry.pending) return t("explain.asking");
  if (entry.failed) return entry.failed;
  return entry.map.evidence ? t(`explain.evidence_${entry.map.evidence}`) : null;
}
