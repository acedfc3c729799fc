// Numbers and lists inside running text, as the language writes them.

import { language } from "../strings.js";

/** 0.9172 with three digits: "0.917", in German "0,917". */
export function decimal(value, digits) {
  if (!Number.isFinite(value)) return "–";
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A share in [0, 1] as percent, without the sign. */
export function percent(share, digits) {
  return decimal(100 * share, digits);
}

export function whole(value) {
  return value.toLocaleString(language());
}

/** "4, 5 and 6". */
export function listed(items) {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(items.map(String));
}
