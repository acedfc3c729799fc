// Which language the page opens in.

import { kept } from "./kept.js";

/** Of the available languages, by code, the requested one if it is there, else the reader's own, else English. */
export function chooseLanguage(offered, asked, wanted = []) {
  const short = [asked, ...wanted].filter(Boolean).map((code) => code.toLowerCase().split("-")[0]);
  return short.find((code) => offered.includes(code)) ?? "en";
}

/** The page's language for this reader unless a link sets one: the host's choice, the one kept, the browser's. */
export function homeLanguage(offered, page) {
  return chooseLanguage(offered, page.language ?? kept("language"), globalThis.navigator?.languages);
}

/** The language it opens with: the link's if that is available. Its words are fetched first. */
export function openingLanguage(offered, page, search = globalThis.location?.search ?? "") {
  const linked = new URLSearchParams(search).get("lang");
  return offered.includes(linked) ? linked : homeLanguage(offered, page);
}
