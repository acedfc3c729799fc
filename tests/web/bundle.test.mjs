// The page inlines all modules as one script; these tests hold the files to what that takes.

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

/** The script as the page has it, and the modules that index.js reaches. */
function bundle() {
  const python = "from explorer.web.script import widgets_script; print(widgets_script())";
  const run = spawnSync("python", ["-c", python], { cwd: fileURLToPath(new URL("../../", import.meta.url)) });
  assert.equal(run.status, 0, run.stderr.toString());
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const [, path] of sources.get(name).matchAll(IMPORT)) visit(posix.join(posix.dirname(name), path));
  };
  visit("index.js");
  return { text: run.stdout.toString(), names: [...reached] };
}

test("index.js reaches every module", () => {
  assert.deepEqual(bundle().names.sort(), [...files].sort());
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

test("all modules together are one valid script", () => {
  assert.doesNotThrow(() => new vm.Script(bundle().text));
});

test("running the script twice defines each element once and keeps the store and the host's settings", () => {
  const defined = new Map();
  const customElements = {
    get: (name) => defined.get(name),
    define: (name, constructor) => {
      assert.ok(!defined.has(name), `${name} defined twice`);
      defined.set(name, constructor);
    },
  };
  const window = { ExitExplorer: { language: "de" } };
  const context = vm.createContext({ window, customElements, HTMLElement: class {}, console });
  vm.runInContext(bundle().text, context);
  const { store, decide } = window.ExitExplorer;
  vm.runInContext(bundle().text, context);
  assert.equal(window.ExitExplorer.store, store);
  assert.equal(window.ExitExplorer.language, "de");
  assert.equal(decide([0.1, 0.9, 0.2], 0.5), 1);
  const names = [
    "answer-card",
    "attention-view",
    "cost-meter",
    "cost-table",
    "depth-chart",
    "example-strip",
    "exit-ladder",
    "heat-picture",
    "rule-controls",
    "saliency-view",
    "score-curve",
    "why-tabs",
  ];
  for (const name of names) assert.ok(defined.has(name), name);
});

test("the shipped examples keep the contract of a trace", () => {
  const home = new URL("../../assets/examples/fashion/examples.json", import.meta.url);
  const { examples } = JSON.parse(readFileSync(home));
  assert.ok(examples.length >= 12);
  for (const { trace } of examples) assert.equal(checkTrace(trace), trace);
});
