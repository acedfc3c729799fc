// Scripts that load when they are needed: a tab's elements, a language's words, Plotly. Each is fetched once.

const coming = new Map(); // a script's address -> promise that it has run
const SLOW_MS = 400; // before a reader is told that something is loading

/** Runs the script at an address of the page's own. Rejects if it cannot be fetched; the next call tries again. */
export function loadScript(src) {
  if (!coming.has(src)) {
    const loaded = new Promise((done, fail) => {
      const node = Object.assign(document.createElement("script"), { src, onload: done });
      node.onerror = () => {
        node.remove();
        coming.delete(src);
        fail(new Error(`no script at ${src}`));
      };
      document.head.append(node);
    });
    coming.set(src, loaded);
  }
  return coming.get(src);
}

const files = () => globalThis.window?.ExitExplorer?.files ?? {};

/** Fetches a language's words; strings.js says whether they arrived. */
export const loadWords = (code) => loadScript(files().words[code]).catch(() => {});

/** Plotly's script, which is large: needed only when its figure is opened. */
export async function loadPlotly() {
  if (!window.Plotly) await loadScript(files().plotly);
  return window.Plotly;
}

// Explore's ladder comes with the page, its explanations a moment later; lessons show what other tabs have; every other
// tab has a part of the same name.
const PARTS = { explore: ["explain"], learn: ["explain", "about", "learn"] };

/** Loads a tab's elements, if they are not there yet. */
export async function loadTab(tab) {
  const { parts = {} } = files();
  await Promise.all((PARTS[tab] ?? [tab]).filter((part) => parts[part]).map((part) => loadScript(parts[part])));
}

/** The same for the open tab. The store's `late` says so if it takes long or fails. */
export async function loadOpen(store) {
  const { tab } = store;
  const tell = (late) => store.tab === tab && store.keep({ late });
  const slow = setTimeout(() => tell("page.part_coming"), SLOW_MS);
  const failed = await loadTab(tab).then(() => false, () => true); // prettier-ignore
  clearTimeout(slow);
  tell(failed ? "page.part_failed" : null);
}

/**
 * From now on fetches a tab's elements when it is opened; Explore's once its first ladder is painted. An address
 * that names a glossary entry opens Learn, where the entry is.
 */
export function followTabs(store) {
  const look = (changed) => {
    if (changed.has("tab")) store.keep({ late: null }); // the previous tab was late
    if (store.tab !== "explore") return changed.has("tab") && loadOpen(store);
    if (store.rawTrace && (changed.has("tab") || changed.has("trace"))) {
      requestAnimationFrame(() => setTimeout(() => store.tab === "explore" && loadOpen(store)));
    }
  };
  const named = () => globalThis.location?.hash?.startsWith("#glossary-") && store.setTab("learn");
  named();
  look({ has: () => true });
  store.subscribe(look);
  globalThis.window?.addEventListener?.("hashchange", named);
}
