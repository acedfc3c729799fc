// The page's words. They are in strings/LANGUAGE/AREA.json; a widget names one as t(AREA.KEY, values).

let texts = {}; // language -> key -> text, for the languages that are loaded
let offered = null; // the codes of all available languages
let heard = {}; // the server's sentences, which are English, by their keys
let current = "en";

/**
 * Sets the words that are loaded, {en: {key: text}, de: …}; more may be added later. `codes` are the languages that
 * are available, and `english` the server's sentences if English itself is not loaded.
 */
export function setStrings(all, codes = null, english = {}) {
  texts = all ?? {};
  offered = codes;
  heard = english;
}

/** The codes of the available languages. */
export function languages() {
  return offered ?? Object.keys(texts);
}

/** Whether an available language has yet to be fetched. */
export function isMissing(code) {
  return languages().includes(code) && !Object.hasOwn(texts, code);
}

export function useLanguage(code) {
  current = Object.hasOwn(texts, code) ? code : "en";
}

export function language() {
  return current;
}

/** Whether there is a text with that key. */
export function hasText(key) {
  return Object.hasOwn(texts[current] ?? {}, key) || Object.hasOwn(texts.en ?? {}, key);
}

const speaking = new WeakMap(); // the texts -> the server's sentences in English, as patterns

/** [key, pattern] of every sentence the server may say; its {places} are the pattern's named groups. */
function sentences() {
  if (!speaking.has(texts)) {
    const escaped = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+)");
    const said = Object.entries({ ...heard, ...texts.en }).filter(([key]) => key.startsWith("server."));
    speaking.set(texts, said.map(([key, text]) => [key, new RegExp(`^${escaped(text)}$`)]));
  }
  return speaking.get(texts);
}

/** A server sentence, which is English, in the page's language if strings/…/server.json has it. */
export function translated(sentence) {
  if (current === "en") return sentence;
  for (const [key, pattern] of sentences()) {
    const found = pattern.exec(sentence);
    if (found) return t(key, found.groups);
  }
  return sentence;
}

/** The keys of all texts that begin with `start`. */
export function textKeys(start) {
  return Object.keys(texts[current] ?? texts.en ?? {}).filter((key) => key.startsWith(start));
}

/** A text, its {names} filled in; English if a language lacks it, and the key itself if all do. */
export function t(key, values = {}) {
  const text = texts[current]?.[key] ?? texts.en?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
