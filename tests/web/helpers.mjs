// A small trace with hand-made numbers, where the widgets live, and the page's words, which they speak from.

import { readdirSync, readFileSync } from "node:fs";

import { setStrings } from "../../explorer/web/widgets/strings.js";

export const WIDGETS = new URL("../../explorer/web/widgets/", import.meta.url);
const STRINGS = new URL("../../explorer/web/strings/", import.meta.url);

function load(language) {
  const folder = new URL(`${language}/`, STRINGS);
  const entries = readdirSync(folder).flatMap((file) =>
    Object.entries(JSON.parse(readFileSync(new URL(file, folder), "utf8"))).map(([key, text]) => [
      `${file.replace(".json", "")}.${key}`,
      text,
    ]),
  );
  return Object.fromEntries(entries);
}

/** The page's words: language -> "area.key" -> text. */
export const texts = Object.fromEntries(readdirSync(STRINGS).map((language) => [language, load(language)]));
setStrings(texts);

/** Twelve blocks, exits behind 4, 8 and 12, three classes; parts can be replaced. */
export function makeTrace(parts = {}) {
  return {
    model: "toy",
    blocks: 12,
    exits: [
      { block: 4, kind: "lph-dw", family: "local" },
      { block: 8, kind: "gah", family: "global" },
      { block: 12, kind: "final", family: "final" },
    ],
    macs: [100e6, 200e6, 330e6],
    macs_full: 300e6,
    ms: [2, 4, 6.6],
    ms_full: 6,
    class_count: 10,
    classes: [
      { index: 9, label: "Ankle boot" },
      { index: 7, label: "Sneaker" },
      { index: 5, label: "Sandal" },
    ],
    probabilities: [
      [0.3, 0.5, 0.2],
      [0.75, 0.2, 0.05],
      [0.96, 0.03, 0.01],
    ],
    predicted: [1, 0, 0],
    scores: { confidence: [0.5, 0.75, 0.96], entropy: [0.1, 0.6, 0.9], patience: [1, 1, 2] },
    ...parts,
  };
}

export const RULES = {
  confidence: { title: "Confidence", min: 0, max: 1, step: 0.005, default: 0.9, says: "Leave when sure." },
  entropy: { title: "Entropy", min: 0, max: 1, step: 0.005, default: 0.8, says: "Leave when certain." },
  patience: { title: "Patience", min: 1, max: 9, step: 1, default: 3, says: "Leave when agreed." },
};
