// <example-strip>: pictures to try, each with the block it leaves at under the current rule.

import { element, keepChildren, setAttributes, setPicture, setText } from "./dom.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";
import { leftText } from "./words.js";

const STRIP_STYLE = `
.strip {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(3.5rem, 1fr)); gap: 0.375rem; margin: 0;
  padding: 0; list-style: none;
}
button {
  position: relative; /* hidden parts stay inside, and the page no wider than its screen */
  display: block; width: 100%; padding: 3px; border: 1.5px solid var(--line); border-radius: var(--corner);
  background: var(--paper); cursor: pointer; text-align: left;
}
button:hover { border-color: var(--quiet); }
button[aria-pressed=true] { border-color: var(--accent-mark); box-shadow: 0 0 0 1px var(--accent-mark); }
.frame {
  display: block; aspect-ratio: 1; overflow: hidden; border-radius: calc(var(--corner) - 3px);
  background: var(--well);
}
img { display: block; width: 100%; height: 100%; object-fit: cover; }
.name {
  display: block; margin-top: 3px; padding: 0 2px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis;
  font-size: 0.6875rem; line-height: 1.35;
}
.frame { position: relative; }
.where {
  position: absolute; right: 0; bottom: 0; min-width: 1.375rem; padding: 0 0.25rem; border-top-left-radius: 5px;
  background: var(--paper); color: var(--ink); font-size: 0.75rem; font-weight: 650; text-align: center;
}
/* One row that scrolls, if the host has no room for more. */
:host([data-row]) .strip {
  grid-auto-flow: column; grid-template-columns: none; grid-auto-columns: 3.75rem; overflow-x: auto; padding: 2px;
  margin: -2px;
}
@container (min-width: 300px) and (max-width: 560px) {
  .strip {
    grid-auto-flow: column; grid-template-columns: none; grid-auto-columns: 3.75rem; overflow-x: auto; padding: 2px;
    margin: -2px;
  }
}
`;

const stripMarkup = () => `
<div class="head">
  <h2 id="title">${t("explore.examples")}</h2><span class="quiet small">${t("explore.examples_idea")}</span>
</div>
<ul class="strip" aria-labelledby="title"></ul>`;

export class ExampleStrip extends Widget {
  static style = STRIP_STYLE;

  static get markup() {
    return stripMarkup();
  }

  build() {
    this.part(".strip").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.#open(this.store.examples[Number(button.dataset.example)]);
    });
  }

  /** Shows an example that came with its trace; the host analyses one without. */
  #open(example) {
    if (example.trace) this.store.show(example);
    this.tell("example", { id: example.id });
  }

  update(changed) {
    const { examples } = this.store;
    const items = keepChildren(this.part(".strip"), examples, makeItem);
    examples.forEach((example, i) => {
      const [button] = items[i].children;
      const [frame, name, left] = button.children;
      const where = frame.lastChild;
      if (changed.has("examples")) {
        button.dataset.example = i;
        setPicture(frame.firstChild, example.image, "");
        setText(name, example.title);
        button.title = example.title;
      }
      const { trace } = example;
      const exit = trace && this.store.ruleFacts ? this.store.firedOf(trace) : null;
      setText(where, exit === null ? "–" : String(trace.exits[exit].block));
      setText(left, exit === null ? "" : t("explore.example_leaves", { left: leftText(trace, exit) }));
      setAttributes(button, { "aria-pressed": example.id === this.store.example?.id });
    });
  }
}

function makeItem() {
  const picture = [element("img", { loading: "lazy" }), element("span", { class: "where", "aria-hidden": "true" })];
  const frame = element("span", { class: "frame" }, ...picture);
  const words = [element("span", { class: "name" }), element("span", { class: "unseen" })];
  return element("li", {}, element("button", { type: "button" }, frame, ...words));
}
