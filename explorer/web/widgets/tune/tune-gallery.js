// <tune-gallery>: the hardest and easiest test images; each opens in Explore.

import { ask, NoAnswer } from "../ask.js";
import { decide } from "../decide.js";
import { element, keepChildren, setAttributes, setText } from "../dom.js";
import { t } from "../strings.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const GALLERY_STYLE = `
.groups { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem 2rem; }
h3 { margin: 0 0 0.375rem; font-size: 0.875rem; font-weight: 600; }
ul {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)); gap: 0.375rem; margin: 0; padding: 0;
  list-style: none;
}
button.tile {
  display: block; width: 100%; padding: 3px; border: 1.5px solid var(--line); border-radius: var(--corner);
  background: var(--paper); cursor: pointer; text-align: left;
}
button.tile:hover { border-color: var(--quiet); }
button.tile:disabled { cursor: progress; opacity: 0.6; }
.picture { position: relative; display: block; background-repeat: no-repeat; }
.picture.small { image-rendering: pixelated; }
.where {
  position: absolute; right: 0; bottom: 0; min-width: 1.375rem; padding: 0 0.25rem; border-top-left-radius: 5px;
  background: var(--paper); color: var(--ink); font-size: 0.75rem; font-weight: 650; text-align: center;
}
.truth, .answer {
  display: block; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; padding: 0 2px; font-size: 0.6875rem;
  line-height: 1.35;
}
.truth { margin-top: 3px; }
.answer { color: var(--quiet); }
.answer.wrong { color: var(--ink); font-weight: 650; }
.status { min-height: 1.45em; }
@container (max-width: 900px) { .groups { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 480px) {
  ul { grid-auto-flow: column; grid-template-columns: none; grid-template-rows: auto auto; grid-auto-columns: 4.75rem; overflow-x: auto; padding: 2px; }
}
`;

export class TuneGallery extends TuneWidget {
  static style = TUNE_STYLE + GALLERY_STYLE;

  static get markup() {
    const group = (kind) => `<div><h3 id="${kind}">${t(`tune.${kind}`)}</h3>
      <ul data-group="${kind}" aria-labelledby="${kind}"></ul></div>`;
    return `
<div class="head"><h2 id="title">${t("tune.gallery")}</h2>
  <span class="quiet small">${t("tune.gallery_says")}</span></div>
<div class="body">
  <p class="none" hidden>${t("tune.gallery_none")}</p>
  <div class="groups">${group("hardest")}${group("easiest")}</div>
  <p class="status small" role="status"></p>
  <p class="note shown">${t("tune.gallery_defined")}</p>
</div>`;
  }

  build() {
    this.part(".groups").addEventListener("click", (event) => {
      const tile = event.target.closest("button");
      if (tile) this.#open(tile);
    });
  }

  async #open(tile) {
    const { model } = this.store;
    tile.disabled = true;
    setText(this.part(".status"), t("tune.gallery_opening"));
    try {
      const example = await ask("gallery_image", { model, place: Number(tile.dataset.place) });
      if (model !== this.store.model) return; // another model was chosen in the meantime
      this.store.show({ ...example, note: t("tune.gallery_note") + (tile.dataset.credit ?? "") });
      this.store.setTab("explore");
      setText(this.part(".status"), "");
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      setText(this.part(".status"), error.message);
    } finally {
      tile.disabled = false;
    }
  }

  draw({ evaluation }) {
    const { gallery } = evaluation;
    this.classList.toggle("empty", gallery === null); // the last panel: nothing below it moves
    this.part(".none").hidden = gallery !== null;
    this.part(".groups").hidden = this.part(".shown").hidden = gallery === null;
    this.tiles = [];
    if (gallery === null) return;
    const rows = Math.ceil((gallery.hardest.length + gallery.easiest.length) / gallery.columns);
    for (const group of ["hardest", "easiest"]) {
      const first = group === "hardest" ? 0 : gallery.hardest.length;
      const items = keepChildren(this.part(`[data-group=${group}]`), gallery[group], makeTile);
      items.forEach(({ firstChild: button }, i) => {
        const place = first + i;
        const [picture, truth, answer] = button.children;
        const [column, row] = [place % gallery.columns, Math.floor(place / gallery.columns)];
        button.dataset.place = place;
        const credit = gallery.credits?.[place];
        if (credit) button.dataset.credit = ` ${t("tune.gallery_credit", { credit })}`;
        else delete button.dataset.credit;
        picture.classList.toggle("small", gallery.tile[0] <= 64);
        Object.assign(picture.style, {
          aspectRatio: `${gallery.tile[0]} / ${gallery.tile[1]}`,
          backgroundImage: `url("${gallery.sprite}")`,
          backgroundSize: `${gallery.columns * 100}% ${rows * 100}%`,
          backgroundPosition: `${(column / Math.max(1, gallery.columns - 1)) * 100}% ${(row / Math.max(1, rows - 1)) * 100}%`,
        });
        this.tiles.push({ index: gallery[group][i], button, where: picture.firstChild, truth, answer });
      });
    }
  }

  live({ evaluation, thresholds }) {
    const split = evaluation.splits[evaluation.gallery?.split];
    const scores = split?.scores[this.store.rule];
    if (!scores) return;
    const { exits } = split;
    for (const { index, button, where, truth, answer } of this.tiles) {
      const row = index * exits;
      const fired = decide(scores.subarray(row, row + exits), thresholds);
      const right = split.right[row + fired] === 1;
      const values = {
        label: evaluation.labels[split.labels[index]],
        answer: evaluation.labels[split.predicted[row + fired]],
        block: evaluation.exits[fired].block,
      };
      setText(where, String(values.block));
      setText(truth, values.label);
      setText(answer, right ? t("tune.tile_right") : t("tune.tile_wrong", values));
      answer.classList.toggle("wrong", !right);
      const name = t(right ? "tune.tile_name_right" : "tune.tile_name_wrong", values);
      setAttributes(button, { "aria-label": name, title: name + (button.dataset.credit ?? "") });
    }
  }
}

function makeTile() {
  const picture = element("span", { class: "picture" }, element("span", { class: "where" }));
  const words = [element("span", { class: "truth" }), element("span", { class: "answer" })];
  return element("li", {}, element("button", { type: "button", class: "tile" }, picture, ...words));
}
