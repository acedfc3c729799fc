// The page's words. They lie in strings/LANGUAGE/AREA.json; a widget names one as t(AREA.KEY, values).

let texts = {}; // language -> key -> text, of the languages whose words are here
let offered = null; // the codes of all that can be had
let heard = {}; // the server's sentences, which are English, by their keys
let current = "en";

/**
 * Hands over the words that are here, {en: {key: text}, de: …}; more may be put in later. `codes` are the languages that
 * can be had, and `english` the server's sentences where English itself is not here.
 */
export function setStrings(all, codes = null, english = {}) {
  texts = all ?? {};
  offered = codes;
  heard = english;
}

/** The languages there are, as their codes. */
export function languages() {
  return offered ?? Object.keys(texts);
}

/** Whether a language that can be had has yet to be fetched. */
export function isMissing(code) {
  return languages().includes(code) && !Object.hasOwn(texts, code);
}

export function useLanguage(code) {
  current = Object.hasOwn(texts, code) ? code : "en";
}

export function language() {
  return current;
}

/** Whether there is a text of that key. */
export function hasText(key) {
  return Object.hasOwn(texts[current] ?? {}, key) || Object.hasOwn(texts.en ?? {}, key);
}

const speaking = new WeakMap(); // the texts -> the server's sentences in English, as patterns

/** [key, pattern] of every sentence the server may say; its {places} are what the pattern finds by name. */
function sentences() {
  if (!speaking.has(texts)) {
    const escaped = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+)");
    const said = Object.entries({ ...heard, ...texts.en }).filter(([key]) => key.startsWith("server."));
    speaking.set(texts, said.map(([key, text]) => [key, new RegExp(`^${escaped(text)}$`)]));
  }
  return speaking.get(texts);
}

/** A sentence of the server, which speaks English, in the page's language where strings/…/server.json has it. */
export function translated(sentence) {
  if (current === "en") return sentence;
  for (const [key, pattern] of sentences()) {
    const found = pattern.exec(sentence);
    if (found) return t(key, found.groups);
  }
  return sentence;
}

/** The keys of all texts whose key begins with `start`. */
export function textKeys(start) {
  return Object.keys(texts[current] ?? texts.en ?? {}).filter((key) => key.startsWith(start));
}

/** A text, its {names} filled in; English where a language lacks it, and the key itself where all do. */
export function t(key, values = {}) {
  const text = texts[current]?.[key] ?? texts.en?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
