// Asks for maps. A newer question from the same place of the page ends the older one, here and on the server.

import { ask } from "../ask.js";

const page = Math.random().toString(36).slice(2); // a name for this open page, of no meaning beyond that
let turn = 0;

/** Stands for the maps of a picture that is not whole yet: there is nothing to ask about, they come with the rest. */
export const WAITING = { pending: true };

/**
 * Asks `name` about the picture and model on show, from a place of the page: `place` names it.
 *
 * Null where a newer question from there has taken its place. Throws `NoAnswer`.
 */
export async function askAbout(store, name, question, place) {
  const { example, trace } = store;
  const facts = { model: trace.model, saw: example.saw ?? example.image, asker: `${page} ${place}`, turn: ++turn };
  const answer = await ask(name, { ...question, ...facts });
  return answer.superseded ? null : answer;
}

/** Asks for a map and puts the answer on the store's shelf. Of a picture that is not whole yet there is none to ask for. */
export async function askMap(store, question, place) {
  const { maps } = store;
  if (store.rawExample.short) return;
  const { owner } = maps;
  maps.put(owner, question, { pending: true });
  try {
    maps.put(owner, question, await askAbout(store, "explain", question, place));
  } catch (error) {
    maps.put(owner, question, { failed: error.message });
  }
}
