// The tour: every lesson has its words in both languages, its goal can be reached, and only its task ticks it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { LESSON_COUNT } from "../../explorer/web/widgets/learn/count.js";
import { FORMULAS } from "../../explorer/web/widgets/learn/formulas.js";
import { standing, taskText } from "../../explorer/web/widgets/learn/goal-words.js";
import { overthought, reachable, reached, thresholdFor } from "../../explorer/web/widgets/learn/goals.js";
import { LESSONS } from "../../explorer/web/widgets/learn/lessons.js";
import { termsOf } from "../../explorer/web/widgets/learn/prose.js";
import { Tour } from "../../explorer/web/widgets/learn/tour.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { setStrings, useLanguage } from "../../explorer/web/widgets/strings.js";
import { makeTrace, RULES, WIDGETS } from "./helpers.mjs";

const read = (language, area) =>
  JSON.parse(readFileSync(new URL(`../strings/${language}/${area}.json`, WIDGETS), "utf8"));
const texts = Object.fromEntries(
  ["en", "de"].map((language) => {
    const areas = ["learn", "glossary"].map((area) => [area, read(language, area)]);
    const flat = areas.flatMap(([area, all]) => Object.entries(all).map(([key, text]) => [`${area}.${key}`, text]));
    return [language, Object.fromEntries(flat)];
  }),
);
setStrings(texts);

const paragraphs = (language, id) =>
  [1, 2, 3, 4, 5, 6].map((p) => texts[language][`learn.${id}_${p}`]).filter((text) => text !== undefined);

test("links know how many lessons there are", () => {
  assert.equal(LESSON_COUNT, LESSONS.length);
});

for (const language of ["en", "de"]) {
  test(`every lesson has a title, a task, an outcome and 120 to 250 words of text in ${language}`, () => {
    for (const { id } of LESSONS) {
      assert.ok(texts[language][`learn.${id}_title`], id);
      assert.ok(
        Object.keys(texts[language]).some((key) => key.startsWith(`learn.${id}_task`)),
        id,
      );
      assert.ok(
        Object.keys(texts[language]).some((key) => key.startsWith(`learn.${id}_done`)),
        id,
      );
      const words = paragraphs(language, id)
        .join(" ")
        .replace(/\[\[[\w-]+\||\]\]/g, "")
        .split(/\s+/).length;
      assert.ok(words >= 120 && words <= 250, `${id}: ${words} words`);
    }
  });

  test(`every term that a text marks is in the glossary, in ${language}`, () => {
    const about = Object.values(read(language, "about"));
    for (const text of [...Object.values(texts[language]), ...about]) {
      for (const name of termsOf(text)) {
        assert.ok(texts[language][`glossary.${name}_says`], name);
        assert.ok(texts[language][`glossary.${name}_term`], name);
      }
    }
  });
}

test("the glossary has the terms the page's other parts may name", () => {
  const names =
    "exit head lph gah threshold confidence entropy patience macs speedup calibration ece overthinking patch cls " +
    "attention saliency trade-off reliability block rule logits distillation";
  for (const name of names.split(" ")) assert.ok(texts.en[`glossary.${name}_says`], name);
});

test("ids are unique, and a formula stands behind a paragraph that is there", () => {
  assert.equal(new Set(LESSONS.map(({ id }) => id)).size, LESSONS.length);
  for (const { id, formulas = {} } of LESSONS) {
    for (const [paragraph, name] of Object.entries(formulas)) {
      assert.ok(paragraphs("en", id)[Number(paragraph) - 1], `${id}: paragraph ${paragraph}`);
      assert.match(FORMULAS[name], /^(<math display="block">.*<\/math>)+$/s);
    }
  }
});

/** A model's evaluation as the server sends it, with hand-made numbers: at 0.5 cheap and good, at 0 cheap and bad. */
const FACTS = {
  model: "toy",
  title: "Toy",
  reference: "labels",
  models: [
    { name: "toy", title: "Toy" },
    { name: "other", title: "Other toy" },
  ],
  images: { validation: 10, test: 10 },
  blocks: [4, 8, 12],
  macs: [100e6, 200e6, 330e6],
  macs_full: 300e6,
  accuracy: [0.8, 0.9, 0.91],
  final: { validation: 0.9, test: 0.91 },
  exits: [0.02, 0.05, 0.01].map((ece) => ({ ece, confidence: 0.9, bins: [] })),
  own: { threshold: 0.5, accuracy: 0.9, macs: 120e6, by_macs: 2.5, by_blocks: 2.6, leaving: [0.8, 0.1, 0.1] },
  wasteful: 0.8,
  destructive: 0.02,
  thresholds: [0, 0.5, 1],
  curves: {
    validation: { accuracy: [0.8, 0.9, 0.9], macs: [100e6, 120e6, 330e6] },
    test: { accuracy: [0.8, 0.9, 0.91], macs: [100e6, 120e6, 330e6] },
  },
};

/** Two examples: one whose last exit loses the right answer, and one that every exit answers alike and surely. */
const lost = { id: "lost", title: "Boot", label: "Sneaker", truth: 7, image: "x", saw: "y", trace: makeTrace() };
const sure = {
  id: "sure",
  title: "Sneaker",
  label: "Sneaker", truth: 7,
  image: "x",
  saw: "y",
  trace: makeTrace({
    predicted: [1, 1, 1],
    scores: { confidence: [0.99, 0.99, 0.99], entropy: [0.9, 0.9, 0.9], patience: [1, 2, 3] },
  }),
};
const third = { ...sure, id: "third" };

/** A tour on Learn at a lesson; `frame` tells everyone, and `kept` is what the browser remembers. */
async function begin(id, { facts = FACTS, example = lost, kept = [] } = {}) {
  const frames = [];
  const store = new Store((callback) => frames.push(callback));
  const frame = () => frames.splice(0).forEach((callback) => callback());
  const progress = { read: () => kept, write: (ids) => kept.splice(0, kept.length, ...ids) };
  const tour = new Tour(store, { progress, evaluate: async (model) => facts && { ...facts, model } });
  store.setModel("toy");
  store.setRules(RULES);
  store.setExamples([lost, sure, third]);
  store.show(example);
  store.setLesson(LESSONS.findIndex((lesson) => lesson.id === id));
  store.setTab("learn");
  frame();
  await new Promise(setImmediate); // the evaluation has come
  return { store, tour, frame, kept, done: () => tour.goal.done };
}

/** What a person would do for each lesson's task, under the toy model. */
const DEEDS = {
  depth: ({ store }) => store.show(sure),
  block: ({ store, frame }) => (store.select(0), frame(), store.select(1)),
  heads: ({ store, frame }) => [0, 1, 2].forEach((exit) => (store.select(exit), frame())),
  score: ({ store, tour }) => {
    const exit = store.trace.exits.findIndex(({ block }) => block === tour.goal.block);
    store.setThresholds(thresholdFor(store.trace, store.rule, store.ruleFacts, exit));
  },
  tradeoff: ({ store }) => store.setThresholds(0.5),
  rules: ({ store, frame }) => ["confidence", "entropy", "patience"].forEach((rule) => (store.setRule(rule), frame())),
  saved: ({ store, frame }) => (store.setThresholds(0), frame(), store.setThresholds(1)),
  grain: ({ store }) => store.setThresholds(0.3), // the toy has no groups
  calibration: ({ store }) => store.select(1),
  overthinking: ({ store }) => store.setThresholds(0.5),
  lgvit: async ({ store, frame }) => {
    store.setModel("other");
    frame();
    await new Promise(setImmediate);
  },
  maps: ({ store, frame }) => [sure, third].forEach((example) => (store.show(example), frame())),
  rollout: ({ store }) => answer(store, { method: "rollout", patch: 3 }),
  trust: ({ store }) => ["a", "b", "c"].forEach((method) => answer(store, { method, exit: 1, classes: [4] })),
  ship: ({ store }) => store.setThresholds(0.5),
};

/** A map comes in for a question. */
function answer(store, question) {
  const map = { grid: [1, 1], axes: {}, signed: false, units: "logit", evidence: null, peak: 1, data: "/w==" };
  store.maps.put(store.maps.owner, question, { map });
}

for (const { id } of LESSONS) {
  test(`${id}: not done at first, done by its deed, and remembered`, async () => {
    const made = await begin(id);
    assert.equal(made.done(), false);
    await DEEDS[id](made);
    made.frame();
    assert.equal(made.done(), true);
    assert.deepEqual(made.kept, [id]);
  });

  test(`${id}: the stage leaves it to be done, and its words have no gaps`, async () => {
    const made = await begin(id);
    made.tour.setStage();
    made.frame();
    assert.equal(made.done(), false);
    for (const language of ["en", "de"]) {
      useLanguage(language);
      for (const text of [taskText(made.tour), standing(made.tour).text]) {
        assert.ok(text, `${id} in ${language}`);
        assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|learn\./, `${id} in ${language}: ${text}`);
      }
    }
    useLanguage("en");
    await DEEDS[id](made);
    made.frame();
    assert.equal(made.done(), true);
    assert.doesNotMatch(standing(made.tour).text, /\{\w+\}|undefined|NaN|learn\./);
  });

  test(`${id}: can be done with a model that was never evaluated`, async () => {
    const made = await begin(id, { facts: null });
    assert.equal(made.done(), false);
    if (["lgvit"].includes(id)) made.store.setThresholds(0.3);
    else await DEEDS[id](made);
    made.frame();
    assert.equal(made.done(), true);
    assert.doesNotMatch(standing(made.tour).text, /\{\w+\}|undefined|NaN|learn\./);
  });
}

test("what is done outside the tour ticks nothing, and what is done when it is taken along does", async () => {
  const { store, tour, frame, kept } = await begin("saved");
  store.setTab("explore");
  frame();
  for (const threshold of [0, 1]) (store.setThresholds(threshold), frame());
  assert.deepEqual(kept, []);
  store.setTab("learn");
  frame();
  tour.leaveFor("explore");
  frame();
  for (const threshold of [0, 1]) (store.setThresholds(threshold), frame());
  assert.deepEqual(kept, ["saved"]);
});

test("coming back to Learn ends taking the task along, and so does closing it", async () => {
  const { store, tour, frame } = await begin("score");
  tour.leaveFor("explore");
  frame();
  assert.equal(tour.away, true);
  store.setTab("learn");
  frame();
  assert.equal(tour.away, false);
  tour.leaveFor("explore");
  frame();
  tour.close();
  assert.equal(tour.away, false);
});

test("a lesson that an address names and that is not there is the first", async () => {
  const { store, tour } = await begin("score");
  for (const lesson of [99, -1, "x", null]) {
    store.setLesson(lesson);
    assert.equal(tour.lesson.id, LESSONS[0].id);
  }
});

test("lessons kept as done are shown as done, unknown ones are forgotten, and starting over forgets all", async () => {
  const kept = ["score", "gone"];
  const { tour } = await begin("score", { kept });
  assert.deepEqual([...tour.done], ["score"]);
  assert.equal(standing(tour).done, true);
  assert.equal(tour.goal.done, false);
  tour.startOver();
  assert.deepEqual(kept, []);
});

test("a late evaluation of a model no longer chosen is dropped", async () => {
  const frames = [];
  const store = new Store((callback) => frames.push(callback));
  const answers = {};
  const progress = { read: () => [], write: () => {} };
  const evaluate = (model) => new Promise((resolve) => (answers[model] = resolve));
  const tour = new Tour(store, { progress, evaluate });
  const frame = () => frames.splice(0).forEach((callback) => callback());
  store.setTab("learn");
  for (const model of ["slow", "quick"]) (store.setModel(model), frame());
  answers.quick({ ...FACTS, model: "quick" });
  await new Promise(setImmediate);
  answers.slow({ ...FACTS, model: "slow" });
  await new Promise(setImmediate);
  assert.equal(tour.facts.model, "quick");
});

test("an image reaches the exits that some threshold sends it to", () => {
  assert.deepEqual(reachable(makeTrace(), "confidence", RULES.confidence), [0, 1, 2]);
  assert.deepEqual(reachable(sure.trace, "confidence", RULES.confidence), [0, 2]);
  assert.deepEqual(reachable(makeTrace({ scores: {} }), "confidence", RULES.confidence), [2]);
  assert.equal(thresholdFor(makeTrace(), "confidence", RULES.confidence, 1), 0.505);
  assert.equal(thresholdFor(sure.trace, "confidence", RULES.confidence, 1), null);
});

test("an image that always leaves at one exit sends the reader to another", async () => {
  const stuck = { ...sure, trace: makeTrace({ scores: { confidence: [1, 1, 1] } }) };
  const { tour } = await begin("score", { example: stuck });
  assert.equal(tour.goal.kind, "stuck");
  assert.match(taskText(tour), /whatever the threshold/);
});

test("overthinking is told by what the exits within reach answer", () => {
  const trace = makeTrace(); // answers Sneaker, Ankle boot, Ankle boot
  assert.deepEqual(overthought(trace, 7, [0, 1, 2]), { kind: "destructive", exits: [0] });
  assert.deepEqual(overthought(trace, 9, [0, 1, 2]), { kind: "changes", exits: [0] });
  assert.deepEqual(overthought(trace, null, [0, 2]), { kind: "changes", exits: [0] });
  assert.deepEqual(overthought(trace, 7, [1, 2]), { kind: "calm", exits: [1] });
});

test("a goal that is met from the start is given, not done; it is done once met anew", () => {
  const memory = {};
  assert.deepEqual(reached(memory, true, "a"), { done: false, given: true });
  assert.deepEqual(reached(memory, false, "a"), { done: false, given: false });
  assert.deepEqual(reached(memory, true, "a"), { done: true, given: false });
  assert.deepEqual(reached(memory, true, "b"), { done: false, given: true });
});

test("the lesson on grains is done once the picture was read by class and in the coarsest groups", async () => {
  const { store, tour, frame } = await begin("grain");
  const pair = { class_count: 2, classes: [{ index: 0, label: "shoe" }], predicted: [0, 0, 0], rules: {} };
  const coarse = { ...pair, probabilities: [[0.99], [0.99], [0.99]], scores: { confidence: [0.99, 0.99, 0.99] } };
  const readings = { pairs: { ...coarse, predicted: store.rawTrace.exits.map(() => 0) } };
  store.show({ ...store.rawExample, trace: { ...store.rawTrace, readings }, maps: [] });
  const groups = lost.trace.classes.map(() => 0);
  store.setGrains([{ name: "pairs", title: "2 pairs", labels: ["shoe", "top"], groups, thresholds: {}, opens: false }]);
  frame();
  assert.equal(tour.goal.done, false);
  store.setGrain("pairs");
  frame();
  assert.equal(tour.goal.done, true);
  assert.equal(tour.goal.second, "shoe");
  assert.equal(tour.goal.second_block, store.rawTrace.exits[0].block);
});
