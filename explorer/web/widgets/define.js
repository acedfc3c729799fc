// Gives the page's elements their names.

/** Defines {name: constructor}; a defined name is kept, as a script may run twice and parts may share elements. */
export function define(elements) {
  for (const [name, constructor] of Object.entries(elements)) {
    if (!customElements.get(name)) customElements.define(name, constructor);
  }
}
