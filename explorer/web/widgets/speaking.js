// Changes the page's language: its words are fetched first, where they are not here yet.

import { loadWords } from "./parts.js";
import { isMissing } from "./strings.js";

let asked = null; // the language chosen last, whose words may be on their way

/** The page speaks that language as soon as it can, unless another is chosen meanwhile; `store.late` says if it cannot. */
export async function speak(store, code) {
  asked = code;
  if (isMissing(code)) await loadWords(code);
  if (asked !== code) return;
  const failed = isMissing(code);
  if (failed) store.tell("language"); // the picker shows again what is spoken
  else store.setLanguage(code);
  store.keep({ late: failed ? "page.words_failed" : null });
}
