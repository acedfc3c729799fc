// Whether an exit that is 80 % sure is right in 80 of 100 cases. Twin of explorer/evaluate/calibration.py.

/** Bins of confidence, equal in width, as in Guo et al. 2017 (arXiv 1706.04599). */
export const BINS = 15;

/**
 * One exit's answers on all images of a split, binned by confidence; bin b holds those in (b / 15, (b + 1) / 15].
 *
 * {count, confidence, accuracy} (15,) each, the means NaN in an empty bin; `ece`, the expected calibration error: the
 * mean over images of |accuracy - confidence| of their bin; `lean`, mean confidence - accuracy, above 0 when overconfident.
 */
export function reliability(split, confidences, exit) {
  const count = new Uint32Array(BINS);
  const sure = new Float64Array(BINS);
  const hits = new Uint32Array(BINS);
  for (let i = 0, at = exit; i < split.count; i++, at += split.exits) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.ceil(confidences[at] * BINS) - 1));
    count[bin]++;
    sure[bin] += confidences[at];
    hits[bin] += split.right[at];
  }
  let gap = 0;
  let lean = 0;
  for (let b = 0; b < BINS; b++) {
    gap += Math.abs(hits[b] - sure[b]);
    lean += sure[b] - hits[b];
  }
  return {
    count,
    confidence: sure.map((sum, b) => sum / count[b]),
    accuracy: Float64Array.from(hits, (sum, b) => sum / count[b]),
    ece: gap / split.count,
    lean: lean / split.count,
  };
}
