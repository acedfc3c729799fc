// Requests maps. A newer question from the same place on the page ends the older one, here and on the server.

import { ask } from "../ask.js";

const page = Math.random().toString(36).slice(2); // a random name for this open page
let turn = 0;

/** Stands for the maps of a picture that is not complete yet: they need no request, they come with the rest. */
export const WAITING = { pending: true };

/**
 * Asks `name` about the picture and model on show, from a place on the page: `place` names it.
 *
 * Null if a newer question from there has replaced it. Throws `NoAnswer`.
 */
export async function askAbout(store, name, question, place) {
  const { example, trace } = store;
  const facts = { model: trace.model, saw: example.saw ?? example.image, asker: `${page} ${place}`, turn: ++turn };
  const answer = await ask(name, { ...question, ...facts });
  return answer.superseded ? null : answer;
}

/** Requests a map and puts the answer on the store's shelf. Does nothing for a picture that is not complete yet. */
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
