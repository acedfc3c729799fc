// A visitor's own picture as a data URI that is small enough to send with a question.

import { element } from "../dom.js";
import { t } from "../strings.js";

const MOST_BYTES = 1_400_000; // a third more in base64, and the server accepts 2,000,000 characters
const LONGER_EDGE = 1024; // pixels, far more than any network here sees

/** The file unchanged, or a smaller JPEG of it. Throws an Error with a sentence if the browser cannot shrink it. */
export async function pictureUri(file) {
  if (file.size <= MOST_BYTES) return asUri(file);
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(t("compare.too_large"));
  }
  const scale = Math.min(1, LONGER_EDGE / Math.max(picture.width, picture.height));
  const canvas = element("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // the server also puts transparency on white
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL("image/jpeg", 0.92);
}

function asUri(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result));
    reader.addEventListener("error", () => fail(new Error(t("compare.too_large"))));
    reader.readAsDataURL(file);
  });
}
