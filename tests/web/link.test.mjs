// The page's state in an address and back; what cannot be restored is named, and what is not ours is left alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { linkOf, readLink, withLink } from "../../explorer/web/widgets/link.js";
import { openModel } from "../../explorer/web/widgets/open-model.js";
import { Store, TABS } from "../../explorer/web/widgets/store.js";
import { makeTrace, RULES } from "./helpers.mjs";

const HOME = { model: "toy", language: "en" };
const MODELS = [
  { name: "toy", title: "Toy" },
  { name: "owner/other", title: "Other" },
];
// Ordered by exit, as the page has them; "b" is the one it opens with.
const EXAMPLES = [
  {
    id: "a",
    title: "Easy",
    image: "x",
    trace: makeTrace({ scores: { ...makeTrace().scores, confidence: [0.95, 0.96, 0.97] } }),
  },
  {
    id: "b",
    title: "Middle",
    image: "y",
    trace: makeTrace({ scores: { ...makeTrace().scores, confidence: [0.5, 0.92, 0.96] } }),
  },
  { id: "c", title: "Hard", image: "z", trace: makeTrace() },
];

function opened(view) {
  const store = new Store(() => {});
  store.keep({ models: MODELS });
  openModel(store, { model: "toy", rules: RULES, examples: EXAMPLES }, view);
  return store;
}

const search = (store) => withLink("", linkOf(store, HOME));
const page = { tabs: TABS, languages: ["en", "de"], lessons: 12, models: MODELS };
const view = { rules: RULES, examples: EXAMPLES, models: MODELS, model: "toy" };

/** A page opened at an address: what host.js and address.js do. */
function restored(address) {
  const { values } = readLink(address, { page, view });
  const store = opened(values);
  if (values.tab) store.setTab(values.tab);
  if (values.lesson !== undefined) store.setLesson(values.lesson);
  return store;
}

test("a page as it opens needs no parameters", () => {
  assert.equal(search(opened()), "");
});

test("everything that was changed is written, and only that", () => {
  const store = opened();
  store.setTab("learn");
  store.setLesson(3);
  store.setRule("entropy");
  store.setThresholds(0.6);
  store.show(EXAMPLES[2]);
  store.select(1);
  assert.equal(search(store), "?tab=learn&rule=entropy&threshold=0.6&example=c&exit=8&lesson=4");
});

for (const address of [
  "?tab=tune&rule=patience&threshold=2",
  "?threshold=0.9,0.5&example=a&exit=12",
  "?lesson=12",
  "?tab=compare&compare=models&a=a",
  "?compare=rules&rule_b=patience&threshold_b=4",
  "?a=c&b=b&rule_b=entropy&threshold_b=0.3",
  "?rule=entropy&compare=rules&rule_b=entropy&threshold_b=0.3,0.4",
]) {
  test(`${address} is restored and written again as it was`, () => {
    assert.equal(search(restored(address)), address);
  });
}

test("a threshold for each exit comes back as a list, one number as a number", () => {
  assert.deepEqual(restored("?threshold=0.9,0.5").thresholds, [0.9, 0.5]);
  assert.equal(restored("?threshold=0.5").thresholds, 0.5);
});

test("an upload is not in the link, all else stays", () => {
  const store = opened();
  store.setThresholds(0.5);
  const upload = { id: "upload-1", title: "mine", image: "data:secret", trace: makeTrace(), model: "toy" };
  store.addUpload(upload);
  store.show(upload);
  store.keep({ compare: { a: "upload-1", b: "a" } });
  assert.equal(search(store), "?threshold=0.5&b=a");
});

test("another model and language than the page starts with are written", () => {
  const store = opened();
  store.setModel("owner/other");
  assert.equal(withLink("", linkOf(store, { model: "toy", language: "de" })), "?model=owner/other&lang=en");
});

test("other people's parameters keep their place, order and spelling", () => {
  const pairs = [["threshold", "0.5,0.6"]];
  assert.equal(
    withLink("?__theme=dark&tab=tune&q=a%20b+c&threshold=1&view=api&%zz", pairs),
    "?__theme=dark&q=a%20b+c&view=api&%zz&threshold=0.5,0.6",
  );
  assert.equal(withLink("?tab=tune", []), "");
  assert.equal(withLink("?t%61b=tune&x", []), "?x");
});

test("what is written is encoded", () => {
  assert.equal(withLink("", [["example", "a&b=c#d é"]]), "?example=a%26b%3Dc%23d%20%C3%A9");
  const { problems } = readLink("?example=a%26b%3Dc%23d%20%C3%A9", { view });
  assert.equal(problems[0].values.value, "a&b=c#d é");
});

const BAD = [
  ["tab=nowhere", "no_tab"],
  ["tab=", "no_tab"],
  ["tab=toString", "no_tab"],
  ["lang=xx", "no_language"],
  ["model=nobody", "no_model"],
  ["model=../secret", "no_model"],
  ["lesson=0", "no_lesson"],
  ["lesson=13", "no_lesson"],
  ["lesson=1.5", "no_lesson"],
  ["lesson=-1", "no_lesson"],
  ["lesson=one", "no_lesson"],
  ["rule=guess", "no_rule"],
  ["rule=constructor", "no_rule"],
  ["example=none", "no_example"],
  ["threshold=NaN", "threshold_number"],
  ["threshold=Infinity", "threshold_number"],
  ["threshold=", "threshold_number"],
  ["threshold=0x1", "threshold_number"],
  ["threshold=0.5,", "threshold_number"],
  ["threshold=0.5;0.6", "threshold_number"],
  ["threshold=1.01", "threshold_range"],
  ["threshold=-0.1", "threshold_range"],
  ["threshold=1e400", "threshold_number"],
  ["threshold=0.5,0.6,0.7", "threshold_count"],
  ["rule=patience&threshold=0.5", "threshold_range"],
  ["exit=5", "no_exit"],
  ["exit=99", "no_exit"],
  ["exit=-4", "no_exit"],
  ["exit=first", "no_exit"],
  ["compare=planets", "no_mode"],
  ["a=none", "no_example"],
  ["b=none", "no_example"],
  ["model_b=nobody", "no_model"],
  ["rule_b=guess", "no_rule"],
  ["threshold_b=2", "threshold_range"],
  ["compare=rules&rule_b=patience&threshold_b=0.5", "threshold_range"],
];

for (const [address, key] of BAD) {
  test(`${address} is left out and named once`, () => {
    const { values, problems } = readLink(`?${address}`, { page, view });
    assert.deepEqual(
      problems.map((problem) => problem.key),
      [`link.${key}`],
    );
    const bad = address.split("&").at(-1).split("=")[0];
    const name = { lang: "lang", threshold: "thresholds" }[bad] ?? bad;
    assert.ok(!Object.hasOwn(values, name) || bad === "compare", name);
    assert.equal(
      values.compare[{ model_b: "model", rule_b: "rule", threshold_b: "thresholds" }[bad] ?? bad],
      undefined,
    );
  });
}

test("what is good in a link survives what is bad", () => {
  const { values, problems } = readLink("?tab=tune&rule=guess&threshold=0.7&example=c&exit=77", { page, view });
  assert.deepEqual(values, { tab: "tune", thresholds: 0.7, example: "c", compare: {} });
  assert.equal(problems.length, 2);
});

test("a note says what would have been right", () => {
  const { problems } = readLink("?threshold=7&exit=5&lesson=99", { page, view });
  assert.deepEqual(
    problems.map(({ values }) => values),
    [
      { value: "99", most: 12 },
      { value: "7", min: 0, max: 1 },
      { value: "5", blocks: "4, 8, 12" },
    ],
  );
});

test("a note repeats no endless value", () => {
  const { problems } = readLink(`?tab=${"x".repeat(5000)}`, { page });
  assert.equal(problems[0].values.value.length, 41);
});

test("of a parameter given twice the first counts", () => {
  assert.equal(readLink("?tab=tune&tab=learn", { page }).values.tab, "tune");
});
