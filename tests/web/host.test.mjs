// What a visitor brings stays theirs: through a change of model, a slow server, and one that does not answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ask } from "../../explorer/web/widgets/ask.js";
import { Host } from "../../explorer/web/widgets/host.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { makeTrace, RULES } from "./helpers.mjs";

const FILE = { path: "/uploads/mine.png" };
const trace = (model) => makeTrace({ model });
const exampleOf = (model) => ({ id: "shoe", title: "Shoe", label: null, image: "data:shoe", saw: "", trace: trace(model) });

/** A page at model A, and a server whose answers wait until the test lets them go. */
async function page() {
  const store = new Store((callback) => queueMicrotask(callback));
  const waiting = [];
  const answers = {
    examples_of: ({ model }) => ({ model, reference: "labels", rules: RULES, examples: [exampleOf(model)] }),
    analyse: ({ model }) => ({ model, title: "your image", image: "data:mine", saw: "", trace: trace(model) }),
    example: ({ model, id }) => ({ model, id, title: "Small", image: "data:whole", saw: "data:saw", trace: trace(model) }),
    analyse_again: ({ model }) => ({ model, image: "data:bare", saw: "data:saw", note: "", trace: trace(model) }),
  };
  const server = Object.fromEntries(
    Object.keys(answers).map((name) => [
      name,
      (asked) => new Promise((done, fail) => waiting.push({ name, asked, fail, go: (a = answers[name](asked)) => done(a) })),
    ]),
  );
  const address = { readView: () => ({}), follow() {}, failModel() {} };
  const start = answers.examples_of({ model: "A" });
  globalThis.window = { ExitExplorer: { store, start, address } };
  const host = new Host(server);
  await host.begin();
  return { store, host, waiting, answers };
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** Lets everything that waits go, and what is asked because of it. */
async function goAll(waiting) {
  await settle();
  while (waiting.length) {
    waiting.shift().go();
    await settle();
  }
}

test("a visitor's picture stays when another model is chosen, and is that model's", async () => {
  const { store, host, waiting } = await page();
  const taken = host.take(FILE);
  assert.equal(store.busy, true);
  await goAll(waiting);
  await taken;
  assert.deepEqual([store.example.id, store.trace.model, store.busy], ["upload-1", "A", false]);

  const chosen = host.choose("B");
  await settle();
  assert.deepEqual([store.model, store.trace.model, store.busy], ["A", "A", true]); // both change together, or not yet
  await goAll(waiting);
  await chosen;
  assert.deepEqual([store.model, store.example.id, store.trace.model, store.busy], ["B", "upload-1", "B", false]);
});

test("an example gives way to the other model's own", async () => {
  const { store, host, waiting } = await page();
  const chosen = host.choose("B");
  await settle();
  assert.deepEqual(waiting.map(({ name }) => name), ["examples_of"]);
  await goAll(waiting);
  await chosen;
  assert.deepEqual([store.model, store.example.id, store.trace.model], ["B", "shoe", "B"]);
});

test("an example that the other model has too stays, analysed by that model", async () => {
  const { store, host, waiting, answers } = await page();
  const bare = { id: "hat", title: "Hat", image: "data:bare", label: null };
  const of = answers.examples_of;
  answers.examples_of = (asked) => ({ ...of(asked), examples: [of(asked).examples[0], { ...bare, trace: null }] });
  store.setExamples([...store.rawExamples, { ...bare, trace: store.trace }]);
  store.show(store.rawExamples[1]);
  const chosen = host.choose("B");
  await goAll(waiting);
  await chosen;
  await goAll(waiting);
  assert.deepEqual([store.model, store.example.id, store.trace.model, store.busy], ["B", "hat", "B", false]);
});

test("an example chosen while another model is on its way is the one that model then shows", async () => {
  const { store, host, waiting, answers } = await page();
  const hat = { id: "hat", title: "Hat", image: "data:hat", label: null, saw: "", maps: [] };
  const of = answers.examples_of;
  answers.examples_of = (asked) => ({ ...of(asked), examples: [...of(asked).examples, { ...hat, trace: null }] });
  store.setExamples([...store.rawExamples, { ...hat, trace: store.trace }]);
  const chosen = host.choose("B");
  await settle();
  store.show(store.rawExamples[1]);
  await goAll(waiting);
  await chosen;
  await goAll(waiting);
  assert.deepEqual([store.model, store.example.id, store.trace.model, store.busy], ["B", "hat", "B", false]);
});

test("an answer about model A that comes after B was chosen is not shown, and B is asked for the picture", async () => {
  const { store, host, waiting } = await page();
  host.take(FILE);
  await settle();
  const late = waiting.shift();
  const chosen = host.choose("B");
  await goAll(waiting);
  await chosen;
  assert.deepEqual([store.model, store.example.id, store.trace.model], ["B", "upload-1", "B"]);
  const shown = store.trace;
  late.go();
  await settle();
  assert.equal(store.trace, shown);
});

test("a map of model A is not taken for model B's, though the picture is the same", async () => {
  const { store, host, waiting } = await page();
  host.take(FILE);
  await goAll(waiting);
  const question = { method: "grad-cam", exit: 0, classes: [9] };
  const map = { grid: [1, 1], axes: {}, signed: false, units: "logit", evidence: null, peak: 1, data: "/w==" };
  const { owner } = store.maps;
  host.choose("B");
  await goAll(waiting);
  assert.equal(store.maps.get(question), undefined);
  store.maps.put(owner, question, { map }); // an answer about A that comes late
  assert.equal(store.maps.get(question), undefined);
  store.maps.put(store.maps.owner, question, { map });
  assert.equal(store.maps.get(question).map, map);
});

test("whatever goes wrong ends in a sentence, and the busy sign ends", async () => {
  const { store, host, waiting } = await page();
  for (const wrong of [(w) => w.fail(new Error("killed")), (w) => w.go({ error: "This file is empty; choose another one." })]) {
    const taken = host.take(FILE);
    await settle();
    wrong(waiting.shift());
    await taken;
    assert.match(store.message, /^[A-Z].*\.$/);
    assert.deepEqual([store.busy, store.example.id, store.trace.model], [false, "shoe", "A"]);
  }
  const chosen = host.choose("B");
  await settle();
  waiting.shift().go({ error: "The model 'B' is not here." });
  await chosen;
  assert.deepEqual([store.model, store.message, store.busy], ["A", "The model 'B' is not here.", false]);
});

test("a picture that the new model cannot analyse leaves the model open, and says why", async () => {
  const { store, host, waiting } = await page();
  host.take(FILE);
  await goAll(waiting);
  const chosen = host.choose("B");
  await settle();
  waiting.shift().go();
  await settle();
  waiting.shift().go({ error: "One of these files is not here any more; send them again." });
  await chosen;
  assert.deepEqual([store.model, store.example.id], ["B", "shoe"]);
  assert.match(store.message, /send them again/);
});

test("an example without a trace is analysed when it is chosen", async () => {
  const { store, host, waiting } = await page();
  store.setExamples([exampleOf("A"), { id: "bare", title: "Bare", label: null, image: "data:bare", trace: null }]);
  const opened = host.open("bare");
  await goAll(waiting);
  await opened;
  assert.deepEqual([store.example.id, store.example.saw, store.busy], ["bare", "data:saw", false]);
  assert.equal(store.examples[1].trace.model, "A");
});

test("an example that came short is whole once it is shown, and a map of views below comes with it", async () => {
  const { store, waiting } = await page();
  const short = { id: "small", title: "Small", label: null, image: "data:thumb", short: true, trace: trace("A") };
  store.setExamples([exampleOf("A"), short]);
  store.show(short);
  await settle();
  assert.deepEqual(waiting.map(({ name, asked }) => [name, asked]), [["example", { model: "A", id: "small" }]]);
  assert.equal(store.example.saw, null);
  await goAll(waiting);
  assert.deepEqual([store.example.id, store.example.saw, store.example.image, store.busy], ["small", "data:saw", "data:whole", false]);
  assert.equal(store.examples[1].short, undefined);
});

test("a choice that a newer one has overtaken asks nothing more of the picture", async () => {
  const { store, host, waiting } = await page();
  const taken = host.take(FILE);
  await goAll(waiting);
  await taken;
  const chosen = [host.choose("B"), host.choose("B")];
  const [first, second] = waiting.splice(0); // Gradio's picker may tell twice, and answers overtake each other
  assert.deepEqual([first.name, second.name], ["examples_of", "examples_of"]);
  second.go();
  await settle();
  first.go();
  await settle();
  assert.deepEqual(waiting.map(({ name }) => name), ["analyse"]);
  await goAll(waiting);
  await Promise.all(chosen);
  assert.deepEqual([store.model, store.example.id, store.trace.model, store.message], ["B", "upload-1", "B", null]);
});

/** An answer whose trace is there and whose pictures and maps come when `go` is called. */
function inParts(model) {
  let go, fail;
  const rest = new Promise((done, failed) => ([go, fail] = [done, failed]));
  rest.catch(() => {});
  return { go, fail, first: { model, title: "your image", trace: trace(model), short: true, rest } };
}
const REST = { image: "data:mine", saw: "data:seen", maps: [] };

/** A page that shows a picture whose trace alone is there. */
async function shownInPart(file = FILE) {
  const all = await page();
  const part = inParts("A");
  const taken = all.host.take(file);
  await settle();
  all.waiting.shift().go(part.first);
  await settle();
  return { ...all, ...part, taken };
}

test("the ladder stands as soon as there is a trace, and pictures and maps are added to it", async () => {
  const { store, first, go, taken } = await shownInPart();
  assert.deepEqual([store.example.id, store.rawTrace, store.busy], ["upload-1", first.trace, true]);
  assert.deepEqual([store.rawExample.short, store.example.saw, store.uploads.length], [true, null, 0]);
  go(REST);
  await taken;
  assert.equal(store.busy, false);
  assert.deepEqual([store.rawExample.short, store.example.saw, store.uploads.length], [undefined, "data:seen", 1]);
  assert.equal(store.rawTrace, first.trace);
});

test("pictures and maps that come when another example is shown do not take its place", async () => {
  const { store, go, taken } = await shownInPart();
  store.show(store.rawExamples[0]);
  go(REST);
  await taken;
  assert.deepEqual([store.example.id, store.uploads.length], ["shoe", 1]);
});

test("a picture that fails behind one that is not whole yet leaves that one, which gets its maps, and says why", async () => {
  const { store, host, waiting, go, taken } = await shownInPart();
  const bad = host.take(FILE);
  await settle();
  go(REST);
  await taken;
  assert.deepEqual([store.example.id, store.example.saw, store.busy], ["upload-1", "data:seen", true]);
  waiting.shift().go({ error: "This file is empty; choose another one." });
  await bad;
  assert.deepEqual([store.example.id, store.busy], ["upload-1", false]);
  assert.match(store.message, /empty/);
});

for (const [what, end] of [
  ["a connection that breaks off", ({ fail }) => fail(new Error("network"))],
  ["a mistake of the server", ({ go }) => go({ error: "The server made a mistake; try again." })],
]) {
  test(`${what} behind a trace ends in a sentence, and the picture stays the visitor's`, async () => {
    const shown = await shownInPart();
    const { store, host, waiting, taken } = shown;
    end(shown);
    await taken;
    assert.match(store.message, /^[A-Z].*\.$/);
    assert.deepEqual([store.busy, store.example.id, store.rawExample.short, store.uploads.length], [false, "upload-1", undefined, 1]);
    const chosen = host.choose("B");
    await goAll(waiting);
    await chosen;
    assert.deepEqual([store.model, store.example.id, store.trace.model], ["B", "upload-1", "B"]);
  });
}

test("of a picture that the browser shows itself, no address is left behind", async () => {
  const { createObjectURL, revokeObjectURL } = URL;
  const live = new Set();
  URL.createObjectURL = () => (live.add(`blob:${live.size}`), `blob:${live.size - 1}`);
  URL.revokeObjectURL = (address) => live.delete(address);
  try {
    const file = new File(["x"], "x.png", { type: "image/png" });
    const { store, go, taken } = await shownInPart(file);
    assert.deepEqual([store.example.image, live.size], ["blob:0", 1]);
    go(REST);
    await taken;
    assert.deepEqual([store.example.image, live.size], ["data:mine", 0]);

    const other = await page();
    const first = other.host.take(file);
    await settle();
    const second = other.host.take(FILE); // before the first one's trace has come
    await settle();
    other.waiting.shift().go(inParts("A").first);
    await goAll(other.waiting);
    await Promise.all([first, second]);
    assert.equal(live.size, 0);
  } finally {
    Object.assign(URL, { createObjectURL, revokeObjectURL });
  }
});

test("an answer about another model, and none at all, are no answers", async () => {
  globalThis.window = { ExitExplorer: { server: { other: async () => ({ model: "A" }), never: () => new Promise(() => {}) } } };
  await assert.rejects(ask("other", { model: "B" }), /did not answer/);
  await assert.rejects(ask("never", {}, 5), /did not answer/);
  assert.deepEqual(await ask("other", { model: "A" }), { model: "A" });
});
