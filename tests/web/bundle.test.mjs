// The page joins its modules into a few scripts; these tests hold the files to what that takes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

import { checkTrace } from "../../explorer/web/widgets/check.js";
import { WIDGETS } from "./helpers.mjs";

const IMPORT = /^import \{[^}]+\} from "(\.\.?\/[\w./-]+\.js)";\n/gm;
const files = readdirSync(WIDGETS, { recursive: true }).filter((name) => name.endsWith(".js"));
const sources = new Map(files.map((name) => [name, readFileSync(new URL(name, WIDGETS), "utf8")]));

/** The scripts as the page has them, the first and the parts by name, and the one that stands in the page itself. */
function bundle() {
  const python =
    "import json; from explorer.web.script import first_script, one_script, part_scripts; " +
    "print(json.dumps({'first': first_script(), 'opening': one_script('opening.js'), 'parts': part_scripts()}))";
  const run = spawnSync("python", ["-c", python], { cwd: fileURLToPath(new URL("../../", import.meta.url)) });
  assert.equal(run.status, 0, run.stderr.toString());
  return JSON.parse(run.stdout.toString());
}

const { first, opening, parts } = bundle();

test("every module is reached, by what the page begins with or by a part", () => {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const [, path] of sources.get(name).matchAll(IMPORT)) visit(posix.join(posix.dirname(name), path));
  };
  ["opening.js", "index.js", ...Object.keys(parts).map((part) => `${part}/index.js`)].forEach(visit);
  assert.deepEqual([...reached].sort(), [...files].sort());
});

for (const [name, source] of sources) {
  test(`${name} can be inlined and opens with what it is for`, () => {
    assert.match(source, /^\/\/ \S/);
    assert.ok(source.split("\n").length <= 300, "long enough to be two files");
    const rest = source.replace(IMPORT, "");
    assert.doesNotMatch(rest, /^import\b/m, "an import that is not one line of named relative imports");
    assert.doesNotMatch(source, /^export (default|\*|\{)/m);
    assert.doesNotMatch(source, /^await\b/m);
    assert.ok(!source.includes("</scr" + "ipt"));
    assert.ok(!source.includes("<!-" + "-"), "opens a comment inside a script element");
  });
}

test("each is a valid script", () => {
  for (const text of [first, opening, ...Object.values(parts)]) assert.doesNotThrow(() => new vm.Script(text));
});

/** A page in which the first script has run: its context, its ExitExplorer, and the elements it defined. */
function opened(ExitExplorer) {
  const defined = new Map();
  const customElements = {
    get: (name) => defined.get(name),
    define: (name, constructor) => {
      assert.ok(!defined.has(name), `${name} defined twice`);
      defined.set(name, constructor);
    },
  };
  const window = { ExitExplorer };
  const context = vm.createContext({ window, customElements, HTMLElement: class {}, URLSearchParams, console });
  vm.runInContext(first, context);
  return { context, window, defined };
}

test("the first script run twice defines each element once and keeps the store and the host's settings", () => {
  const { context, window, defined } = opened({ language: "de" });
  const { store, modules, decide } = window.ExitExplorer;
  vm.runInContext(first, context);
  assert.equal(window.ExitExplorer.store, store);
  assert.equal(window.ExitExplorer.modules, modules);
  assert.equal(window.ExitExplorer.language, "de");
  assert.equal(decide([0.1, 0.9, 0.2], 0.5), 1);
  for (const name of ["answer-card", "cost-meter", "example-strip", "exit-ladder", "rule-controls", "score-curve", "why-tabs"]) {
    assert.ok(defined.has(name), name);
  }
  assert.ok(!defined.has("attention-view"));
});

test("the parts define what the tabs are made of, in any order, on the page's own store", () => {
  const { context, window, defined } = opened({});
  for (const part of Object.keys(parts).reverse()) vm.runInContext(parts[part], context);
  const names = ["attention-view", "saliency-view", "depth-chart", "cost-table", "tune-rules", "compare-side", "stress-sweep", "live-view", "batch-table", "lesson-page", "model-card"];
  for (const name of names) assert.ok(defined.has(name), name);
  assert.equal(window.ExitExplorer.modules.m_store.sharedStore, window.ExitExplorer.store);
});

test("every element that a lesson shows is defined by what Learn asks for", async () => {
  const { LESSONS } = await import("../../explorer/web/widgets/learn/lessons.js");
  const { context, defined } = opened({});
  for (const part of ["explain", "about", "learn"]) vm.runInContext(parts[part], context);
  const shown = new Set(LESSONS.flatMap(({ figure }) => figure ?? []));
  assert.ok(shown.size >= 8);
  assert.deepEqual([...shown].filter((name) => !defined.has(name)), []);
});

test("the shipped examples keep the contract of a trace", () => {
  const home = new URL("../../assets/examples/fashion/examples.json", import.meta.url);
  const { examples } = JSON.parse(readFileSync(home));
  assert.ok(examples.length >= 12);
  for (const { trace } of examples) assert.equal(checkTrace(trace), trace);
});
