// Ties the widgets to Gradio: what the page starts with, a chosen model, an upload's result, and their questions.
// `element`, `trigger`, `server` and `watch` are what gr.HTML hands its js_on_load.

const { store } = window.ExitExplorer;
window.ExitExplorer.server = server; // for widgets/ask.js

function open({ model, reference, rules, examples }) {
  store.setModel(model, reference);
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

window.ExitExplorer.host.opened(window.ExitExplorer.start);
// For the bench: a timer set in a frame runs once that frame has been painted.
requestAnimationFrame(() => setTimeout(() => performance.mark("first-example")));
