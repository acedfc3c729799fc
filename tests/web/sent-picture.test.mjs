// A picture sent in one request: its answer in two lines, and what ends it early.

import assert from "node:assert/strict";
import { test } from "node:test";

import { analyseSent, canBeSent } from "../../explorer/web/widgets/sent-picture.js";

const picture = new Blob(["picture"]);
const first = { model: "A", trace: { n: 1 }, short: true };
const later = { image: "data:image", saw: "data:saw", maps: [] };

/** Asks with a `fetch` whose replies are given in turn: text, or an error. */
async function ask(...replies) {
  const asked = [];
  globalThis.fetch = async (address, options) => {
    asked.push([address, options]);
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return new Response(reply);
  };
  const signal = new AbortController();
  return { asked, signal, answer: analyseSent({ model: "a b", picture }, { language: "de", signal: signal.signal }) };
}

test("the trace comes first and the rest behind it", async () => {
  const { asked, answer } = await ask(`${JSON.stringify(first)}\n${JSON.stringify(later)}\n`);
  const { rest, ...said } = await answer;
  assert.deepEqual(said, first);
  assert.deepEqual(await rest, later);
  const [[address, { body, headers }]] = asked;
  assert.equal(address, "gradio_api/explorer/analyse?model=a%20b");
  assert.equal(body, picture);
  assert.deepEqual(headers, { "Content-Type": "application/octet-stream", "Accept-Language": "de" });
});

test("an answer that was kept, and a refusal, are whole", async () => {
  for (const whole of [{ model: "A", trace: {}, maps: [] }, { error: "This picture is too large.", detail: "so" }]) {
    const { answer } = await ask(JSON.stringify(whole));
    assert.deepEqual(await answer, whole);
  }
});

test("an answer that is cut behind its trace fails there, and not before", async () => {
  for (const end of ["", '{"image": "da']) {
    const { answer } = await ask(`${JSON.stringify(first)}\n${end}`);
    const { rest, trace } = await answer;
    assert.deepEqual(trace, first.trace);
    await assert.rejects(rest);
  }
});

test("it is sent once more where there was no reply at all, and never where there was one", async () => {
  const again = await ask(new TypeError("Failed to fetch"), `${JSON.stringify({ model: "A", trace: {} })}`);
  assert.deepEqual(await again.answer, { model: "A", trace: {} });
  assert.equal(again.asked.length, 2);
  const proxy = await ask("<html>502</html>", JSON.stringify(first));
  await assert.rejects(proxy.answer);
  assert.equal(proxy.asked.length, 1);
  const gone = await ask(new TypeError("Failed to fetch"), new TypeError("Failed to fetch"));
  await assert.rejects(gone.answer);
});

test("a small enough file is sent as it is, anything else is not", () => {
  assert.ok(canBeSent(picture));
  assert.ok(!canBeSent(new Blob([new Uint8Array(4_000_001)])));
  assert.ok(!canBeSent({ path: "/uploads/mine.png" }));
});
