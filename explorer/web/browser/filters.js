// Pillow's Gaussian blur and rotation, reimplemented from what they compute (BoxBlur.c, Geometry.c).

const PASSES = 3;

/** Three box blurs in a row, each rounded to bytes; edge pixels repeat. */
export function gaussianBlur(picture, radius) {
  const box = boxRadius(radius);
  let done = picture;
  for (const alongRows of [true, false]) {
    for (let i = 0; i < PASSES; i++) done = boxBlur(done, box, alongRows);
  }
  return done;
}

/** The radius of the box whose repetition comes closest to that Gaussian (Gwosdek et al. 2011). */
function boxRadius(radius) {
  const float = Math.fround;
  const variance = float((float(radius) * float(radius)) / PASSES);
  const length = float(Math.sqrt(12 * variance + 1));
  const whole = float(Math.floor((length - 1) / 2));
  const rest = float((2 * whole + 1) * (whole * (whole + 1) - 3 * variance));
  return float(whole + float(rest / (6 * (variance - (whole + 1) * (whole + 1)))));
}

function boxBlur({ width, height, channels, data }, radius, alongRows) {
  const whole = Math.trunc(radius);
  const weight = Math.trunc(Math.fround(2 ** 24 / Math.fround(radius * 2 + 1)));
  const edge = Math.trunc((2 ** 24 - (whole * 2 + 1) * weight) / 2);
  const result = new Uint8ClampedArray(data.length);
  const [count, lines] = alongRows ? [width, height] : [height, width];
  const step = alongRows ? channels : width * channels;
  for (let line = 0; line < lines; line++) {
    for (let c = 0; c < channels; c++) {
      const start = (alongRows ? line * width * channels : line * channels) + c;
      const at = (i) => data[start + Math.min(count - 1, Math.max(0, i)) * step];
      let sum = 0;
      for (let i = -whole; i <= whole; i++) sum += at(i);
      for (let i = 0; i < count; i++) {
        if (i > 0) sum += at(i + whole) - at(i - whole - 1);
        const bulk = sum * weight + (at(i - whole - 1) + at(i + whole + 1)) * edge;
        result[start + i * step] = Math.floor((bulk + 2 ** 23) / 2 ** 24);
      }
    }
  }
  return { width, height, channels, data: result };
}

/** Rotated left by degrees about its centre, bicubic; `fill` has a value per channel for the corners. */
export function rotate(picture, degrees, fill) {
  const { width, height, channels, data } = picture;
  if (degrees === 90 && width === height) return turned(picture);
  const angle = (-degrees * Math.PI) / 180;
  const to15 = (value) => Number(value.toFixed(15));
  const [a, b, d, e] = [Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle)].map(to15);
  const [middleX, middleY] = [width / 2, height / 2];
  const shiftX = a * -middleX + b * -middleY + middleX;
  const shiftY = d * -middleX + e * -middleY + middleY;
  const result = new Uint8ClampedArray(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += channels) {
      const fromX = a * (x + 0.5) + b * (y + 0.5) + shiftX;
      const fromY = d * (x + 0.5) + e * (y + 0.5) + shiftY;
      const inside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
      for (let c = 0; c < channels; c++) {
        result[to + c] = inside ? Math.trunc(between(picture, fromX - 0.5, fromY - 0.5, c)) : fill[c];
      }
    }
  }
  return { width, height, channels, data: result };
}

/** A value between pixels from 4 x 4 of them, clipped to 0..255. */
function between({ width, height, channels, data }, x, y, c) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const row = (line) => {
    const start = Math.min(height - 1, Math.max(0, line)) * width;
    const at = (column) => data[(start + Math.min(width - 1, Math.max(0, column))) * channels + c];
    return cubic(at(left - 1), at(left), at(left + 1), at(left + 2), x - left);
  };
  const value = cubic(row(top - 1), row(top), row(top + 1), row(top + 2), y - top);
  return Math.min(255, Math.max(0, value));
}

function cubic(v1, v2, v3, v4, d) {
  return v2 + d * (-v1 + v3 + d * (2 * (v1 - v2) + v3 - v4 + d * (-v1 + v2 - v3 + v4)));
}

/** A square, turned onto its left side. */
function turned({ width, height, channels, data }) {
  const result = new Uint8ClampedArray(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        result[(y * width + x) * channels + c] = data[(x * width + (width - 1 - y)) * channels + c];
      }
    }
  }
  return { width, height, channels, data: result };
}
