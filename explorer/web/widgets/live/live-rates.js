// <live-rates>: frames and multiply-accumulates per second with and without early exits.

import { setText } from "../dom.js";
import { t } from "../strings.js";
import { factorText, macsText } from "../words.js";
import { LiveWidget } from "./live-widget.js";

const STYLE = `
table { width: 100%; border-collapse: collapse; }
th { font-weight: 400; text-align: left; color: var(--quiet); }
thead th, td { text-align: right; white-space: nowrap; }
th, td { padding: 0.25rem 0.375rem; border-bottom: 1px solid var(--line); }
tbody td:nth-child(2) { font-size: 1rem; font-weight: 700; color: var(--accent-ink); }
.how { margin-top: 0.5rem; }
`;

const ROWS = ["fps", "alone", "macs", "per_second"];

export class LiveRates extends LiveWidget {
  static style = STYLE;

  static get markup() {
    const rows = ROWS.map((name) => `<tr id="${name}"><th scope="row">${t(`live.${name}`)}</th><td></td><td></td><td></td></tr>`);
    return `
<div class="head"><h2>${t("live.rates")}</h2></div>
<table><thead><tr><th></th><th scope="col">${t("live.with")}</th><th scope="col">${t("live.without")}</th>
<th scope="col">${t("live.factor")}</th></tr></thead><tbody>${rows.join("")}</tbody></table>
<p class="how quiet small">${t("live.rates_how")}</p>`;
  }

  update() {
    const { rates } = this.live;
    const show = (name, values) => {
      [...this.part(`#${name}`).querySelectorAll("td")].forEach((cell, i) => setText(cell, values?.[i] ?? "–"));
    };
    const fps = (value) => value.toFixed(value < 10 ? 1 : 0);
    show("fps", rates && [fps(rates.fps), fps(rates.plainFps), factorText(rates.fps / rates.plainFps)]);
    show("alone", rates && [fps(rates.alone), fps(rates.plainAlone), factorText(rates.alone / rates.plainAlone)]);
    show("macs", rates && [macsText(rates.macs), macsText(rates.macsFull), factorText(rates.macsFull / rates.macs)]);
    show("per_second", rates && [macsText(rates.perSecond), macsText(rates.plainPerSecond), ""]);
  }
}
