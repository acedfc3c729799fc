// Running text with a little markup: [[macs|MACs]] is a term of the glossary, *word* is emphasis, `word` is code.

import { element } from "../dom.js";

const MARKS = /\[\[([\w-]+)\|(.+?)\]\](?!\])|\*([^*]+)\*|`([^`]+)`/g;

/** The text as nodes to append; everything from the text becomes text, never markup. */
export function prose(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(MARKS)) {
    const [whole, name, term, stressed, code] = match;
    nodes.push(text.slice(end, match.index));
    if (name) nodes.push(element("glossary-term", { name }, term));
    else if (stressed) nodes.push(element("em", {}, stressed));
    else nodes.push(element("code", {}, code));
    end = match.index + whole.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

/** The glossary's names that a text uses. */
export function termsOf(text) {
  return [...text.matchAll(MARKS)].flatMap(([, name]) => name ?? []);
}
