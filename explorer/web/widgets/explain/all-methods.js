// Which methods depend on what was learned: every method's map while weights are randomised from the top, in a table.

import { paintMap } from "../colormap.js";
import { element, setText } from "../dom.js";
import { mapAt } from "../maps.js";
import { t } from "../strings.js";
import { askAbout } from "./asking.js";
import { explains, methodTitle } from "./offer.js";

export const ALIKE = 0.5; // our own: a map that keeps a rank correlation above this without any weights does not react

export const ALL_STYLE = `
.all { max-width: 100%; overflow-x: auto; }
.all table { border-collapse: collapse; font-size: 0.75rem; color: var(--quiet); }
.all th, .all td { padding: 0.25rem 0.625rem 0.25rem 0; text-align: left; vertical-align: top; font-weight: 400; }
.all th[scope=col] { min-width: 4.5rem; max-width: 6rem; vertical-align: bottom; }
.all th[scope=row] { min-width: 6.5rem; max-width: 9rem; color: var(--ink); }
.all canvas { display: block; width: 3.5rem; aspect-ratio: 1; border-radius: 3px; image-rendering: pixelated; background: var(--well); }
`;

/** A stage's name: what has been randomised by then. */
export const stageName = ({ stage, block }) => t(`explain.stage_${stage}`, { block });

/** A stage's map as a small picture. */
export function stageCanvas(stage) {
  const canvas = element("canvas", { role: "img", "aria-label": stageName(stage) });
  const map = mapAt(stage.map);
  if (map) paintMap(canvas, map, map.peak);
  return canvas;
}

const numberOf = (likeness) => likeness.toFixed(2).replace("-", "−");

/** How similar a stage's map is to the trained network's, in words. */
export function likenessText({ likeness }) {
  return likeness === null ? t("explain.no_evidence") : t("explain.likeness", { likeness: numberOf(likeness) });
}

/** Whether the map is gone once no learned weight is left. */
export function reacts(stages) {
  const last = stages.at(-1).likeness;
  return last === null || last < ALIKE;
}

/** What the table says, in a sentence, of [{method, stages}]. */
export function allVerdict(tested) {
  const stay = tested.filter(({ stages }) => !reacts(stages)).map(({ method }) => methodTitle(method));
  return stay.length === 0 ? t("explain.all_reacts") : t("explain.all_stays", { methods: stay.join(", ") });
}

function row({ method, stages, failed }, width) {
  const name = element("th", { scope: "row" }, methodTitle(method));
  if (failed) return element("tr", {}, name, element("td", { colspan: width }, failed));
  const number = (stage) => (stage.likeness === null ? t("explain.no_evidence") : numberOf(stage.likeness));
  return element("tr", {}, name, ...stages.map((stage) => element("td", {}, stageCanvas(stage), number(stage))));
}

/**
 * Asks for the test of every method that can explain the exit, and draws them into `parent` as they arrive.
 *
 * `tell(text)` says what is being tested; once `current()` is false nothing more is requested or drawn.
 */
export async function testAll(parent, store, { exit, classes }, { tell, current }) {
  const methods = store.methods.filter((method) => explains(method, store.trace.exits[exit]));
  const tested = [];
  const body = element("tbody");
  const head = element("thead");
  for (const [i, method] of methods.entries()) {
    tell(t("explain.all_asking", { title: methodTitle(method), done: i + 1, count: methods.length }));
    try {
      const answer = await askAbout(store, "sanity", { method: method.name, exit, classes }, "trust");
      if (!current() || answer === null) return;
      tested.push({ method, stages: answer.stages });
    } catch (error) {
      if (!current()) return;
      tested.push({ method, failed: error.message });
    }
    const known = tested.find(({ stages }) => stages);
    if (!known) continue;
    const titles = known.stages.map((stage) => element("th", { scope: "col" }, stageName(stage)));
    head.replaceChildren(element("tr", {}, element("th", { scope: "col" }, t("explain.method")), ...titles));
    body.replaceChildren(...tested.map((one) => row(one, titles.length)));
    if (!body.isConnected) {
      const idea = element("p", { class: "quiet small" }, t("explain.all_idea"));
      parent.replaceChildren(idea, element("div", { class: "all", tabindex: 0 }, element("table", {}, head, body)));
    }
  }
  const known = tested.filter(({ stages }) => stages);
  tell(known.length ? "" : tested[0]?.failed ?? "");
  if (known.length) {
    const said = element("p", { class: "verdict" });
    setText(said, allVerdict(known));
    parent.append(said);
  }
}
