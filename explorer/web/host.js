// Ties the widgets to Gradio: what the page starts with, a chosen model, an upload's result, and their questions.
// `element`, `trigger`, `server` and `watch` are what gr.HTML hands its js_on_load.

const { store } = window.ExitExplorer;
window.ExitExplorer.server = server; // for widgets/ask.js

function open({ model, rules, examples }) {
  store.setModel(model);
  store.setRules(rules);
  store.setExamples(examples);
  // They come ordered by exit: one from the middle is neither too easy nor too hard to tell the story.
  if (examples.length > 0) store.show(examples[Math.floor(examples.length / 2)]);
}

let uploads = 0;

window.ExitExplorer.host = {
  open,
  /** An upload is on its way: show that something happens. */
  await: () => store.setBusy(true),
  /** The server's answer to an upload, or its one sentence why not. */
  receive(answer) {
    if (!answer) store.setBusy(false);
    else if (answer.error) store.setMessage(answer.error);
    else store.show({ ...answer, id: `upload-${++uploads}` });
  },
  /** The server's answer to a chosen model. */
  opened(answer) {
    if (answer?.error) store.setMessage(answer.error);
    else if (answer) open(answer);
  },
};

document.addEventListener("explain", async ({ detail: { exit, class: target, id } }) => {
  const example = store.example;
  try {
    const map = await server.explain({ model: store.model, saw: example.saw, exit, class: target });
    if (map.error) store.failSaliency(exit, target, map.error, id);
    else store.addSaliency({ ...map, id });
  } catch {
    store.failSaliency(exit, target, "The server did not answer; choose the class again to retry.", id);
  }
});

window.ExitExplorer.host.opened(window.ExitExplorer.start);
