// Ties the widgets to Gradio: its server answers them, its picker and drop zones tell them what a visitor chose.
// `element`, `trigger`, `server` and `watch` are what gr.HTML hands its js_on_load.

const { Host, start, store } = window.ExitExplorer;
const host = new Host(server);
window.ExitExplorer.host = host;
// The picker still shows the model the page starts with, where a link asked for another.
host.begin().then(() => store.model !== start.model && trigger("submit"));
// For the bench: a timer set in a frame runs once that frame has been painted.
requestAnimationFrame(() => setTimeout(() => performance.mark("first-example")));
