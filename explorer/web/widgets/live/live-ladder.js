// <live-ladder>: the exits as rungs; each frame climbs to the one where the network is sure.

import { thresholdAt } from "../decide.js";
import { element, keepChildren, setAttributes, setText } from "../dom.js";
import { t } from "../strings.js";
import { familyOf } from "../words.js";
import { LiveWidget } from "./live-widget.js";

const STYLE = `
ol { display: flex; flex-direction: column-reverse; gap: 2px; margin: 0; padding: 0; list-style: none; }
li {
  display: grid; grid-template-columns: 1.75rem 2rem minmax(4.5rem, 1fr) minmax(3rem, 10rem) 4.5rem; gap: 0.5rem;
  align-items: center; min-height: 1.75rem; padding: 0 0.5rem; border: 1px solid transparent; border-radius: 5px;
}
li[data-state=left] { border-color: var(--ink); background: var(--accent-soft); font-weight: 650; }
li[data-state=idle] { color: var(--quiet); }
.block { text-align: right; }
.kind { justify-self: center; font-size: 0.75rem; font-weight: 650; }
.label { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.bar { position: relative; height: 0.5rem; border-radius: 3px; background: var(--hush); }
.bar i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--quiet); }
li[data-state=left] .bar i { background: var(--accent-mark); }
.bar b { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--accent-mark); }
.state { font-size: 0.75rem; }
`;

export class LiveLadder extends LiveWidget {
  static style = STYLE;

  static get markup() {
    return `<div class="head"><h2 id="title">${t("live.ladder")}</h2></div><ol aria-labelledby="title"></ol>`;
  }

  update() {
    const { store, live } = this;
    const { trace, rule, ruleFacts, thresholds } = store;
    if (!trace || !ruleFacts) return;
    const { frame } = live;
    const exits = frame?.exits ?? trace.exits;
    const share = (score) => Math.min(1, Math.max(0, (score - ruleFacts.min) / (ruleFacts.max - ruleFacts.min)));
    keepChildren(this.part("ol"), exits, makeRung).forEach((rung, i) => {
      const [block, kind, label, bar, state] = rung.children;
      const out = i < exits.length - 1 && store.leftOut.includes(exits[i].block);
      const went = frame ? (i < frame.exit.index ? "on" : i === frame.exit.index ? "left" : "idle") : "idle";
      setAttributes(rung, { "data-state": went });
      setText(block, String(exits[i].block));
      setText(kind, familyOf(exits[i]).letter);
      const answer = went === "left" ? frame.prediction[0].label : frame?.labels?.[i];
      setText(label, went === "idle" ? "" : (answer ?? ""));
      const score = went === "idle" ? NaN : frame.scores?.[rule]?.[i];
      bar.firstChild.style.width = Number.isFinite(score) ? `${share(score) * 100}%` : "0";
      const limit = i < exits.length - 1 && !out ? thresholdAt(thresholds, i) : undefined;
      bar.lastChild.hidden = limit === undefined;
      if (limit !== undefined) bar.lastChild.style.left = `calc(${share(limit) * 100}% - 1px)`;
      setText(state, out ? t("explore.off") : t(`live.rung_${went}`));
    });
  }
}

function makeRung() {
  const bar = element("span", { class: "bar" }, element("i"), element("b"));
  const part = (name) => element("span", { class: name });
  return element("li", {}, part("block"), part("kind"), part("label"), bar, part("state"));
}
