// Downloads: figures as SVG and PNG, pictures as PNG, tables as CSV, data as JSON.

import { element } from "./dom.js";
import { t } from "./strings.js";

/** Hands the visitor a file. */
export function download(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/**
 * Rows (lists of values, the first the header) as CSV after RFC 4180, in UTF-8 with the byte order mark for Excel.
 * Text that a spreadsheet would run as a formula begins with an apostrophe.
 */
export function csvOf(rows) {
  const cell = (value) => {
    const raw = value === null || value === undefined ? "" : String(value);
    const text = typeof value === "string" && /^\s*[=+\-@＝＋－＠\t\r\n]/.test(raw) ? `'${raw}` : raw;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

// The styles that make a figure's look; everything else is geometry in its attributes.
const LOOK = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "visibility", "display",
  "paint-order",
]; // prettier-ignore

/** An SVG element as a file of its own: computed styles written into it, on the theme's background. */
export function svgText(svg) {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(originals[i]);
    node.removeAttribute("class");
    node.setAttribute("style", LOOK.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  const { width, height } = svg.getBoundingClientRect();
  const paper = getComputedStyle(svg).getPropertyValue("--paper").trim() || "#fff";
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.setAttribute("style", `${copy.getAttribute("style")};background:${paper}`);
  return new XMLSerializer().serializeToString(copy);
}

/** An SVG element as a PNG blob, at twice its size on screen. */
export async function svgPng(svg, scale = 2) {
  const { width, height } = svg.getBoundingClientRect();
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg))}`;
  await picture.decode();
  const canvas = element("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/**
 * Buttons that save what a widget shows; append the node to the widget's head. `parts` has any of `svg: () => element`,
 * `canvas: () => HTMLCanvasElement | Promise`, `csv: () => rows`, `json: () => value`; file names start with `name`.
 */
export function saveButtons(name, parts) {
  const kinds = {
    ...(parts.svg && {
      PNG: async () => download(`${name}.png`, await svgPng(parts.svg())),
      SVG: () => download(`${name}.svg`, svgText(parts.svg()), "image/svg+xml"),
    }),
    ...(parts.canvas && {
      PNG: async () => {
        const canvas = await parts.canvas();
        canvas.toBlob((blob) => download(`${name}.png`, blob));
      },
    }),
    ...(parts.csv && { CSV: () => download(`${name}.csv`, csvOf(parts.csv()), "text/csv") }),
    ...(parts.json && {
      JSON: () => download(`${name}.json`, JSON.stringify(parts.json(), null, 1), "application/json"),
    }),
  };
  const buttons = Object.entries(kinds).map(([kind, save]) => {
    const button = element("button", { type: "button", class: "plain", title: t("page.save_as", { kind }) }, kind);
    button.setAttribute("aria-label", t("page.save_name_as", { name, kind }));
    button.addEventListener("click", save);
    return button;
  });
  return element("span", { class: "save" }, ...buttons);
}
