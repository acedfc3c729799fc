// The words of a lesson's goal: its task, the progress, and the result.

import { hasText, t } from "../strings.js";
import { decimal, percent, whole } from "./numbers.js";

/** What answers are checked against: "accuracy", or "agreement" if a teacher's answers replace labels. */
export function measureWord(facts) {
  return t(`learn.measure_${facts?.reference === "teacher" ? "teacher" : "labels"}`);
}

/** `part` is "task", "yet" or "done"; the lesson's own words for its kind of goal, or those all lessons share. */
function goalText(tour, part) {
  const { goal, lesson, facts } = tour;
  const keys = [`${lesson.id}_${part}_${goal.kind}`, `${goal.kind}_${part}`, `${lesson.id}_${part}`];
  const key = keys.map((name) => `learn.${name}`).find(hasText);
  return key ? t(key, { ...goal, measure: measureWord(facts) }) : "";
}

/** What there is to do. */
export function taskText(tour) {
  if (tour.goal) return goalText(tour, "task");
  return t(tour.store.trace ? "learn.waiting" : "learn.no_image");
}

/** {done, text}: whether it was done, now or before, and a sentence on its current state. */
export function standing(tour) {
  const done = tour.done.has(tour.lesson.id);
  if (!tour.goal) return { done, text: done ? t("learn.done_before") : t("learn.not_yet") };
  if (tour.goal.done) return { done: true, text: goalText(tour, "done") };
  const yet = tour.goal.given ? t("learn.given_yet") : goalText(tour, "yet") || t("learn.not_yet");
  return { done, text: done ? `${t("learn.done_before")} ${yet}` : yet };
}

/** What was measured on a model, as values for the lessons' measured sentences. */
export function measuredValues(facts) {
  return {
    measure: measureWord(facts),
    images: whole(facts.images.test),
    threshold: decimal(facts.own.threshold, 3),
    first_share: percent(facts.own.leaving[0], 1),
    accuracy: percent(facts.own.accuracy, 2),
    by_macs: decimal(facts.own.by_macs, 2),
    by_blocks: decimal(facts.own.by_blocks, 2),
    first: percent(facts.accuracy[0], 2),
    final: percent(facts.accuracy.at(-1), 2),
    confidence: percent(facts.exits[0].confidence, 2),
    confidence_last: percent(facts.exits.at(-1).confidence, 2),
    wasteful: percent(facts.wasteful, 2),
    destructive: percent(facts.destructive, 2),
  };
}
