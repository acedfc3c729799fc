// <batch-summary>: the batch's results: where its pictures left, and what that saved in MACs and in measured time.

import { element, keepChildren, setAttributes, setText, svgElement } from "../dom.js";
import { CLASSES } from "../reading.js";
import { saveButtons } from "../save.js";
import { t } from "../strings.js";
import { factorText, familyOf, grainText, macsText, ruleText } from "../words.js";
import { BatchWidget } from "./batch-widget.js";
import { leftAt, sums } from "./results.js";

const HEIGHT = 170;
const [LEFT, RIGHT, TOP, BOTTOM] = [8, 8, 22, 40]; // pixels around the bars
const STYLE = `
.parts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(14rem, 20rem); gap: 1rem 1.75rem; }
.plot { display: block; width: 100%; font-size: 0.75rem; }
text { fill: var(--quiet); font-family: inherit; text-anchor: middle; }
.bars rect { fill: var(--accent-mark); }
.bars .count { fill: var(--ink); font-weight: 650; }
.bars .family { font-size: 0.625rem; font-weight: 700; }
.floor { stroke: var(--line); }
.none { text-anchor: middle; font-size: 0.875rem; }
dl { display: grid; gap: 0.625rem; margin: 0; align-content: start; }
dt { font-size: 0.8125rem; color: var(--quiet); }
dd { margin: 0; font-size: 1.125rem; font-weight: 650; letter-spacing: -0.01em; }
dd small { display: block; font-size: 0.8125rem; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
.ran { min-height: 1.45em; margin-top: 0.25rem; color: var(--quiet); font-size: 0.8125rem; }
@container (max-width: 640px) { .parts { grid-template-columns: minmax(0, 1fr); } }
`;

export class BatchSummary extends BatchWidget {
  static style = STYLE;

  static get markup() {
    return `
<div class="head"><h2 id="title">${t("batch.histogram")}</h2><span class="end"></span></div>
<div class="parts">
  <div>
    <svg class="plot" height="${HEIGHT}" role="img"><line class="floor"/><g class="bars"></g><text class="none"></text></svg>
    <p class="ran"></p>
  </div>
  <dl></dl>
</div>`;
  }

  build() {
    this.svg = this.part(".plot");
    const names = ["block", "macs", "time"];
    this.facts = Object.fromEntries(
      names.map((name) => {
        const [value, note] = [element("span"), element("small")];
        this.part("dl").append(element("div", {}, element("dt", {}, t(`batch.${name}`)), element("dd", {}, value, note)));
        return [name, { value, note }];
      }),
    );
    this.part(".end").append(saveButtons("batch-exits", { svg: () => this.svg }));
  }

  update() {
    const { store, batch, width } = this;
    if (width === 0 || !store.trace) return;
    const total = sums(batch.rows);
    const dash = { value: "–", note: "" };
    const { times } = batch;
    const blocks = store.trace.blocks;
    this.#say("block", total ? { value: t("batch.mean_block", { block: total.block.toFixed(1), blocks }) } : dash);
    const spent = total && { used: macsText(total.macs.used), full: macsText(total.macs.full) };
    this.#say("macs", total ? { value: saved(total.macs.used, total.macs.full), note: t("batch.of_macs", spent) } : dash);
    const ms = { used: msWhole(times.infer), full: msWhole(times.plain), timed: times.timed, all: total?.pictures ?? 0 };
    this.#say("time", times.timed > 0 ? { value: saved(times.infer, times.plain), note: t("batch.of_ms", ms) } : dash);
    this.#draw(total);
    setText(this.part(".ran"), this.#ranText(total));
  }

  #say(name, { value, note = "" }) {
    setText(this.facts[name].value, value);
    setText(this.facts[name].note, note);
  }

  #ranText(total) {
    const { ran } = this.batch;
    if (!total || !ran) return "";
    const threshold = Array.isArray(ran.thresholds) ? ran.thresholds.join(" · ") : String(ran.thresholds);
    const rule = ruleText(ran.rule, this.store.rules[ran.rule], "title");
    const facts = { count: total.pictures, model: ran.model, rule, threshold };
    const grain = ran.model === this.store.model ? this.#grainOf(ran) : null;
    const said = grain ? t("batch.ran_in", { ...facts, grain }) : t("batch.ran", facts);
    const out = ran.left_out ? ` ${t("batch.left_out", { blocks: ran.left_out.join(", ") })}` : "";
    return total.failed ? `${said}${out} ${t("batch.unread", { count: total.failed })}` : said + out;
  }

  /** The grain of the rows' answers, such as "100 kinds"; null for a model without coarser readings. */
  #grainOf(ran) {
    const { grains } = this.store;
    if (grains.length === 0) return null;
    const classes = { name: CLASSES, labels: { length: grains[0].groups.length } };
    return grainText(grains.find(({ name }) => name === ran.grain) ?? classes);
  }

  #draw(total) {
    const { width } = this.svg.getBoundingClientRect();
    if (width === 0) return; // its tab was just closed; drawn when it is open again
    const { exits } = this.store.trace;
    const rows = this.batch.rows;
    const blocks = exits.map(({ block }) => block);
    const counts = leftAt(rows, blocks);
    const most = Math.max(1, ...counts);
    const step = (width - LEFT - RIGHT) / blocks.length;
    const floor = HEIGHT - BOTTOM;
    setAttributes(this.svg, { viewBox: `0 0 ${Math.max(1, Math.round(width))} ${HEIGHT}` });
    setAttributes(this.part(".floor"), { x1: LEFT, x2: width - RIGHT, y1: floor, y2: floor });
    const names = ["rect", "text", "text", "text"];
    const make = () => svgElement("g", {}, ...names.map((name) => svgElement(name)));
    keepChildren(this.part(".bars"), blocks, make).forEach((group, e) => {
      const [bar, count, block, family] = group.children;
      const x = LEFT + (e + 0.5) * step;
      const height = (counts[e] / most) * (floor - TOP);
      const thick = Math.min(48, step * 0.7);
      setAttributes(bar, { x: x - thick / 2, y: floor - height, width: thick, height, rx: 2 });
      setAttributes(count, { class: "count", x, y: floor - height - 6 });
      setAttributes(block, { x, y: floor + 16 });
      setAttributes(family, { class: "family", x, y: floor + 30 });
      setText(count, counts[e] ? String(counts[e]) : "");
      setText(block, String(blocks[e]));
      setText(family, familyOf(exits[e]).letter);
    });
    setAttributes(this.part(".none"), { x: width / 2, y: floor / 2 + 8 });
    setText(this.part(".none"), total ? "" : t("batch.none"));
    const texts = blocks.map((block, e) => t("batch.bar", { block, count: counts[e] }));
    setAttributes(this.svg, { "aria-label": total ? `${t("batch.histogram")}: ${texts.join(", ")}` : t("batch.none") });
  }
}

/** "1.42×, 30 % saved". */
function saved(used, full) {
  const percent = Math.round((1 - used / full) * 100);
  const share = t(percent >= 0 ? "batch.saved" : "batch.more", { percent: Math.abs(percent) });
  return `${factorText(full / used)}, ${share}`;
}

function msWhole(ms) {
  return ms < 9.95 ? ms.toFixed(1) : String(Math.round(ms));
}
