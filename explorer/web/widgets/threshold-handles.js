// The draggable handles of the score curve's threshold: one for all exits, or one per early exit.

import { keepChildren, setAttributes, setText, svgElement } from "./dom.js";
import { t } from "./strings.js";
import { nearestThreshold, thresholdText } from "./threshold.js";
import { leftText } from "./words.js";

const PAGE_STEPS = 10;

/** Steps to move for a key, or null for any other key. */
function stepsOf(event) {
  const size = event.shiftKey ? PAGE_STEPS : 1;
  const steps = {
    ArrowUp: size,
    ArrowRight: size,
    ArrowDown: -size,
    ArrowLeft: -size,
    PageUp: PAGE_STEPS,
    PageDown: -PAGE_STEPS,
  };
  return steps[event.key] ?? null;
}

function makeHandle() {
  return svgElement(
    "g",
    { class: "handle", role: "slider", tabindex: 0, "aria-orientation": "vertical" },
    svgElement("rect", { class: "hit", rx: 8 }),
    svgElement("rect", { class: "halo" }),
    svgElement("rect", { class: "grip" }),
    svgElement("text", { class: "value" }),
  );
}

/** A rectangle w x h around the origin, as attributes. */
function around(w, h) {
  return { x: -w / 2, y: -h / 2, width: w, height: h, rx: Math.min(h / 2, 7) };
}

/** Makes the handles of a <score-curve> work; `draw()` puts them where the thresholds are. */
export function dragHandles(curve) {
  const group = curve.part(".handles");
  const strip = curve.part(".strip");
  let dragged = null; // {exit or null, offset}: what a pointer drags, and how far from the line it grabbed it

  const current = (exit) => (exit === null ? curve.store.thresholds : curve.store.thresholds[exit]);
  const set = (exit, value) =>
    exit === null ? curve.store.setThresholds(value) : curve.store.setThresholdAt(exit, value);
  const exitOf = (handle) => (handle.dataset.exit === "all" ? null : Number(handle.dataset.exit));
  const heightOf = (event) => event.clientY - curve.svg.getBoundingClientRect().top;

  function grab(event) {
    if (event.button !== 0) return;
    const handle = event.target.closest(".handle") ?? group.firstElementChild;
    const exit = exitOf(handle);
    dragged = { exit, offset: heightOf(event) - curve.frame.y(current(exit)) };
    event.currentTarget.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault(); // no text selection, no scrolling while dragging
  }

  function drag(event) {
    if (!dragged) return;
    const value = curve.frame.value(heightOf(event) - dragged.offset);
    set(dragged.exit, nearestThreshold(curve.store.ruleFacts, value));
  }

  for (const target of [group, strip]) {
    target.addEventListener("pointerdown", grab);
    target.addEventListener("pointermove", drag);
    // touch-action alone does not keep every browser from scrolling when the finger is on a shape inside an SVG.
    target.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      target.addEventListener(end, () => (dragged = null));
  }

  group.addEventListener("keydown", (event) => {
    const exit = exitOf(event.target.closest(".handle"));
    const { ruleFacts: rule } = curve.store;
    const steps = stepsOf(event);
    if (steps !== null) set(exit, current(exit) + steps * rule.step);
    else if (event.key === "Home") set(exit, rule.min);
    else if (event.key === "End") set(exit, rule.max);
    else return;
    event.preventDefault();
  });

  function draw() {
    const { frame, store } = curve;
    const { trace, thresholds, ruleFacts: rule, fired } = store;
    const apart = Array.isArray(thresholds);
    const handles = keepChildren(group, apart ? thresholds : [thresholds], makeHandle);
    handles.forEach((handle, exit) => {
      const threshold = apart ? thresholds[exit] : thresholds;
      const [hit, halo, grip, value] = handle.children;
      const text = thresholdText(rule, threshold);
      const width = apart ? Math.min(20, frame.half * 1.4) : text.length * 7.5 + 14;
      const x = apart ? frame.x(trace.exits[exit].block) : frame.right + width / 2;
      handle.dataset.exit = apart ? exit : "all";
      setAttributes(handle, {
        transform: `translate(${x.toFixed(1)} ${frame.y(threshold).toFixed(1)})`,
        "aria-label": apart
          ? t("explore.handle_at", { block: trace.exits[exit].block })
          : t("explore.handle"),
        "aria-valuemin": rule.min,
        "aria-valuemax": rule.max,
        "aria-valuenow": threshold,
        "aria-valuetext": t("explore.handle_value", { threshold: text, left: leftText(trace, fired) }),
        display: apart && trace.leftOut?.[exit] ? "none" : null, // it would change nothing
      });
      setAttributes(hit, around(Math.max(width, 24), 28));
      setAttributes(halo, around(width + 7, apart ? 15 : 29));
      setAttributes(grip, around(width, apart ? 8 : 22));
      setText(value, apart ? "" : text);
    });
  }

  return { draw };
}
