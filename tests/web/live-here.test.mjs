// Live on a page with a server: the server answers until the network is in this browser, and where it never is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveHere } from "../../explorer/web/widgets/live/here.js";

globalThis.document = { baseURI: "https://host.example/some/path/" };
globalThis.createImageBitmap = async (frame) => `copy of ${frame}`;

const FILES = { address: "gradio_api/explorer/network/", models: { m: {} }, runtime: {} };
const QUESTION = { model: "m", rule: "confidence", thresholds: 0.8, plain: true };

/** A page whose server hands its network out, or says why not, and whose worker answers when the test lets it. */
function page(handed, first) {
  const asked = { server: [], worker: [], made: [], ended: 0 };
  const server = {
    live_network: async () => handed,
    live: async ({ frame }) => {
      asked.server.push(frame);
      return { from: "server" };
    },
  };
  const make = (address, manifest) => {
    asked.made.push({ address: String(address), manifest });
    return {
      end: () => asked.ended++,
      ask: async (name, { frame, plain }, transfer) => {
        asked.worker.push({ name, frame, plain, transfer });
        return asked.worker.length === 1 ? first : { from: "here", runs: { kind: "wasm", threads: 1, why: "no_card" } };
      },
    };
  };
  const here = new LiveHere(server, async (frame) => `uri of ${frame}`, make);
  return { asked, live: (frame, model = "m") => here.live({ ...QUESTION, model, frame }) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("the server answers while the network comes, and this browser from then on", async () => {
  let arrive;
  const { asked, live } = page(FILES, new Promise((resolve) => (arrive = resolve)));
  assert.deepEqual(await live("a"), { from: "server", runs: { kind: "server", why: "coming" } });
  assert.deepEqual(await live("b"), { from: "server", runs: { kind: "server", why: "coming" } });
  arrive({ from: "here" });
  await settled();
  assert.equal((await live("c")).from, "here");
  assert.deepEqual(asked.server, ["uri of a", "uri of b"]);
  assert.deepEqual(asked.worker, [
    { name: "live", frame: "copy of a", plain: false, transfer: ["copy of a"] },
    { name: "live", frame: "c", plain: true, transfer: ["c"] },
  ]);
  assert.deepEqual(asked.made, [
    {
      address: "https://host.example/some/path/gradio_api/explorer/network/worker/worker.js",
      manifest: { models: FILES.models, runtime: FILES.runtime },
    },
  ]);
});

test("another model's network takes the place of the one before", async () => {
  const { asked, live } = page(FILES, { from: "here" });
  await live("a");
  await settled();
  await live("b", "other");
  assert.equal(asked.ended, 1);
  await settled();
  assert.equal((await live("c", "other")).from, "here");
  assert.equal(asked.made.length, 2);
});

for (const [name, handed, first] of [
  ["hands nothing out", { error: "Not from here." }, null],
  ["hands out what this browser cannot run", FILES, { error: "Not from here." }],
]) {
  test(`a server that ${name} answers on, and the sentence says why`, async () => {
    const { asked, live } = page(handed, first);
    await live("a");
    await settled();
    assert.deepEqual(await live("b"), { from: "server", runs: { kind: "server", why: "Not from here." } });
    assert.equal(asked.ended, asked.made.length); // nothing is left running
  });
}
