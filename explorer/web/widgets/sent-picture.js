// A picture sent unchanged, in one request: its trace comes first, then the other results of the pass (web/sent.py).

const ADDRESS = "gradio_api/explorer/analyse"; // relative to the page, which may be below a path
const MOST_BYTES = 4_000_000; // web/guard.py takes no more in one request; a larger file is stored on the server first

export const canBeSent = (picture) => picture instanceof Blob && picture.size <= MOST_BYTES;

/**
 * `model`'s analysis of a File: {trace, …}, and while pictures and maps are still to come `short` and `rest`, a promise
 * of {image, saw, maps}. {error} if the server refuses it. Throws if it does not answer, or `signal` ends it.
 */
export async function analyseSent({ model, picture }, { language, signal }) {
  const send = () =>
    fetch(`${ADDRESS}?model=${encodeURIComponent(model)}`, {
      method: "POST",
      body: picture,
      headers: { "Content-Type": "application/octet-stream", "Accept-Language": language },
      signal,
    });
  const reply = await send().catch((error) => {
    if (signal.aborted) throw error;
    return send(); // no reply: a kept-alive connection may close just as it is reused
  });
  const reader = reply.body.getReader();
  const next = linesOf(reader);
  const first = JSON.parse(await next());
  const end = () => reader.read().catch(() => {}); // an answer that is not read to its end counts as aborted
  if (!first.short) return end(), first;
  const rest = next().then((line) => (end(), JSON.parse(line)));
  rest.catch(() => {}); // those who wait for it get the error
  return { ...first, rest };
}

/** A function that resolves to the stream's next line, as text; rejects if there is none. */
function linesOf(reader) {
  const decoder = new TextDecoder();
  let text = "";
  return async () => {
    let end;
    while ((end = text.indexOf("\n")) < 0) {
      const { done, value } = await reader.read();
      if (done) {
        if (!text) throw new Error("the answer ended early");
        end = text.length;
        break;
      }
      text += decoder.decode(value, { stream: true });
    }
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return line;
  };
}
