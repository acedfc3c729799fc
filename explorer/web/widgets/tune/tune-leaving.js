// <tune-leaving>: the share of images that leaves at each exit, and how many of those are right.

import { element, keepChildren, setAttributes, setText } from "../dom.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { familyOf } from "../words.js";
import { percentText } from "./numbers.js";
import { TUNE_STYLE } from "./tune-style.js";
import { TuneWidget } from "./tune-widget.js";

const LEAVING_STYLE = `
.share { width: 46%; }
.share > div { display: flex; align-items: center; gap: 0.5rem; }
.track { flex: 1; height: 0.75rem; background: var(--hush); }
.bar { display: block; width: 100%; height: 100%; background: var(--accent-mark); transform-origin: left; }
.number { min-width: 4.25rem; }
th button { display: inline-flex; align-items: center; gap: 0.5rem; color: inherit; text-decoration: none; }
th button:hover { text-decoration: underline; }
tr.selected { background: var(--accent-soft); }
tr.selected th { box-shadow: inset 3px 0 var(--accent-mark); }
@container (max-width: 480px) {
  th, td { padding-inline: 0.25rem; }
  .share > div { gap: 0.25rem; }
  .number { min-width: 3.25rem; }
  .track { min-width: 2.5rem; }
  :is(th, td):last-child { display: none; } /* the CSV file has it */
}
`;

export class TuneLeaving extends TuneWidget {
  static style = TUNE_STYLE + LEAVING_STYLE;

  static get markup() {
    return `
<div class="head"><h2 id="title">${t("tune.leaving")}</h2></div>
<div class="body scroll" tabindex="0" role="region" aria-labelledby="title">
  <table aria-labelledby="title">
    <thead><tr><th scope="col">${t("tune.exit")}</th><th scope="col" class="share">${t("tune.leaving_share")}</th>
      <th scope="col" class="right"></th><th scope="col" class="alone"></th></tr></thead>
    <tbody></tbody>
  </table>
</div>
<p class="note body">${t("tune.leaving_says")}</p>`;
  }

  build() {
    this.part(".head").append(saveButtons("exits", { csv: () => this.#rows() }));
    this.part("tbody").addEventListener("click", (event) => {
      this.choose([...this.part("tbody").children].indexOf(event.target.closest("tr")));
    });
  }

  draw({ evaluation, split }) {
    const held = split.teacher ? "_teacher" : "";
    setText(this.part("th.right"), t(`tune.leaving_right${held}`));
    setText(this.part("th.alone"), t(`tune.exit_alone${held}`));
    const makeRow = () => {
      const button = element("button", { type: "button", class: "plain" }, element("span"), element("span", { class: "tag" }));
      const track = element("div", { class: "track" }, element("span", { class: "bar" }));
      const share = element("div", {}, track, element("span", { class: "number" }));
      const cells = [element("td", { class: "share" }, share), element("td"), element("td")];
      return element("tr", {}, element("th", { scope: "row" }, button), ...cells);
    };
    this.rows = keepChildren(this.part("tbody"), evaluation.exits, makeRow).map((row, e) => {
      const [name, tag] = row.querySelectorAll("button span");
      const { letter, name: family } = familyOf(evaluation.exits[e]);
      setText(name, t("tune.block", { block: evaluation.exits[e].block }));
      setText(tag, letter);
      setAttributes(tag, { title: family });
      setText(row.children[3], percentText(split.rightAt[e] / split.count));
      const chosen = e === this.chosenExit;
      row.classList.toggle("selected", chosen);
      setAttributes(row.querySelector("button"), { "aria-pressed": chosen });
      return { bar: row.querySelector(".bar"), number: row.querySelector(".number"), right: row.children[2] };
    });
  }

  live({ tally }) {
    this.rows.forEach(({ bar, number, right }, e) => {
      const share = tally.leaving[e] / tally.count;
      setText(number, percentText(share));
      const scale = `scaleX(${share.toFixed(4)})`;
      if (bar.style.transform !== scale) bar.style.transform = scale;
      setText(right, percentText(tally.right[e] / tally.leaving[e], 1));
    });
  }

  #rows() {
    const { evaluation, split, tally } = this.desk.now(this.store);
    const measure = split.teacher ? "agreement" : "accuracy";
    const counted = ["images_leaving", "share_leaving", `${measure}_of_those`, `${measure}_on_all`];
    const head = ["block", "head", ...counted, "macs"];
    const rows = evaluation.exits.map(({ block, kind }, e) => [
      block,
      kind,
      tally.leaving[e],
      tally.leaving[e] / tally.count,
      tally.leaving[e] ? tally.right[e] / tally.leaving[e] : "",
      split.rightAt[e] / split.count,
      evaluation.macs[e],
    ]);
    return [head, ...rows];
  }
}
