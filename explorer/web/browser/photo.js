// What a network for photographs sees of a picture: its central square. Twin of explorer/data/photo.py.

import { resizeReduced } from "./resample.js";

/** {picture, note} of an RGB picture, at `size` x `size` pixels. */
export function seePhoto(picture, size) {
  const { width, height } = picture;
  if (width === size && height === size) return { picture, note: "Seen as it is." };
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const seen = resizeReduced(picture, size, size, "bicubic", [left, top, left + side, top + side], 3);
  const cropped = width === height ? "Resized" : "Cropped to its middle square and resized";
  return { picture: seen, note: `${cropped} to ${size} x ${size} pixels.` };
}
