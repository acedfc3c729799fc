// What the page remembers about a visitor between visits, only in the browser: the language and light or dark.

const PREFIX = "exit-explorer-";

/** What was kept under a name, or null; also null if the browser keeps nothing for this page. */
export function kept(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // a private window, or a frame that may keep nothing: the choice lasts for this visit
  }
}
