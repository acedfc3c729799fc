// The page's words. They lie in strings/LANGUAGE/AREA.json; a widget names one as t(AREA.KEY, values).

let texts = {}; // language -> key -> text
let current = "en";

/** Hands over the words of all languages: {en: {key: text}, de: …}. */
export function setStrings(all) {
  texts = all ?? {};
}

/** The languages there are, as their codes. */
export function languages() {
  return Object.keys(texts);
}

/** The language to begin with: the one asked for if there is one, else the reader's own, else English. */
export function chooseLanguage(asked, wanted = []) {
  const short = [asked, ...wanted].filter(Boolean).map((code) => code.toLowerCase().split("-")[0]);
  return short.find((code) => Object.hasOwn(texts, code)) ?? "en";
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

const speaking = new WeakMap(); // the texts of all languages -> the server's sentences in English, as patterns

/** [key, pattern] of every sentence the server may say; its {places} are what the pattern finds by name. */
function sentences() {
  if (!speaking.has(texts)) {
    const escaped = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+)");
    const said = Object.entries(texts.en ?? {}).filter(([key]) => key.startsWith("server."));
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
  return Object.keys(texts.en ?? {}).filter((key) => key.startsWith(start));
}

/** A text, its {names} filled in; English where a language lacks it, and the key itself where all do. */
export function t(key, values = {}) {
  const text = texts[current]?.[key] ?? texts.en?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
