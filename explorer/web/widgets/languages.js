// Which language the page speaks when it opens.

import { kept } from "./kept.js";

/** Of the languages on offer, by their codes, the one asked for if it is there, else the reader's own, else English. */
export function chooseLanguage(offered, asked, wanted = []) {
  const short = [asked, ...wanted].filter(Boolean).map((code) => code.toLowerCase().split("-")[0]);
  return short.find((code) => offered.includes(code)) ?? "en";
}

/** What the page speaks to this reader where no link says otherwise: the host's choice, the one kept, the browser's. */
export function homeLanguage(offered, page) {
  return chooseLanguage(offered, page.language ?? kept("language"), globalThis.navigator?.languages);
}

/** What it opens with: a link's language if that is on offer. Its words are the first to be fetched. */
export function openingLanguage(offered, page, search = globalThis.location?.search ?? "") {
  const linked = new URLSearchParams(search).get("lang");
  return offered.includes(linked) ? linked : homeLanguage(offered, page);
}
