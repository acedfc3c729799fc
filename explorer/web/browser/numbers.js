// Arithmetic as in NumPy and Python, where JavaScript would round or choose differently.

/** Rounded to the nearest integer, halves to even: np.rint, and Python's round. */
export function rint(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The quantile of a list of numbers, linearly interpolated: np.quantile's default. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

export function median(values) {
  return quantile(values, 0.5);
}

/** Index of the largest number, the first of equal ones. */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Log-softmax of an array of logits, in float64. */
export function logSoftmax(logits) {
  const most = logits[argmax(logits)];
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const log = Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - most - log);
}

export function softmax(logits) {
  return logSoftmax(logits).map(Math.exp);
}

/** `value` to six significant digits. */
export function sixDigits(value) {
  return Number(value.toPrecision(6));
}

/** Bytes as base64. */
export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
