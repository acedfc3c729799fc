// Whatever stands in the address bar, reading it gives values and problems and throws nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readLink } from "../../explorer/web/widgets/link.js";

const KEYS = ["model", "rule", "threshold", "thresholds", "example", "exit", "tab", "lesson", "lang", "class", "x", ""];
const VALUES = [
  "", "NaN", "Infinity", "-1", "1e999", "0x10", "0.5,0.5", "0.5,,", ",".repeat(999), "<img src=x onerror=alert(1)>",
  "%", "%00", "%ff%fe", "__proto__", "constructor", "toString", "../../etc/passwd", "javascript:alert(1)", "9".repeat(400),
  "ä漢🧥", "confidence", "patience", "fashion", "explore", "true", "[]", "{}", "a".repeat(20_000),
]; // prettier-ignore
const RULES = { confidence: { low: 0, high: 1, min: 0, max: 1, step: 0.01, default: 0.8, title: "Confidence" } };
const FACTS = {
  page: { tabs: ["explore", "tune"], languages: ["en", "de"], lessons: 12, models: [{ name: "fashion", title: "F" }] },
  view: { model: "fashion", rules: RULES, examples: [{ id: "a", trace: { exits: [{}, {}] } }], models: [] },
};

/** A small generator of whole numbers below n, so that a failure comes back (Numerical Recipes' constants). */
function numbers(seed) {
  let state = seed;
  return (n) => (state = (state * 1664525 + 1013904223) >>> 0) % n;
}

test("no query string makes readLink throw, and what it gives is plain", () => {
  const next = numbers(7);
  for (let round = 0; round < 3000; round++) {
    const parts = Array.from({ length: next(5) }, () => `${KEYS[next(KEYS.length)]}=${VALUES[next(VALUES.length)]}`);
    const query = `?${parts.join("&")}`;
    for (const facts of [{ page: FACTS.page }, { view: FACTS.view }]) {
      const { values, problems } = readLink(query, facts);
      assert.equal(typeof values, "object", query);
      assert.ok(Array.isArray(problems), query);
      const { lang, tab } = values;
      assert.ok(lang === undefined || FACTS.page.languages.includes(lang), query);
      assert.ok(tab === undefined || FACTS.page.tabs.includes(tab), query);
      assert.ok(![values.thresholds].flat().some((t) => t !== undefined && t !== null && !Number.isFinite(t)), query);
    }
  }
});
