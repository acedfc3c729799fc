// The grid of small attention maps, blocks across and heads, if there are any, down, from which one is picked.

import { paintMap } from "./colormap.js";
import { element, setAttributes } from "./dom.js";
import { mapAt } from "./maps.js";
import { t } from "./strings.js";

const THUMBS_STYLE = `
.thumbgrid { display: grid; justify-content: start; gap: 3px; padding: 3px; font-size: 0.6875rem; color: var(--quiet); }
.thumbgrid [role=row] { display: contents; }
.thumbgrid .title { align-self: center; justify-self: center; padding: 0 2px; white-space: nowrap; line-height: 1.2; }
.thumbgrid [role=rowheader], .thumbgrid .title:first-child { justify-self: end; padding-right: 6px; }
.thumbgrid button {
  display: block; width: 100%; aspect-ratio: 1; padding: 0; border: 0; border-radius: 2px; background: none;
  cursor: pointer;
}
.thumbgrid canvas { display: block; width: 100%; height: 100%; border-radius: 2px; image-rendering: pixelated; }
.thumbgrid button:hover { outline: 2px solid var(--quiet); outline-offset: 0; }
.thumbgrid [aria-selected=true] button { outline: 2.5px solid var(--ink); outline-offset: 0; position: relative; }
.thumbgrid button:focus-visible {
  outline: 2.5px solid var(--accent-ink); outline-offset: 1px; position: relative; z-index: 1;
}
`;

export class AttentionThumbnails {
  #cells = new Map(); // "block head" -> its gridcell
  #size = [0, 0];

  /** Lives in `parent`; calls `choose(block, head)` with the block from 1 and the head from 0 or "mean". */
  constructor(parent, choose) {
    this.choose = choose;
    this.grid = element("div", { class: "thumbgrid", role: "grid", "aria-label": t("explore.thumbs") });
    parent.append(element("style", {}, THUMBS_STYLE), this.grid);
    this.grid.addEventListener("click", (event) => {
      const cell = event.target.closest("[role=gridcell]");
      if (cell) this.#pick(cell);
    });
    this.grid.addEventListener("keydown", (event) => this.#key(event));
  }

  #pick(cell) {
    this.choose(cell.block, cell.head);
    cell.firstChild.focus();
  }

  #key(event) {
    const cell = event.target.closest("[role=gridcell]");
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!cell || !move) return;
    const row = (cell.head === "mean" ? 0 : cell.head + 1) + move[1];
    const next = this.#cells.get(`${cell.block + move[0]} ${row === 0 ? "mean" : row - 1}`);
    if (next) this.#pick(next);
    event.preventDefault();
  }

  #build(blocks, heads) {
    this.#size = [blocks, heads];
    this.#cells.clear();
    const depth = Array.from({ length: blocks }, (_, above) => above + 1);
    const rows = ["mean", ...Array.from({ length: heads }, (_, head) => head)]; // one row if there are no heads
    // Many heads make a tall grid, so their maps are smaller.
    this.grid.style.setProperty("--thumb", heads > 8 ? "1.75rem" : "3.25rem");
    this.grid.style.gridTemplateColumns = `auto repeat(${blocks}, minmax(1.25rem, var(--thumb)))`;
    const title = (role, text) => element("span", { role, class: "title" }, text);
    const header = element(
      "div",
      { role: "row" },
      title("columnheader", t("explore.thumbs_block")),
      ...depth.map((block) => title("columnheader", String(block))),
    );
    const bodies = rows.map((head) => {
      const mean = heads > 0 ? t("explore.thumbs_mean") : "";
      const text = head === "mean" ? mean : t("explore.thumbs_head", { head: head + 1 });
      const name = title("rowheader", text);
      return element("div", { role: "row" }, name, ...depth.map((block) => this.#makeCell(block, head)));
    });
    this.grid.replaceChildren(header, ...bodies);
  }

  #makeCell(block, head) {
    const which = { block, head: head + 1 };
    const mean = this.#size[1] > 0 ? "explore.thumb_mean" : "explain.thumb";
    const name = head === "mean" ? t(mean, which) : t("explore.thumb_head", which);
    const button = element(
      "button",
      { type: "button", tabindex: -1, "aria-label": name, title: name },
      element("canvas"),
    );
    const cell = element("span", { role: "gridcell", "aria-selected": "false" }, button);
    Object.assign(cell, { block, head });
    this.#cells.set(`${block} ${head}`, cell);
    return cell;
  }

  /** Paints every map of a packed answer: on its own scale, or all on one up to `top`. */
  draw(packed, top) {
    const { block: blocks, head: heads = 0 } = packed.axes;
    if (blocks !== this.#size[0] || heads !== this.#size[1]) this.#build(blocks, heads);
    for (const cell of this.#cells.values()) {
      const map = mapAt(packed, heads > 0 ? [cell.block - 1, cell.head] : [cell.block - 1]);
      paintMap(cell.firstChild.firstChild, map, top ?? map.peak);
    }
  }

  /** Shows which map is the big one; it is also where the Tab key enters the grid. */
  mark(block, head) {
    const chosen = this.#cells.get(`${block} ${head}`);
    for (const cell of this.#cells.values()) {
      setAttributes(cell, { "aria-selected": cell === chosen });
      setAttributes(cell.firstChild, { tabindex: cell === chosen ? 0 : -1 });
    }
  }
}
