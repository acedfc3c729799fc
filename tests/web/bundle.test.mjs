// The page inlines all modules as one script; these tests hold the files to what that takes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import { checkTrace } from "../../explorer/web/widgets/check.js";
import { WIDGETS } from "./helpers.mjs";

const IMPORT = /^import \{[^}]+\} from "\.\/([\w-]+\.js)";\n/gm;
const files = readdirSync(WIDGETS).filter((name) => name.endsWith(".js"));
const sources = new Map(files.map((name) => [name, readFileSync(new URL(name, WIDGETS), "utf8")]));

/** All sources in dependency order, without imports and exports, as the page has them. */
function bundle() {
  const done = new Set();
  const parts = [];
  const add = (name) => {
    if (done.has(name)) return;
    done.add(name);
    for (const [, needed] of sources.get(name).matchAll(IMPORT)) add(needed);
    parts.push(
      sources
        .get(name)
        .replace(IMPORT, "")
        .replace(/^export /gm, ""),
    );
  };
  add("index.js");
  return { text: `(() => {\n${parts.join("\n")}\n})();`, names: [...done] };
}

test("index.js reaches every module", () => {
  assert.deepEqual(bundle().names.sort(), [...files].sort());
});

for (const [name, source] of sources) {
  test(`${name} can be inlined and opens with what it is for`, () => {
    assert.match(source, /^\/\/ \S/);
    assert.ok(source.split("\n").length <= 260, "long enough to be two files");
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

test("no top-level name is used twice, functions included", () => {
  const names = [...bundle().text.matchAll(/^(?:async )?(?:function|class|const|let) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
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
  const window = { ExitExplorer: { plotlySrc: "/plotly.js" } };
  const context = vm.createContext({ window, customElements, HTMLElement: class {}, console });
  vm.runInContext(bundle().text, context);
  const { store, decide } = window.ExitExplorer;
  vm.runInContext(bundle().text, context);
  assert.equal(window.ExitExplorer.store, store);
  assert.equal(window.ExitExplorer.plotlySrc, "/plotly.js");
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
  assert.deepEqual([...defined.keys()].sort(), names);
});

test("the sample traces keep the contract", () => {
  const samples = JSON.parse(readFileSync(new URL("../browser/static/samples.json", import.meta.url)));
  for (const { trace } of [...samples.fashion, ...samples.deep]) assert.equal(checkTrace(trace), trace);
});
