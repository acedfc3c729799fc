// The address follows the page: a pause after the last change, a history entry for a tab, and the way back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Address } from "../../explorer/web/widgets/address.js";
import { openModel } from "../../explorer/web/widgets/open-model.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { setStrings, useLanguage } from "../../explorer/web/widgets/strings.js";
import { makeTrace, RULES } from "./helpers.mjs";

const EXAMPLES = [{ id: "a", title: "Boot", image: "x", trace: makeTrace() }];

/** A window with a history of addresses; `back()` does what the button does. */
function fakeWindow(search) {
  const listeners = {};
  const entries = [search];
  const page = {
    calls: [],
    location: { origin: "https://host", pathname: "/app/", hash: "#h", search },
    addEventListener: (name, listener) => (listeners[name] = listener),
    back() {
      entries.pop();
      page.location.search = entries.at(-1);
      listeners.popstate();
    },
  };
  const go = (how, put) => (state, _, address) => {
    page.calls.push([how, address, state]);
    page.location.search = address.replace("/app/", "").replace("#h", "");
    put(page.location.search);
  };
  page.history = {
    state: { sveltekit: 7 },
    replaceState: go("replace", (to) => entries.splice(-1, 1, to)),
    pushState: go("push", (to) => entries.push(to)),
  };
  return page;
}

/** A page opened at an address, its timers in the test's hands. */
function opened(t, search = "") {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  setStrings({ en: {}, de: {} });
  const store = new Store(() => {}); // a test has its changes told by flush
  const page = fakeWindow(search);
  store.keep({ models: [{ name: "toy", title: "Toy" }] });
  const address = new Address(store, { model: "toy", language: "en" }, page);
  const model = address.readPage();
  const answer = { model: "toy", rules: RULES, examples: EXAMPLES };
  openModel(store, answer, address.readView(answer));
  store.flush();
  address.follow();
  t.after(() => useLanguage("en"));
  return { store, page, address, model, tick: (ms) => t.mock.timers.tick(ms) };
}

test("a drag is written once, 250 ms after its last move", (t) => {
  const { store, page, tick } = opened(t);
  for (let step = 1; step <= 20; step++) {
    store.setThresholds(0.3 + step / 100);
    store.flush();
    tick(240);
  }
  assert.deepEqual(page.calls, []);
  tick(10);
  assert.deepEqual(page.calls, [["replace", "/app/?threshold=0.5#h", { sveltekit: 7 }]]);
});

test("a tab is a step one can go back on, and the way back keeps what was set meanwhile", (t) => {
  const { store, page, tick } = opened(t, "?x=1");
  store.setTab("tune");
  store.flush();
  assert.deepEqual(page.calls.at(-1).slice(0, 2), ["push", "/app/?x=1&tab=tune#h"]);
  store.setThresholds(0.4);
  store.flush();
  tick(250);
  page.back();
  store.flush();
  assert.equal(store.tab, "explore");
  tick(250);
  assert.equal(page.location.search, "?x=1&threshold=0.4");
  assert.equal(page.calls.filter(([how]) => how === "push").length, 1);
});

test("a link's tab, language, lesson and view are taken over, and a good link is not rewritten", (t) => {
  const { store, page, tick } = opened(t, "?tab=learn&threshold=0.5&exit=8&lesson=2&lang=de");
  assert.deepEqual(
    [store.tab, store.language, store.lesson, store.thresholds, store.selected],
    ["learn", "de", 1, 0.5, 1],
  );
  assert.equal(store.note, null);
  tick(1000);
  assert.deepEqual(page.calls, []);
});

test("what is bad is noted once, from both readings, and leaves the address", (t) => {
  const { store, page, model } = opened(t, "?tab=x&model=y&rule=z&keep=me");
  assert.equal(model, null);
  assert.deepEqual(
    store.note.map(({ key }) => key),
    ["link.no_tab", "link.no_model", "link.no_rule"],
  );
  assert.equal(page.location.search, "?keep=me");
  assert.deepEqual(
    page.calls.map(([how]) => how),
    ["replace"],
  );
});

test("the address to hand on is up to date at once, and without what is for this visitor alone", (t) => {
  const { store, address } = opened(t, "?__theme=dark&__sign=secret&keep=me");
  store.setThresholds(0.5);
  assert.equal(address.share(), "https://host/app/?keep=me&threshold=0.5");
});
