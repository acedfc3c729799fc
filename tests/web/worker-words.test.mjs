// What the worker says to a visitor, the page can say in every language.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { translated, useLanguage } from "../../explorer/web/widgets/strings.js";
import "./helpers.mjs";

const WORKER = new URL("../../explorer/web/browser/", import.meta.url);
// What garment.js says is Python's to the letter (twins.test.mjs), whose words test_language.py looks up.
const files = readdirSync(WORKER).filter((name) => name.endsWith(".js") && name !== "garment.js");

/** The sentences in a module's code: capitalised strings of several words with a full stop; places as they may come. */
function sentencesOf(code) {
  const text = code.replace(/^\s*(\/\/|\/?\*).*$/gm, "");
  const found = [...text.matchAll(/"([A-Z][^"\n]* [^"\n]*\.)"|`([A-Z][^`\n]* [^`\n]*\.)`/g)];
  return found.map(([, plain, template]) => (plain ?? template).replace(/\$\{[^}]*\}/g, "500"));
}

for (const name of files) {
  const said = sentencesOf(readFileSync(new URL(name, WORKER), "utf8"));
  if (said.length === 0) continue;
  test(`every sentence of ${name} can be said in German`, () => {
    useLanguage("de");
    for (const sentence of said) assert.notEqual(translated(sentence), sentence, sentence);
    useLanguage("en");
  });
}

test("sentences are found at all", () => {
  const all = files.flatMap((name) => sentencesOf(readFileSync(new URL(name, WORKER), "utf8")));
  assert.ok(all.length > 20);
});
