// The theme's colours as numbers, for what is not drawn with CSS, and notice when the theme changes.

import { rgbOf } from "./colormap.js";

/** Any CSS colour as [r, g, b] in 0..255, painted over `under` where it is transparent. */
export function resolveColor(color, under = [255, 255, 255]) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = `rgb(${under.join()})`;
  context.fillRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** Computed value of one of the widgets' colour variables (`--ink`, `--paper`), as [r, g, b]. */
export function themeColor(widget, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  widget.shadowRoot.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return resolveColor(color || "#000", rgbOf("ffffff"));
}

/** Calls back when light and dark switch: Gradio sets the class `dark` on body. Returns a function that ends it. */
export function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
  }
  return () => observer.disconnect();
}
