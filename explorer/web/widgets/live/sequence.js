// A short film for visitors without a camera: the model's example pictures, moved, turned and brought nearer.

import { ask } from "../ask.js";

const EACH = 24; // frames of a picture
const SMALL = 64; // pixels: a picture up to here keeps its size, because its network sees it unchanged

/** A picture's place in frame `i` of its `EACH`: moved in parts of its side, turned in radians, scaled by a factor. */
export function motionAt(i, small) {
  const turn = (2 * Math.PI * i) / EACH;
  if (small) return { x: 0.07 * Math.sin(turn), y: 0.05 * Math.sin(2 * turn), angle: 0.25 * Math.sin(turn), scale: 1 };
  return { x: 0.08 * Math.sin(turn), y: 0.06 * Math.cos(turn), angle: 0, scale: 1.35 + 0.3 * Math.cos(turn) };
}

/** Opens the film of a store's examples; as `openCamera`, without an end. `question` fetches those that came short. */
export async function openSequence(store, question = ask) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const pictures = new Map(); // example id -> its picture, decoded
  let count = 0;
  let closed = false;

  async function pictureOf(example) {
    if (!pictures.has(example.id)) {
      const whole = example.short ? await question("example", { model: store.model, id: example.id }) : example;
      const image = new Image();
      image.src = whole.image;
      await image.decode();
      pictures.set(example.id, image);
    }
    return pictures.get(example.id);
  }

  return {
    canvas,
    async take() {
      await new Promise((resolve) => setTimeout(resolve)); // the page draws between two frames
      const { examples } = store;
      const example = examples[Math.floor(count / EACH) % examples.length];
      const image = await pictureOf(example);
      const { naturalWidth: width, naturalHeight: height } = image;
      const { x, y, angle, scale } = motionAt(count % EACH, Math.max(width, height) <= SMALL);
      if (!closed) count++;
      Object.assign(canvas, { width, height });
      context.fillStyle = Math.max(width, height) <= SMALL ? "#000" : "#808080";
      context.fillRect(0, 0, width, height);
      context.translate(width * (0.5 + x), height * (0.5 + y));
      context.rotate(angle);
      context.scale(scale, scale);
      context.drawImage(image, -width / 2, -height / 2);
      context.resetTransform();
      return createImageBitmap(canvas);
    },
    close() {
      closed = true;
    },
  };
}
