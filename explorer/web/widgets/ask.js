// Questions to the server. The page's host answers them; without one, as on a static page, there is only a sentence.

import { t, translated } from "./strings.js";

/** Why there is no answer, in one plain sentence. */
export class NoAnswer extends Error {}

/** Whether the page's host answers that question at all. */
export const answers = (name) => Boolean(window.ExitExplorer?.server?.[name]);

const PATIENCE_MS = 180_000; // enough for a batch's step of large photos, or a model's first download

/** What a promise resolves to; rejects after a timeout. */
export async function within(promise, patience = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error("late")), patience)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks the server function `name`; a dict in, a dict out. Throws `NoAnswer` with a sentence for the visitor, also if
 * the answer is about another model.
 */
export async function ask(name, question, patience = PATIENCE_MS) {
  if (!answers(name)) throw new NoAnswer(t("page.no_server"));
  let answer;
  try {
    answer = await within(window.ExitExplorer.server[name](question), patience);
  } catch {
    throw new NoAnswer(t("page.no_answer"));
  }
  if (answer?.error) throw new NoAnswer(translated(answer.error));
  if (!answer || (question?.model && answer.model && answer.model !== question.model)) {
    throw new NoAnswer(t("page.no_answer"));
  }
  return answer;
}
