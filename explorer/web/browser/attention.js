// Maps from attention weights: one token's row, rollout, distance. Twin of explorer/explain/attending.py.

/**
 * `weights` has per block {heads, tokens, data}: data (heads, tokens, tokens), row i what token i takes from all.
 * `token` is whose map: 0 is [CLS]. Gives {attention, rollout, distance}: Float32Arrays in the order (block, head, patch)
 * and (block, patch), and lists of pixels per block and head.
 */
export function readAttention(weights, token, { prefix, grid, size }) {
  const [{ heads, tokens }] = weights;
  const patches = tokens - prefix;
  const attention = new Float32Array(weights.length * heads * patches);
  const rollout = new Float32Array(weights.length * patches);
  const mixed = [];
  weights.forEach(({ data }, block) => {
    for (let head = 0; head < heads; head++) {
      const row = (head * tokens + token) * tokens + prefix;
      attention.set(data.subarray(row, row + patches), (block * heads + head) * patches);
    }
    mixed.push(mixedWithIdentity(data, heads, tokens));
    let row = mixed[block].slice(token * tokens, (token + 1) * tokens);
    for (let below = block - 1; below >= 0; below--) row = times(row, mixed[below], tokens);
    rollout.set(row.subarray(prefix), block * patches);
  });
  const distance = weights.map(({ data }) => distances(data, heads, tokens, prefix, grid, size));
  return { attention, rollout, distance };
}

/** The mean over heads, averaged with the identity, (tokens, tokens). */
function mixedWithIdentity(data, heads, tokens) {
  const size = tokens * tokens;
  const mixed = new Float32Array(size);
  for (let head = 0; head < heads; head++) for (let i = 0; i < size; i++) mixed[i] += data[head * size + i];
  for (let i = 0; i < size; i++) mixed[i] *= 0.5 / heads;
  for (let i = 0; i < tokens; i++) mixed[i * tokens + i] += 0.5;
  return mixed;
}

/** A row (n,) times a matrix (n, n). */
function times(row, matrix, n) {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j] += row[i] * matrix[i * n + j];
  return out;
}

/** Mean attention distance of each head in pixels, from patch to patch, to a tenth. */
function distances(data, heads, tokens, prefix, [rows, columns], [height, width]) {
  const patches = tokens - prefix;
  const y = (patch) => (Math.floor(patch / columns) * height) / rows;
  const x = (patch) => ((patch % columns) * width) / columns;
  return Array.from({ length: heads }, (_, head) => {
    let sum = 0;
    for (let from = 0; from < patches; from++) {
      const row = (head * tokens + from + prefix) * tokens + prefix;
      let [reach, total] = [0, 0];
      for (let to = 0; to < patches; to++) {
        reach += data[row + to] * Math.hypot(y(from) - y(to), x(from) - x(to));
        total += data[row + to];
      }
      sum += reach / Math.max(total, 1e-12);
    }
    return Math.round((sum / patches) * 10) / 10;
  });
}
