// The page's words: every text that is asked for is there, in every language, with the same places to fill in.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { chooseLanguage, homeLanguage, openingLanguage } from "../../explorer/web/widgets/languages.js";
import { speak } from "../../explorer/web/widgets/speaking.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { isMissing, setStrings, t, translated, useLanguage } from "../../explorer/web/widgets/strings.js";
import { texts, WIDGETS } from "./helpers.mjs";

const LANGUAGES = Object.keys(texts);
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const language of LANGUAGES.filter((code) => code !== "en")) {
  test(`${language} has every English text, with the same places to fill in`, () => {
    assert.deepEqual(Object.keys(texts[language]).sort(), Object.keys(texts.en).sort());
    for (const [key, text] of Object.entries(texts[language])) {
      assert.deepEqual(places(text), places(texts.en[key]), key);
      assert.ok(text.trim(), key);
    }
  });
}

/** An English name as a word of its own; not within [[name|…]], which is a glossary's key. */
const word = (name) => new RegExp(`(?<![\\w[-])${name.replace(/[.*+?^$()|[\]\\{}]/g, "\\$&")}(?![\\w|-])`, "i");

for (const language of LANGUAGES.filter((code) => code !== "en")) {
  test(`no rule and no grain goes by its English name where the page speaks ${language}`, () => {
    const keys = Object.keys(texts.en).filter((key) => /^rules\.(\w[\w-]*_(title|noun)|grain_\w+)$/.test(key));
    assert.ok(keys.length >= 33, "fifteen rules with a title and a noun, three grains");
    const english = new Set(keys.map((key) => texts.en[key].replace("{count} ", "")));
    for (const name of ["Sorted", "PALBERT, Q-exit"]) english.delete(name); // a method's own name
    for (const key of keys) {
      const own = texts[language][key];
      assert.ok(own !== texts.en[key], `${key} is English: ${own}`);
    }
    for (const [key, text] of Object.entries(texts[language])) {
      if (key.endsWith("_paper")) continue; // a paper's own title
      for (const name of english) assert.doesNotMatch(text.replace(/\{\w+\}/g, ""), word(name), `${key} says "${name}"`);
    }
  });
}

test("every text that a widget names is there", () => {
  for (const file of readdirSync(WIDGETS, { recursive: true }).filter((name) => name.endsWith(".js"))) {
    const source = readFileSync(new URL(file, WIDGETS), "utf8");
    for (const [, key] of source.matchAll(/\bt\(\s*"([\w.]+)"/g)) {
      assert.ok(Object.hasOwn(texts.en, key), `${file} asks for "${key}", which strings/en lacks`);
    }
  }
});

test("a text's places are filled in, and what is missing is English or the key itself", () => {
  setStrings({ en: { "a.b": "block {n} of {all}", "a.c": "only English" }, de: { "a.b": "Block {n} von {all}" } });
  useLanguage("de");
  assert.equal(t("a.b", { n: 3, all: "{n}" }), "Block 3 von {n}");
  assert.equal(t("a.c"), "only English");
  assert.equal(t("a.d"), "a.d");
  useLanguage("xx");
  assert.equal(t("a.b", { n: 3 }), "block 3 of {all}");
});

test("the language asked for comes before the reader's own, and an unknown one is passed over", () => {
  const offered = ["en", "de"];
  assert.equal(chooseLanguage(offered, "de-AT", ["en"]), "de");
  assert.equal(chooseLanguage(offered, "xx", ["fr", "de-CH", "en"]), "de");
  assert.equal(chooseLanguage(offered, undefined, ["fr"]), "en");
});

test("the words fetched first are those of the link's language, which is not where the page is at home", () => {
  const page = { language: "en" };
  assert.equal(openingLanguage(["en", "de"], page, "?tab=tune&lang=de"), "de");
  assert.equal(openingLanguage(["en", "de"], page, "?lang=xx"), "en");
  assert.equal(homeLanguage(["en", "de"], page), "en");
});

let pages = 0;

/** A page that has English words and can fetch German ones: the scripts it asks for, and its store. */
function fetching(t) {
  setStrings({ en: { "a.b": "word" } }, ["en", "de"]);
  const before = [globalThis.window, globalThis.document];
  const scripts = [];
  globalThis.window = { ExitExplorer: { files: { words: { de: `words-de?${++pages}` } } } };
  globalThis.document = { createElement: () => ({ remove() {} }), head: { append: (node) => scripts.push(node) } };
  t.after(() => {
    [globalThis.window, globalThis.document] = before;
    setStrings(texts);
    useLanguage("en");
  });
  return { scripts, store: new Store(() => {}) };
}
const settled = () => new Promise((done) => setImmediate(done));

test("a language is spoken as soon as its words are here, and not before", async (t) => {
  const { scripts, store } = fetching(t);
  assert.ok(isMissing("de"));
  speak(store, "de");
  assert.equal(store.language, "en");
  setStrings({ en: { "a.b": "word" }, de: { "a.b": "Wort" } }, ["en", "de"]);
  scripts[0].onload();
  await settled();
  assert.equal(store.language, "de");
});

test("words that come after another language was chosen change nothing", async (t) => {
  const { scripts, store } = fetching(t);
  speak(store, "de");
  speak(store, "en");
  setStrings({ en: {}, de: {} }, ["en", "de"]);
  scripts[0].onload();
  await settled();
  assert.equal(store.language, "en");
});

test("words that do not come are said so, and asked for again the next time", async (t) => {
  const { scripts, store } = fetching(t);
  speak(store, "de");
  scripts[0].onerror();
  await settled();
  assert.deepEqual([store.language, store.late], ["en", "page.words_failed"]);
  speak(store, "de");
  assert.equal(scripts.length, 2);
});

test("the server's sentences are known in German without the English words", (t) => {
  setStrings({ de: { "server.a": "Nicht da: {name}" } }, ["en", "de"], { "server.a": "Not here: {name}" });
  t.after(() => useLanguage("en"));
  useLanguage("de");
  assert.equal(translated("Not here: x"), "Nicht da: x");
});

test("a sentence of the server is found by its English pattern, and one it does not know stays as it is", () => {
  setStrings({
    en: { "server.a": "This {kind} file (1.5 MB) is damaged." },
    de: { "server.a": "Diese {kind}-Datei (1,5 MB) ist beschädigt." },
  });
  useLanguage("de");
  assert.equal(translated("This PNG file (1.5 MB) is damaged."), "Diese PNG-Datei (1,5 MB) ist beschädigt.");
  assert.equal(translated("This PNG file (1x5 MB) is damaged."), "This PNG file (1x5 MB) is damaged.");
  useLanguage("en");
  assert.equal(translated("Anything."), "Anything.");
});
