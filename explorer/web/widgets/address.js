// The address bar holds the page's state, and opening an address restores it.

import { LESSON_COUNT } from "./learn/count.js";
import { linkOf, readLink, withLink } from "./link.js";
import { TABS } from "./store.js";
import { languages } from "./strings.js";

const PAUSE_MS = 250; // browsers refuse a page that rewrites its address with every frame of a drag
// What a link holds; the rest of the store stays out of the address.
const WATCHED = [
  "model",
  "rule",
  "rules",
  "grain",
  "thresholds",
  "leftOut",
  "example",
  "examples",
  "selected",
  "lesson",
  "language",
  "compare",
  "sets",
];

export class Address {
  #store;
  #home;
  #window;
  #pause = null;

  /** `home` is what opens without a link: {model, language}. */
  constructor(store, home, page = window) {
    this.#store = store;
    this.#home = home;
    this.#window = page;
  }

  /** Applies what needs no answer from the server: language, tab and lesson. Returns the requested model, or null. */
  readPage() {
    if (!this.#search) return null;
    const store = this.#store;
    const facts = { tabs: TABS, languages: languages(), lessons: LESSON_COUNT, models: store.models };
    const { values, problems } = readLink(this.#search, { page: facts });
    if (values.lang) store.setLanguage(values.lang);
    if (values.tab) store.setTab(values.tab);
    if (values.sets) store.keep({ sets: values.sets });
    if (values.lesson !== undefined) store.setLesson(values.lesson);
    this.#note(problems);
    return values.model ?? null;
  }

  /** What the link sets for a model that the server has answered for, as `openModel` takes it. */
  readView({ model, rules, grains, examples }) {
    const facts = { model, rules, grains, examples, models: this.#store.models };
    const { values, problems } = readLink(this.#search, { view: facts });
    this.#note(problems);
    return values;
  }

  /** One more part of the link that failed: the requested model, which the server did not open. */
  failModel(model, sentence) {
    this.#note([{ key: "link.model_failed", values: { value: model, sentence } }]);
  }

  /** From now on the address follows the page. The Back button undoes a change of tab; all else replaces. */
  follow() {
    const store = this.#store;
    store.subscribe((changed) => {
      if (changed.has("tab") && this.#tab !== store.tab) this.#write("pushState");
      else if (WATCHED.some((name) => changed.has(name))) this.#writeSoon();
    });
    this.#window.addEventListener("popstate", () => {
      if (this.#tab !== store.tab) store.setTab(this.#tab);
      this.#writeSoon(); // Back returns to a tab, not to its earlier thresholds
    });
    this.#write("replaceState");
  }

  /**
   * The address to share. Parameters that begin with two underscores are meant by Gradio or a Space for this visitor
   * alone (`__theme`, and `__sign`, a private Space's pass), and stay here.
   */
  share() {
    const { origin, pathname } = this.#window.location;
    const parts = this.#search.replace(/^\?/, "").split("&");
    const search = parts.filter((part) => !part.startsWith("__")).join("&");
    return `${origin}${pathname}${withLink(search, linkOf(this.#store, this.#home))}`;
  }

  get #search() {
    return this.#window.location?.search ?? "";
  }

  /** The tab that the address names. */
  get #tab() {
    const name = new URLSearchParams(this.#search).get("tab");
    return TABS.includes(name) ? name : TABS[0];
  }

  #note(problems) {
    if (problems.length) this.#store.keep({ note: [...(this.#store.note ?? []), ...problems] });
  }

  #writeSoon() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#write("replaceState"), PAUSE_MS);
  }

  #write(how) {
    clearTimeout(this.#pause);
    const search = withLink(this.#search, linkOf(this.#store, this.#home));
    if (search === this.#search) return;
    const { history, location } = this.#window;
    // Gradio's server-side rendering keeps its own data in the state, and must find it there.
    history[how](history.state, "", `${location.pathname}${search}${location.hash}`);
  }
}
