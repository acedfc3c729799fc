// The page's words: every text that is asked for is there, in every language, with the same places to fill in.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { chooseLanguage, setStrings, t, translated, useLanguage } from "../../explorer/web/widgets/strings.js";
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
  setStrings({ en: {}, de: {} });
  assert.equal(chooseLanguage("de-AT", ["en"]), "de");
  assert.equal(chooseLanguage("xx", ["fr", "de-CH", "en"]), "de");
  assert.equal(chooseLanguage(undefined, ["fr"]), "en");
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
