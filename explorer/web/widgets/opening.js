// Runs in the page itself, before all else: fetches what the page begins with, in order, and the words of one language.
// `window.ExitExplorer.files` says where they are: explorer/web/script.py.

import { openingLanguage } from "./languages.js";

const page = window.ExitExplorer;
if (!page.opened) {
  const { words, begin, module } = page.files;
  page.opened = openingLanguage(Object.keys(words), page);
  const add = (src, type = "") => {
    // Not async: scripts inserted this way run in order, and block nothing else.
    document.head.append(Object.assign(document.createElement("script"), { type, src, async: false }));
  };
  for (const src of [words[page.opened], ...begin]) add(src);
  if (module) add(module, "module");
}
