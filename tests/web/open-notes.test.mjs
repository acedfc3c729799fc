// What of a model's folder is left out reaches the store with the model, and goes with the next one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openModel } from "../../explorer/web/widgets/open-model.js";
import { Store } from "../../explorer/web/widgets/store.js";

test("a model's notes come with it and leave with it", () => {
  const store = new Store(() => {});
  const rules = { confidence: { title: "Confidence", min: 0, max: 1, step: 0.005, default: 0.5 } };
  const notes = ["This version has no exit rule 'telepathy'; its threshold is left out."];
  openModel(store, { model: "newer", reference: "labels", rules, examples: [], notes });
  assert.deepEqual(store.notes, notes);
  openModel(store, { model: "other", reference: "labels", rules, examples: [] });
  assert.deepEqual(store.notes, []);
});
