// Scripts that come late: which a tab asks for, what is said where they do not come, and what is lost meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Host } from "../../explorer/web/widgets/host.js";
import { followTabs, loadOpen, loadTab } from "../../explorer/web/widgets/parts.js";
import { Store } from "../../explorer/web/widgets/store.js";

const settle = () => new Promise((done) => setTimeout(done));
let number = 0;

/** A page whose scripts come, or fail, when the test says so. Every page has addresses of its own. */
function page(hash = "") {
  const at = (part) => `${number}/${part}.js`;
  number += 1;
  const asked = [];
  globalThis.window = new EventTarget();
  const parts = Object.fromEntries(["explain", "about", "learn", "batch", "tune"].map((part) => [part, at(part)]));
  window.ExitExplorer = { files: { parts } };
  globalThis.location = { hash };
  globalThis.requestAnimationFrame = (done) => done();
  const node = new EventTarget();
  globalThis.document = Object.assign(node, {
    createElement: () => ({ remove() {} }),
    head: { append: (script) => asked.push(script) },
  });
  const store = new Store((callback) => queueMicrotask(callback));
  const names = () => asked.map(({ src }) => src.split("/")[1].replace(".js", ""));
  return { store, asked, names };
}

test("Learn asks for what its lessons show besides, other tabs for their own", async () => {
  const { asked, names } = page();
  const learn = loadTab("learn");
  assert.deepEqual(names().sort(), ["about", "explain", "learn"]);
  asked.forEach((script) => script.onload());
  await learn;
  loadTab("tune");
  loadTab("explore"); // which has come with Learn
  assert.deepEqual(names().slice(3), ["tune"]);
});

test("a script that does not come is said so, and asked for again", async () => {
  const { store, asked } = page();
  store.setTab("tune");
  const first = loadOpen(store);
  asked[0].onerror();
  await first;
  assert.equal(store.late, "page.part_failed");
  const second = loadOpen(store);
  assert.equal(asked.length, 2);
  asked[1].onload();
  await second;
  assert.equal(store.late, null);
});

test("what is said of a tab is not said of the next", async () => {
  const { store, asked } = page();
  followTabs(store);
  store.setTab("tune");
  await settle();
  asked.at(-1).onerror();
  await settle();
  assert.equal(store.late, "page.part_failed");
  store.setTab("explore");
  await settle();
  assert.equal(store.late, null);
});

test("an address that names a glossary entry opens Learn, at once and later", async () => {
  const { store, names } = page("#glossary-exit");
  followTabs(store);
  assert.equal(store.tab, "learn");
  assert.ok(names().includes("learn"));
  store.setTab("explore");
  location.hash = "#glossary-grain";
  window.dispatchEvent(new Event("hashchange"));
  assert.equal(store.tab, "learn");
});

test("files dropped in Batch before its script has come wait for it", async () => {
  const { store, asked } = page();
  window.ExitExplorer.store = store;
  const host = new Host({});
  const heard = [];
  document.addEventListener("batch-files", ({ detail }) => heard.push(detail));
  const given = host.receiveFiles([{ path: "a" }]);
  await settle();
  assert.deepEqual(heard, []);
  asked[0].onload();
  await given;
  assert.deepEqual(heard, [[{ path: "a" }]]);
});
