// Questions to the server. The page's host answers them; without one, as in a static page, there is only a sentence.

import { t, translated } from "./strings.js";

/** Why there is no answer, in one plain sentence. */
export class NoAnswer extends Error {}

/** Asks the server function `name`; a dict in, a dict out. Throws `NoAnswer` with a sentence for the visitor. */
export async function ask(name, question) {
  const server = window.ExitExplorer?.server;
  if (!server?.[name]) throw new NoAnswer(t("page.no_server"));
  let answer;
  try {
    answer = await server[name](question);
  } catch {
    throw new NoAnswer(t("page.no_answer"));
  }
  if (answer?.error) throw new NoAnswer(translated(answer.error));
  return answer;
}
