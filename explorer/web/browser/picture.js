// Reading pictures and writing them: any file the browser decodes, in RGB on white; what only Pillow reads is reported.

/** Why a file cannot be read as a picture, in one plain sentence. */
export class UnreadableImage extends Error {}

const MOST_PIXELS = 64_000_000; // as explorer/data/reading.py

/** {width, height, channels: 3, data} of a file (a Blob). Throws `UnreadableImage`. */
export async function readPicture(file) {
  if (file.size === 0) throw new UnreadableImage("This file is empty; choose another one.");
  const start = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
  const refused = whatElse(start);
  if (refused) throw new UnreadableImage(refused);
  let bitmap;
  try {
    // Upright, and in sRGB if the file has a profile, as in explorer/data/reading.py.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new UnreadableImage("This file is not an image this browser can read; try a JPEG or PNG.");
  }
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) {
    const megapixels = Math.ceil((width * height) / 1e6);
    throw new UnreadableImage(`This image has ${megapixels} megapixels; the limit is 64, please shrink it.`);
  }
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** An ImageBitmap or anything a canvas draws, on white, as an RGB picture. */
export function pixelsOf(drawable, width = drawable.width, height = drawable.height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(drawable, 0, 0, width, height);
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = new Uint8ClampedArray(width * height * 3);
  for (let i = 0, at = 0; i < rgba.length; i += 4) {
    data[at++] = rgba[i];
    data[at++] = rgba[i + 1];
    data[at++] = rgba[i + 2];
  }
  return { width, height, channels: 3, data };
}

/** The red channel of a grey picture that was read as RGB. */
export function asGrey({ width, height, channels, data }) {
  if (channels === 1) return { width, height, channels, data };
  return { width, height, channels: 1, data: data.filter((_, i) => i % channels === 0) };
}

/** A picture as a data URI; `quality` in 0..1 makes it a JPEG, none a PNG. */
export async function dataUri(picture, quality = null) {
  const blob = await toBlob(picture, quality);
  return new FileReaderSync().readAsDataURL(blob);
}

/** A picture as a file: PNG, or JPEG of a quality in 0..1. */
export async function toBlob({ width, height, channels, data }, quality = null) {
  const canvas = new OffscreenCanvas(width, height);
  const rgba = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba.data[i * 4 + c] = data[i * channels + (channels === 3 ? c : 0)];
    rgba.data[i * 4 + 3] = 255;
  }
  canvas.getContext("2d").putImageData(rgba, 0, 0);
  return canvas.convertToBlob(quality === null ? { type: "image/png" } : { type: "image/jpeg", quality });
}

/** The file in a data URI. Throws `UnreadableImage` for anything else. */
export function fromDataUri(uri) {
  const [, kind, data] = /^data:([\w/+.-]*);base64,(.*)$/s.exec(String(uri)) ?? [];
  if (data === undefined) {
    throw new UnreadableImage("That is not a picture this page can read; choose a JPEG or PNG file.");
  }
  try {
    return new Blob([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))], { type: kind });
  } catch {
    throw new UnreadableImage("That picture came damaged; choose it again.");
  }
}

/** A picture scaled down for the page: its longer edge at most `most` pixels. */
export function shrunk(picture, most, resize) {
  const { width, height } = picture;
  const share = Math.min(1, most / Math.max(width, height));
  if (share === 1) return picture;
  return resize(picture, Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share)), "bicubic");
}

/** One sentence for a file that browsers do not decode, or not as Pillow does; null for all others. */
function whatElse(start) {
  const text = String.fromCharCode(...start).trimStart();
  const brand = String.fromCharCode(...start.slice(4, 12));
  if (text.startsWith("%PDF")) return "This is a PDF document; export the page as a JPEG or PNG.";
  if (text.includes("<svg")) return "This is an SVG drawing; export it as a PNG.";
  if (/^(II\*\0|MM\0\*)/.test(text)) return "This is a TIFF, which browsers cannot read; save it as a JPEG or PNG.";
  if (/^ftyp(heic|heix|heim|hevc|mif1|msf1)/.test(brand)) {
    return "This is a HEIC photo, which most browsers cannot read; save it as a JPEG.";
  }
  if (start[0] === 0x89 && text.slice(1, 4) === "PNG" && start[24] === 16) {
    return "This PNG has 16 bits a channel, which browsers cut to 8; save it with 8 bits.";
  }
  return null;
}
