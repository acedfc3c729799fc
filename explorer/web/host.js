// Ties the widgets to Gradio: what the page starts with, a chosen model, an upload's result, and their questions.
// `element`, `trigger`, `server` and `watch` are what gr.HTML hands its js_on_load.

const { address, openModel, start, store, wantedModel } = window.ExitExplorer;
window.ExitExplorer.server = server; // for widgets/ask.js

/** The first view: what the link asks for, or what the page starts with. */
async function begin() {
  const answer = (await linkedModel()) ?? start;
  if (answer.error) store.setMessage(answer.error);
  else if (!store.model) openModel(store, answer, address.readView(answer)); // unless a visitor was quicker
  address.follow();
  if (store.model !== start.model) trigger("submit"); // the picker still shows the model the page starts with
}

/** What the server says of the model that the link asks for, or null. */
async function linkedModel() {
  if (!wantedModel || wantedModel === start.model) return null;
  store.setBusy(true);
  try {
    const answer = await server.examples_of({ model: wantedModel });
    if (!answer.error) return answer;
    address.failModel(wantedModel, answer.error);
  } catch {
    address.failModel(wantedModel, "the server did not answer.");
  }
  return null;
}

let uploads = 0;

window.ExitExplorer.host = {
  /** An upload is on its way: show that something happens. */
  await: () => store.setBusy(true),
  /** The server's answer to an upload, or its one sentence why not. */
  receive(answer) {
    if (!answer) store.setBusy(false);
    else if (answer.error) store.setMessage(answer.error);
    else {
      const upload = { ...answer, id: `upload-${++uploads}`, model: store.model };
      store.addUpload(upload);
      store.show(upload);
    }
  },
  /** The server's answer to a chosen model. */
  opened(answer) {
    if (answer?.error) store.setMessage(answer.error);
    else if (answer) openModel(store, answer);
  },
};

begin();
// For the bench: a timer set in a frame runs once that frame has been painted.
requestAnimationFrame(() => setTimeout(() => performance.mark("first-example")));
