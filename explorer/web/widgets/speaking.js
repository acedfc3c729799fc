// Changes the page's language: its words are fetched first, if they are not here yet.

import { loadWords } from "./parts.js";
import { isMissing } from "./strings.js";

let asked = null; // the language chosen last, whose words may be loading

/** Switches to that language as soon as possible, unless another is chosen first; `store.late` says if it fails. */
export async function speak(store, code) {
  asked = code;
  if (isMissing(code)) await loadWords(code);
  if (asked !== code) return;
  const failed = isMissing(code);
  if (failed) store.tell("language"); // the picker shows the current language again
  else store.setLanguage(code);
  store.keep({ late: failed ? "page.words_failed" : null });
}
