// <glossary-list>: every glossary term in alphabetical order, with a filter; #glossary-NAME leads to one.

import { element, setAttributes, setText } from "../dom.js";
import { language, t, textKeys } from "../strings.js";
import { Widget } from "../widget.js";

const HASH = "#glossary-";

const STYLE = `
.head { align-items: center; }
.head label { display: flex; flex-wrap: wrap; gap: 0.25rem 0.625rem; align-items: center; margin-left: auto; }
input {
  width: 15rem; max-width: 100%; min-height: 2rem; padding: 0.125rem 0.625rem; border: 1px solid var(--faint);
  border-radius: 6px; background: var(--paper);
}
dl { columns: 21rem 3; column-gap: 2.25rem; margin: 0; }
dl > div { break-inside: avoid; padding: 0.4375rem 0.5rem 0.4375rem 0; scroll-margin-top: 5rem; }
dl > div:focus { outline: none; }
dl > div.sought { background: var(--accent-soft); box-shadow: -0.5rem 0 0 var(--accent-soft); }
dt { font-weight: 650; }
dd { margin: 0; line-height: 1.5; color: var(--quiet); }
dt a { margin-left: 0.25rem; color: var(--quiet); font-weight: 400; text-decoration: none; opacity: 0; }
div:hover > dt a, dt a:focus-visible { opacity: 1; }
@media (hover: none) { dt a { opacity: 1; } }
`;

const MARKUP = `
<div class="head">
  <h2 id="title"></h2>
  <span class="quiet small" id="count" role="status" aria-live="polite"></span>
  <label class="small quiet"><span></span><input type="search" autocomplete="off"></label>
</div>
<dl aria-labelledby="title"></dl>
<p class="quiet" id="none" hidden></p>`;

/** The glossary's entries, {name, term, says}, in the order of the language's alphabet. */
export function glossaryEntries() {
  const names = textKeys("glossary.").flatMap((key) => /^glossary\.(.+)_says$/.exec(key)?.[1] ?? []);
  return names
    .map((name) => ({ name, term: t(`glossary.${name}_term`), says: t(`glossary.${name}_says`) }))
    .sort((a, b) => a.term.replace(/\W/g, "").localeCompare(b.term.replace(/\W/g, ""), language()));
}

export class GlossaryList extends Widget {
  static style = STYLE;

  static get markup() {
    return MARKUP;
  }

  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#follow);
    this.#follow();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#follow);
  }

  build() {
    setText(this.part("#title"), t("glossary.title"));
    setText(this.part("label span"), t("glossary.filter"));
    setText(this.part("#none"), t("glossary.none"));
    this.input = this.part("input");
    setAttributes(this.input, { placeholder: t("glossary.filter_hint") });
    this.entries = glossaryEntries();
    this.part("dl").replaceChildren(...this.entries.map(makeEntry));
    this.input.addEventListener("input", () => this.#filter());
    this.#filter();
  }

  #filter() {
    const wanted = this.input.value.trim().toLowerCase();
    const nodes = [...this.part("dl").children];
    this.entries.forEach(({ term, says }, i) => {
      nodes[i].hidden = !`${term} ${says}`.toLowerCase().includes(wanted);
    });
    const n = nodes.filter(({ hidden }) => !hidden).length;
    setText(this.part("#count"), t("glossary.count", { n, all: nodes.length }));
    this.part("#none").hidden = n > 0;
  }

  /** Opens the entry that the address names. */
  #follow = () => {
    if (!location.hash.startsWith(HASH)) return;
    const name = decodeURIComponent(location.hash.slice(HASH.length));
    const at = this.entries.findIndex((entry) => entry.name === name);
    if (at < 0) return;
    this.input.value = "";
    this.#filter();
    this.store.setTab("learn");
    const node = this.part("dl").children[at];
    for (const entry of this.part("dl").children) entry.classList.toggle("sought", entry === node);
    // The tab is shown in the next frame.
    requestAnimationFrame(() => {
      node.scrollIntoView({ block: "center" });
      node.focus({ preventScroll: true });
    });
  };
}

function makeEntry({ name, term, says }) {
  const link = element("a", { href: `${HASH}${name}`, "aria-label": t("glossary.link", { term }) }, "#");
  return element(
    "div",
    { id: `glossary-${name}`, tabindex: -1 },
    element("dt", {}, term, link),
    element("dd", {}, says),
  );
}
