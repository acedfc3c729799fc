// Rules that need other weights: which model is named for each, and that a click brings the model and then the rule.

import assert from "node:assert/strict";
import { test } from "node:test";

import { madeFor, openWith, rulesElsewhere } from "../../explorer/web/widgets/elsewhere.js";
import { Store } from "../../explorer/web/widgets/store.js";
import { RULES } from "./helpers.mjs";

const MODELS = [
  { name: "photos", title: "Photos", learned: [] },
  { name: "fashion", title: "Garments", learned: ["berxit", "palbert"] },
  { name: "mine", title: "Mine", learned: ["berxit", "jei-dnn"] },
  { name: "sorted", title: "Sorted", learned: [], shared: true },
  { name: "bare", title: "Bare" },
];
const here = (model, rules, rule = "confidence") => ({ model, models: MODELS, rules, rule });

test("each rule the model lacks is named once, with the first model that has it", () => {
  const found = rulesElsewhere(here("photos", { confidence: {} })).map(({ rule, model }) => [rule, model]);
  assert.deepEqual(found, [["berxit", "fashion"], ["palbert", "fashion"], ["jei-dnn", "mine"]]);
  assert.deepEqual(rulesElsewhere(here("fashion", { berxit: {}, palbert: {} })), [{ rule: "jei-dnn", model: "mine", title: "Mine" }]);
  assert.deepEqual(rulesElsewhere(here("fashion", { berxit: {}, palbert: {}, "jei-dnn": {} })), []);
});

test("a rule of one shared read-out names the model that has one, elsewhere only", () => {
  assert.equal(madeFor(here("fashion", {}, "confidence")), null);
  assert.deepEqual(madeFor(here("fashion", {}, "sorted")), { rule: "sorted", model: "sorted", title: "Sorted" });
  assert.equal(madeFor(here("fashion", {}, "mue")).model, "sorted");
  assert.equal(madeFor(here("sorted", {}, "mue")), null);
  assert.equal(madeFor({ ...here("fashion", {}, "mue"), models: MODELS.slice(0, 3) }), null);
});

/** A store and what was dispatched to the document, which a host would answer. */
function opening() {
  const asked = [];
  globalThis.document = { dispatchEvent: ({ detail }) => asked.push(detail) };
  globalThis.CustomEvent ??= class { constructor(type, { detail }) { Object.assign(this, { type, detail }); } }; // prettier-ignore
  const store = new Store(() => {});
  store.setModel("photos");
  store.setRules(RULES);
  store.flush();
  return { store, asked };
}
const MORE = { ...RULES, berxit: { ...RULES.confidence } };

test("the model is opened, and the rule chosen once it is there", () => {
  const { store, asked } = opening();
  openWith(store, { rule: "berxit", model: "fashion" });
  assert.deepEqual(asked, ["fashion"]);
  store.setBusy(true);
  store.flush();
  store.setModel("fashion");
  store.setRules(MORE);
  store.flush();
  assert.equal(store.rule, "berxit");
});

test("whoever chooses another rule or model meanwhile keeps it", () => {
  const { store } = opening();
  openWith(store, { rule: "berxit", model: "fashion" });
  store.setRule("patience");
  store.flush();
  store.setModel("fashion");
  store.setRules(MORE);
  store.flush();
  assert.equal(store.rule, "patience");
});

test("where the model does not open, nothing is chosen later", () => {
  const { store } = opening();
  openWith(store, { rule: "berxit", model: "fashion" });
  store.setMessage("The server is busy; try again in about 3 seconds.");
  store.flush();
  store.setMessage(null);
  store.setModel("fashion");
  store.setRules(MORE);
  store.flush();
  assert.equal(store.rule, "confidence");
});
