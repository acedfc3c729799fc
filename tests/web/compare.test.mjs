// Compare: what is compared, how both sides stay in step, and what is said of their differences.

import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceOf, easyAndHard, firstExample } from "../../explorer/web/widgets/compare/choice.js";
import { Comparison } from "../../explorer/web/widgets/compare/comparison.js";
import {
  differenceData,
  differenceRows,
  differenceSentences,
  differenceTable,
  sideOf,
} from "../../explorer/web/widgets/compare/differences.js";
import { openModel } from "../../explorer/web/widgets/open-model.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { setStrings, useLanguage } from "../../explorer/web/widgets/strings.js";
import { makeTrace, RULES, texts } from "./helpers.mjs";

setStrings({}); // most tests hold to the texts' keys: their wording is the strings files'

const scores = (confidence) => ({ ...makeTrace().scores, confidence });
const EXAMPLES = [
  {
    id: "middle",
    title: "Boot",
    label: "Ankle boot", truth: 9,
    image: "m",
    trace: makeTrace({ scores: scores([0.5, 0.92, 0.96]) }),
  },
  { id: "easy", title: "Shoe", label: "Sneaker", truth: 7, image: "e", trace: makeTrace({ scores: scores([0.95, 0.96, 0.97]) }) },
  { id: "home", title: "Sandal", label: "Sandal", truth: 5, image: "h", trace: makeTrace({ scores: scores([0.6, 0.7, 0.8]) }) },
  { id: "hard", title: "Boot", label: "Ankle boot", truth: 9, image: "d", trace: makeTrace() },
];
const MODELS = ["toy", "other", "third"].map((name) => ({ name, title: name.toUpperCase() }));

/** The page's store with Compare open, and the comparison beside it; `asked` lists its questions to the server. */
function made(answer = () => new Promise(() => {})) {
  const frames = [];
  const frame = () => {
    for (let i = 0; i < 10 && frames.length; i++) frames.splice(0).forEach((callback) => callback());
  };
  const schedule = (callback) => frames.push(callback);
  const store = new Store(schedule);
  const asked = [];
  const ask = async (name, question) => {
    asked.push([name, question]);
    return answer(name, question);
  };
  const comparison = new Comparison(store, ask, schedule);
  store.keep({ models: MODELS });
  openModel(store, { model: "toy", rules: RULES, examples: EXAMPLES });
  store.setTab("compare");
  frame();
  const settle = async () => {
    await new Promise((done) => setTimeout(done, 0));
    frame();
  };
  return { store, comparison, frame, settle, asked, a: comparison.a, b: comparison.b };
}

/** What the server says of a picture under another model: exits behind 6 and 12 only. */
const OTHER = {
  image: "o",
  label: "Sneaker", truth: 7,
  reference: "teacher",
  rules: { ...RULES, confidence: { ...RULES.confidence, default: 0.6 } },
  trace: makeTrace({
    model: "other",
    exits: [makeTrace().exits[1], makeTrace().exits[2]].map((exit, i) => ({ ...exit, block: [6, 12][i] })),
    macs: [150e6, 400e6],
    ms: [3, 8],
    probabilities: makeTrace().probabilities.slice(1),
    predicted: [1, 0],
    scores: { confidence: [0.75, 0.96], entropy: [0.6, 0.9], patience: [1, 2] },
  }),
};

test("a row of pictures says where each leaves, of those too that are not whole yet; a side waits until they are", async () => {
  const short = { ...EXAMPLES[1], id: "short", short: true };
  const { store, a, asked, settle } = made(async (name) => (name === "example" ? { ...EXAMPLES[1], id: "short", model: "toy" } : {}));
  store.setExamples([...EXAMPLES, short]);
  await settle();
  const row = a.examples.find(({ id }) => id === "short");
  assert.equal(a.firedOf(row.trace), a.firedOf(EXAMPLES[1].trace));
  const { id } = a.example;
  a.show(row);
  assert.equal(a.example.id, id);
  assert.deepEqual(asked, []);
});

test("the first comparison is of an easy image with a hard one, and asks nothing", () => {
  const { a, b, asked, store } = made();
  assert.deepEqual(easyAndHard(EXAMPLES, RULES), ["easy", "hard"]);
  assert.equal(a.example.id, "easy");
  assert.equal(b.example.id, "hard");
  assert.deepEqual([a.fired, b.fired], [0, 2]);
  assert.deepEqual(asked, []);
  assert.deepEqual(store.compare, {});
});

test("while Compare is closed nothing is asked and nothing is shown", () => {
  const { store, a, frame, asked, comparison } = made();
  store.setTab("explore");
  comparison.choose({ mode: "models", a: "middle" });
  frame();
  assert.deepEqual(asked, []);
  assert.equal(a.example.id, "easy");
});

test("both sides have the page's rule and threshold, and either can change them", () => {
  const { store, a, b, frame } = made();
  store.setThresholds(0.5);
  frame();
  assert.deepEqual([a.fired, b.fired], [0, 0]);
  b.setThresholds(0.94);
  frame();
  assert.deepEqual([store.thresholds, a.thresholds, b.thresholds], [0.94, 0.94, 0.94]);
  a.setRule("patience");
  frame();
  assert.deepEqual([store.rule, b.rule, b.thresholds], ["patience", "patience", 3]);
  a.setThresholdAt(1, 1);
  frame();
  assert.deepEqual(store.thresholds, [3, 1]);
  assert.deepEqual(b.thresholds, [3, 1]);
  b.resetThresholds();
  frame();
  assert.equal(a.thresholds, 3);
});

test("unlinked, B begins where it was and goes its own way; linked again, it is back in step", () => {
  const { store, b, frame, comparison } = made();
  store.setThresholds(0.7);
  frame();
  comparison.link(false);
  frame();
  assert.equal(b.thresholds, 0.7);
  b.setThresholds(0.4);
  frame();
  store.setThresholds(0.8);
  store.setRule("entropy");
  frame();
  assert.deepEqual([b.rule, b.thresholds, store.rule], ["confidence", 0.4, "entropy"]);
  assert.deepEqual(store.compare, { linked: false, rule: "confidence", thresholds: 0.4 });
  comparison.link(true);
  frame();
  assert.equal(b.rule, "entropy");
  assert.deepEqual(store.compare, {});
});

test("a quick drag of B's own threshold is never thrown back", () => {
  const { b, frame, comparison } = made();
  comparison.link(false);
  frame();
  for (const value of [0.5, 0.45, 0.4]) {
    b.setThresholds(value);
    b.flush(); // the page is told only at the next frame
  }
  b.setThresholds(0.35);
  frame();
  assert.equal(b.thresholds, 0.35);
});

test("two rules: one picture, each rule at its own threshold, and B's stays when A takes it too", () => {
  const { store, a, b, frame, comparison, asked } = made();
  comparison.choose({ mode: "rules" });
  frame();
  assert.equal(a.example.id, "home");
  assert.equal(b.example.id, "home");
  assert.deepEqual([a.rule, b.rule, b.thresholds], ["confidence", "entropy", 0.8]);
  store.setRule("entropy");
  store.setThresholds(0.3);
  frame();
  assert.deepEqual([a.rule, a.thresholds, b.rule, b.thresholds], ["entropy", 0.3, "entropy", 0.8]);
  assert.deepEqual(asked, []);
});

test("two models: the server is asked once for the picture, and B has that model's exits", async () => {
  const { store, b, frame, settle, comparison, asked } = made(async () => OTHER);
  store.setThresholds(0.7);
  comparison.choose({ mode: "models", a: "easy" });
  frame();
  assert.equal(b.busy, true);
  await settle();
  assert.deepEqual(asked, [["analyse_again", { model: "other", image: "e", label: "Sneaker" }]]);
  assert.deepEqual([b.busy, b.trace.model, b.thresholds, b.fired], [false, "other", 0.7, 0]);
  assert.deepEqual([b.reference, b.model], ["teacher", "other"]);
  comparison.choose({ mode: "images" });
  frame();
  comparison.choose({ mode: "models" });
  frame();
  assert.equal(asked.length, 1);
  store.setThresholds([0.6, 0.9]); // A's two early exits; B has one
  frame();
  assert.equal(b.thresholds, 0.75);
});

test("an answer that comes too late is not shown", async () => {
  let answer;
  const { b, frame, settle, comparison } = made(() => new Promise((done) => (answer = done)));
  comparison.choose({ mode: "models" });
  frame();
  comparison.choose({ mode: "images" });
  frame();
  answer(OTHER);
  await settle();
  assert.equal(b.trace.model, "toy");
  assert.equal(b.busy, false);
});

test("a model that does not answer leaves a sentence, and can be asked again", async () => {
  let fails = true;
  const { b, frame, settle, comparison, asked } = made(async () => {
    if (fails) throw new Error("The server did not answer; try again.");
    return OTHER;
  });
  comparison.choose({ mode: "models" });
  frame();
  await settle();
  assert.equal(b.message, "The server did not answer; try again.");
  fails = false;
  comparison.retry("b");
  await settle();
  assert.deepEqual([b.message, b.trace.model, asked.length], [null, "other", 2]);
});

test("an own picture is analysed once, shown on its side, and kept for both", async () => {
  const { store, a, b, settle, comparison, asked } = made(async () => ({ ...OTHER, trace: makeTrace(), label: null }));
  await comparison.add("b", "mine.png", "data:mine");
  await settle();
  assert.deepEqual(asked, [["analyse_again", { model: "toy", image: "data:mine", label: null }]]);
  assert.equal(b.example.title, "mine.png");
  assert.equal(store.uploads.length, 1);
  assert.equal(a.examples[0].id, b.example.id);
  assert.equal(a.example.id, "easy");
});

test("a picture that is gone with its model gives way to the default", () => {
  const { store, a, frame, comparison } = made();
  comparison.choose({ a: "middle" });
  frame();
  assert.equal(a.example.id, "middle");
  const examples = EXAMPLES.filter(({ id }) => id !== "middle");
  openModel(store, { model: "third", rules: RULES, examples });
  frame();
  assert.equal(choiceOf(store).a.picture, "easy");
  assert.equal(a.example.id, "easy");
});

const side = (parts = {}) => ({
  trace: makeTrace(),
  exit: 0,
  rule: "confidence",
  facts: RULES.confidence,
  thresholds: 0.4,
  title: "Boot",
  label: "Ankle boot", truth: 9,
  reference: "labels",
  model: "Toy",
  ...parts,
});

/** The sentences' keys and values, since their wording is the strings files'. */
test("where and at what cost: later, earlier, the same, and of different depth", () => {
  const first = (a, b) => differenceSentences("rules", a, b)[0];
  assert.equal(first(side(), side({ exit: 1 })), "compare.where_latercompare.cost_joined");
  assert.equal(first(side({ exit: 1 }), side()), "compare.where_earliercompare.cost_joined");
  assert.equal(first(side(), side()), "compare.where_bothcompare.cost_same");
  assert.equal(first(side({ exit: 2 }), side({ exit: 2 })), "compare.where_both_endcompare.cost_same");
  const next = makeTrace({ exits: makeTrace().exits.map((exit, i) => ({ ...exit, block: [4, 5, 12][i] })) });
  assert.equal(
    first(side({ trace: next }), side({ trace: next, exit: 1 })),
    "compare.where_later_onecompare.cost_joined",
  );
  const deep = makeTrace({
    blocks: 24,
    exits: makeTrace().exits.map((exit, i) => ({ ...exit, block: [8, 16, 24][i] })),
  });
  assert.equal(first(side(), side({ trace: deep })), "compare.where_depthscompare.cost_same");
});

test("answers and truth", () => {
  const said = (mode, a, b) => differenceSentences(mode, a, b).slice(1, 3);
  assert.deepEqual(said("rules", side(), side({ exit: 1 })), ["compare.disagree", "compare.only_b_right_named"]);
  assert.deepEqual(said("models", side({ exit: 1 }), side({ exit: 2 })), ["compare.agree", "compare.both_right"]);
  assert.deepEqual(said("images", side(), side()), ["compare.taken_same", "compare.both_wrong"]);
  assert.deepEqual(said("images", side({ exit: 1 }), side()), ["compare.taken", "compare.only_a_right"]);
  assert.deepEqual(said("rules", side({ truth: null }), side({ truth: null })), ["compare.agree"]);
});

test("labels that a teacher gave are not called true, and are not held against true ones", () => {
  const said = (a, b) => differenceSentences("models", side(a), side(b))[2];
  const teacher = { reference: "teacher" };
  assert.equal(said(teacher, { ...teacher, exit: 1 }), "compare.only_b_right_named_teacher");
  assert.equal(said(teacher, { reference: "labels", exit: 1 }), "compare.went_on");
});

test("why the later one went on, also where it has no exit at that block", () => {
  const last = (a, b) => differenceSentences("rules", a, b).at(-1);
  assert.equal(last(side(), side({ exit: 1 })), "compare.went_on");
  assert.equal(last(side({ exit: 1 }), side()), "compare.went_on");
  assert.equal(last(side(), side({ trace: OTHER.trace })), "compare.no_exit_there");
});

test("rows hold the numbers of both, and what B has against A", () => {
  const rows = new Map(differenceRows(side(), side({ exit: 2 })).map((row) => [row.key, row]));
  assert.deepEqual([rows.get("blocks").values, rows.get("blocks").difference], [[4, 12], "+8"]);
  assert.deepEqual([rows.get("macs").values, rows.get("macs").difference], [[100e6, 330e6], "3.30×"]);
  assert.deepEqual([rows.get("ms").a, rows.get("ms").b, rows.get("ms").difference], ["2.00 ms", "6.60 ms", "3.30×"]);
  assert.equal(rows.get("answer").a, "Sneaker ✗");
  assert.equal(rows.get("answer").b, "Ankle boot ✓");
  assert.equal(rows.get("probability").difference, "+0.460");
  assert.deepEqual(rows.get("speedup_blocks").values, [3, 1]);
  const back = new Map(differenceRows(side({ exit: 2 }), side()).map((row) => [row.key, row]));
  assert.equal(back.get("blocks").difference, "−8");
});

test("a time that was not measured is neither drawn nor compared", () => {
  const unmeasured = side({ trace: makeTrace({ ms: [0, 0, 0], ms_full: 0 }) });
  const ms = differenceRows(side(), unmeasured).find(({ key }) => key === "ms");
  assert.deepEqual([ms.b, ms.difference, ms.bar, ms.values], ["–", "–", false, null]);
});

test("the table to take home has numbers, their difference and their ratio", () => {
  const table = differenceTable(side(), side({ exit: 2, thresholds: [0.97, 0.98] }));
  const row = (key) => table.find(([name]) => name === `compare.row_${key}`);
  assert.deepEqual(row("macs"), ["compare.row_macs", 100e6, 330e6, 230e6, 3.3]);
  assert.deepEqual(row("blocks"), ["compare.row_blocks", 4, 12, 8, 3]);
  assert.deepEqual(row("threshold").slice(1, 3), [0.4, "compare.range"]);
  assert.ok(table.every((cells) => cells.length === 5));
});

test("the data to take home hold both traces and no picture", () => {
  const { comparison, store } = made();
  const sides = ["a", "b"].map((name) => sideOf(comparison[name], store.models));
  const data = differenceData("images", ...sides);
  assert.deepEqual(data.a.trace, EXAMPLES[1].trace);
  assert.deepEqual([data.a.block, data.b.block, data.a.rule, data.b.thresholds], [4, 12, "confidence", 0.9]);
  assert.equal(data.a.model_title, "TOY");
  assert.ok(!JSON.stringify(data).includes('image"'));
});

/** The page's real words in a language. */
function speak(language) {
  setStrings({ [language]: texts[language] });
  useLanguage(language);
}

test("the differences as people read them", () => {
  speak("en");
  assert.deepEqual(differenceSentences("images", side(), side({ exit: 1, thresholds: 0.6 })), [
    "B left 4 blocks later than A and spent 2.00× the MACs.",
    "A is classified as Sneaker (0.50), B as Ankle boot (0.75).",
    "Only B is right.",
    "At block 4, where A left, B went on: confidence 0.500 < 0.600.",
  ]);
  const entropy = { rule: "entropy", facts: RULES.entropy, thresholds: 0.5 };
  assert.deepEqual(differenceSentences("rules", side({ exit: 1 }), side({ ...entropy, exit: 1 })), [
    "Both left at block 8 of 12, at the same cost in MACs.",
    "Both answer Ankle boot: A with 0.75, B with 0.75.",
    "Both are right.",
  ]);
  setStrings({});
});

test("every sentence has its words in both languages", () => {
  const deep = makeTrace({
    blocks: 24,
    exits: makeTrace().exits.map((exit, i) => ({ ...exit, block: [4, 16, 24][i] })),
  });
  const near = makeTrace({ exits: makeTrace().exits.map((exit, i) => ({ ...exit, block: [4, 5, 12][i] })) });
  const parts = [0, 1, 2].flatMap((exit) =>
    [makeTrace(), deep, near, OTHER.trace].flatMap((trace) =>
      ["labels", "teacher"].flatMap((reference) =>
        ["Ankle boot", null].map((label) => ({
          exit: Math.min(exit, trace.exits.length - 1),
          trace,
          reference,
          label,
          truth: label && 9,
        })),
      ),
    ),
  );
  for (const language of ["en", "de"]) {
    speak(language);
    for (const mode of ["images", "rules"]) {
      for (const a of parts) {
        for (const b of parts) {
          const said = differenceSentences(mode, side(a), side(b)).join(" ");
          assert.ok(!/compare\.|\{|undefined|null/.test(said), said);
        }
      }
    }
    const cells = differenceTable(side(), side({ exit: 2, thresholds: [0.1, 0.2] }))
      .flat()
      .join();
    assert.ok(!/compare\.|\{|undefined/.test(cells), cells);
  }
  setStrings({});
});

test("the page opens with the example meant for it, else with the one in the middle", () => {
  assert.equal(firstExample(EXAMPLES).id, "home");
  const meant = EXAMPLES.map((example) => ({ ...example, ...(example.id === "easy" && { opens: true }) }));
  assert.equal(firstExample(meant).id, "easy");
  assert.equal(firstExample([]), null);
});
