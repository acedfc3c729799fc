// Connects the widgets to a worker in this browser and to the files beside the page: no server is involved.

const { Host, kept, NetworkWorker, start, store, t } = window.ExitExplorer;
const { files, runtime } = start.site;
const here = new URL("../", import.meta.url);

// Questions that the worker answers with the network; the others are files.
const COMPUTED = ["analyse", "explain", "gallery_image", "stress", "batch_open", "batch_step", "batch_look", "live"];
const STORED = { examples_of: "opening", evaluated: "evaluated", card: "card", rules_table: "rules_table" };

const loading = new Map(); // a piece -> {done, total} bytes

/** Shows how much of the network has loaded, in MB, while it loads. */
function showProgress({ piece, done, total }) {
  loading.set(piece, { done, total });
  const sum = (key) => [...loading.values()].reduce((all, one) => all + one[key], 0);
  const coming = [...loading.values()].some((one) => one.done < one.total);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const says = document.getElementById("ee-loading");
  says.textContent = t("site.loading", { done: megabytes(sum("done")), total: megabytes(sum("total")) });
  says.hidden = !coming;
  if (!coming) loading.clear();
}

const worker = new NetworkWorker(
  new URL("worker/worker.js", here),
  { models: files.models, runtime },
  { progress: showProgress, failed: () => ({ error: t("site.no_worker") }) },
);
const compute = (name, question, transfer) => worker.ask(name, question, transfer);

/** A stored answer of a model, or a sentence on why there is none. */
const stored = (kind, model) => answerOf(files.stored[model]?.[kind], model);

const addressOf = ({ path, sha256 }) => new URL(`${path}?${sha256.slice(0, 16)}`, here);

async function answerOf(file, model) {
  if (!file) return { error: t("site.no_file", { model }) };
  try {
    const answer = await fetch(addressOf(file));
    if (!answer.ok) throw new Error();
    return await answer.json();
  } catch {
    return { error: t("site.offline") };
  }
}

let chosen = 0; // files so far
const chosenFiles = new Map(); // the path that names a batch's file -> the file

/** A batch's files as the worker takes them: File objects under a key that tells one batch from the next. */
async function batchFiles(asked) {
  if (asked === "examples") {
    const all = Object.values(files.examples).flat();
    const found = await Promise.all(all.map(async (path) => (await fetch(new URL(path, here))).blob()));
    return { key: "examples", files: found.map((blob, i) => new File([blob], all[i].split("/").at(-1))) };
  }
  const found = asked.map(({ path }) => chosenFiles.get(path)).filter(Boolean);
  return { key: asked.map(({ path }) => path).join(), files: found };
}

const server = {
  ...Object.fromEntries(COMPUTED.map((name) => [name, (question) => compute(name, question)])),
  ...Object.fromEntries(
    Object.entries(STORED).map(([name, kind]) => [name, ({ model }) => stored(kind, model)]),
  ),
  evaluation: ({ model, grain }) => stored(`evaluation-${grain || "classes"}`, model),
  sets: ({ model, grain }) => stored(`sets-${grain || "classes"}`, model),
  /** The complete version of an example that is short in the opening. */
  example: ({ model, id }) => answerOf(files.stored[model]?.examples[id], model),
  /** A picture of the page for another model; an example that is stored for it is not computed again. */
  async analyse_again({ model, image, label }) {
    const { rules, reference, grains, examples, error } = await stored("opening", model);
    if (error) return { error };
    const known = examples.find((example) => example.image === image && !example.short);
    const answer = known
      ? { ...known, maps: known.maps.filter((entry) => entry.exit === undefined) }
      : await compute("analyse_again", { model, image, label });
    return answer.error ? answer : { ...answer, rules, reference, grains };
  },
  live: (question) => compute("live", question, question.frame instanceof ImageBitmap ? [question.frame] : []),
};
for (const name of ["batch_open", "batch_step", "batch_look"]) {
  server[name] = async ({ files: asked, ...question }) =>
    compute(name, { ...question, files: await batchFiles(asked) });
}

/** The visitor's picture, a File or a data URI. */
server.analyse = async ({ model, picture }) => {
  const file = picture instanceof Blob ? picture : await (await fetch(picture)).blob();
  const answer = await compute("analyse", { model, file });
  if (!answer.error) keepAll(model);
  return answer;
};

const allKept = new Set(); // models

/**
 * Once a model has answered, the rest of its files are fetched in the background: from then on all of it works
 * offline, except for the figure that Plotly draws. Not if a visitor has asked the browser to save data.
 */
async function keepAll(model) {
  const helper = navigator.serviceWorker; // which keeps what is fetched while it is active
  if (allKept.has(model) || !helper || navigator.connection?.saveData) return;
  allKept.add(model);
  if (!helper.controller) await new Promise((done) => helper.addEventListener("controllerchange", done, { once: true }));
  const { examples, ...answers } = files.stored[model];
  const addresses = [...Object.values(answers), ...Object.values(examples)].map(addressOf);
  addresses.push(...files.examples[model].map((path) => new URL(path, here)));
  for (const address of addresses) await fetch(address).then((answer) => answer.blob(), () => {}); // prettier-ignore
  await compute("keep", { model });
  document.documentElement.dataset.eeKept = model;
}

const host = new Host(server);
window.ExitExplorer.host = host;

/** A place to drop, choose or paste files. */
function dropZone(slot, many, take) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", multiple: many, accept: many ? "" : "image/*", className: "ee-drop-input" });
  const words = document.createElement("span");
  const label = document.createElement("label");
  label.className = "ee-drop";
  label.append(input, words);
  slot.append(label);
  const speak = () => {
    words.textContent = t(many ? "site.drop_files" : "site.drop_picture");
  };
  speak();
  store.subscribe((changed) => changed.has("language") && speak());
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  label.addEventListener("dragover", (event) => event.preventDefault());
  label.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

for (const slot of document.querySelectorAll("[data-slot]")) {
  if (slot.dataset.slot === "picture") dropZone(slot, false, (chosen) => host.take(chosen[0]));
  else {
    dropZone(slot, true, (given) => {
      chosenFiles.clear();
      const handed = given.map((file) => {
        const path = `${++chosen}/${file.name}`;
        chosenFiles.set(path, file);
        return { path, orig_name: file.name };
      });
      host.receiveFiles(handed);
    });
  }
}

document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (file && store.tab === "explore") host.take(file);
});

const picker = document.getElementById("ee-model");
picker.replaceChildren(...start.models.map(({ name, title }) => new Option(title, name)));
async function choose(model) {
  store.setBusy(true);
  await host.choose(model);
  follow(); // back to the last one, if the other did not open
}
picker.addEventListener("change", () => choose(picker.value));
document.addEventListener("choose-model", ({ detail }) => choose(detail));
const follow = () => {
  if (store.model) picker.value = store.model;
  picker.setAttribute("aria-label", t("gradio.model"));
};
store.subscribe((changed) => (changed.has("model") || changed.has("language")) && follow());

const wantsDark = matchMedia("(prefers-color-scheme: dark)").matches;
if (kept("dark") === null) document.body.classList.toggle("dark", wantsDark);
host.begin().then(() => {
  follow();
  document.documentElement.dataset.eeReady = "";
});
requestAnimationFrame(() =>
  setTimeout(() => {
    performance.mark("first-example");
    // What the page may need later is fetched once it is up.
    navigator.serviceWorker?.register(new URL("sw.js", here)).catch(() => {});
  }),
);
