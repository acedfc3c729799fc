// Connects the widgets to Gradio: its server answers them, its picker and drop zones report what a visitor chose.
// `element`, `trigger`, `server` and `watch` are what gr.HTML passes to its js_on_load.

/** The page's own files load beside Gradio's, in their order; either may be first. */
async function loaded() {
  while (!window.ExitExplorer?.Host) await new Promise((done) => setTimeout(done, 20));
}

loaded().then(() => {
  const { Host, LiveHere, analyseSent, canBeSent, start, store, takeFiles } = window.ExitExplorer;

  /** A File as the question `analyse` takes it: unchanged, or if it is large, uploaded as Gradio's drop zone does. */
  async function send(file) {
    if (canBeSent(file)) return file;
    const form = new FormData();
    form.append("files", file, file.name);
    const headers = { "Accept-Language": store.language };
    const answer = await fetch("gradio_api/upload", { method: "POST", body: form, headers }).catch(() => null);
    if (!answer?.ok) {
      const { error } = (await answer?.json().catch(() => null)) ?? {};
      throw new Error(error ?? window.ExitExplorer.t("page.no_answer"));
    }
    const [path] = await answer.json();
    return { path, orig_name: file.name, meta: { _type: "gradio.FileData" } };
  }

  /** A frame of the Live tab as the server takes it: a small picture as a data URI. */
  async function uriOf(bitmap) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    // A picture as small as a network's input would lose its detail as a JPEG.
    return canvas.width <= 100 ? canvas.toDataURL("image/png") : canvas.toDataURL("image/jpeg", 0.85);
  }

  // Gradio's `server` creates its functions when they are first accessed.
  const here = new LiveHere(server, uriOf);
  let latest = null; // ends the question about a picture whose trace is still to come
  const own = {
    live: (question) => here.live(question),
    /** A question about a picture that is not analysed yet is aborted once another picture is sent. */
    analyse(question) {
      latest?.abort();
      if (!canBeSent(question.picture)) return server.analyse(question);
      const mine = (latest = new AbortController());
      const asked = { language: store.language, signal: mine.signal };
      return analyseSent(question, asked).finally(() => latest === mine && (latest = null));
    },
  };
  const asked = new Proxy(server, { get: (all, name) => own[name] ?? all[name] });

  /** The picker shows the page's model: one from a link, or the last one if another did not open. */
  const settle = (chosen) => store.model !== chosen && trigger("submit");

  const host = new Host(asked, { send });
  takeFiles(document, (file) => host.take(file));
  window.ExitExplorer.host = {
    take: (file) => host.take(file),
    choose: (model) => host.choose(model).then(() => settle(model)),
    receiveFiles: (files) => host.receiveFiles(files),
  };
  document.addEventListener("choose-model", ({ detail }) => host.choose(detail).then(() => trigger("submit")));
  host.begin().then(() => settle(start.model));
  // For the bench: a timer set in a frame runs once that frame has been painted.
  requestAnimationFrame(() => setTimeout(() => performance.mark("first-example")));
});
