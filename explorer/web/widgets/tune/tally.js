// Where every image of a split leaves, and what that gives: one pass over typed arrays, nothing allocated.
// Twin of explorer/evaluate/tradeoff.py (at_thresholds) and overthinking.py.

/** Buffers for the numbers of one pass over a split of this evaluation; filled by `tally`. */
export function makeTally({ exits, labels, splits, macs, leftOut = [] }) {
  const most = Math.max(...Object.values(splits).map(({ count }) => count));
  return {
    macs: Float64Array.from(macs),
    blocks: Uint16Array.from(exits, ({ block }) => block),
    limits: new Float64Array(exits.length), // the last is never compared
    soonest: exits.findIndex((_, e) => !leftOut[e]), // the first exit that is in use
    count: 0,
    fired: new Uint8Array(most), // the exit each image leaves at
    leaving: new Uint32Array(exits.length), // images that leave there
    right: new Uint32Array(exits.length), // of those, right
    classRight: new Uint32Array(labels.length),
    classMacs: new Float64Array(labels.length), // sums over the images of a true class
    classBlocks: new Uint32Array(labels.length),
    accuracy: NaN, // share of all images
    meanMacs: NaN,
    meanBlock: NaN,
    wasteful: 0, // right, but an earlier exit was already right
    wastedMacs: 0, // their MACs after the first right exit, summed
    destructive: 0, // wrong, though an earlier exit was right
    tooEarly: 0, // wrong, though the last exit is right
    someRight: 0, // some exit is right
    bestMacs: 0, // spent if every image left at its first right exit, or as early as possible if none is right
  };
}

/**
 * Decides every image of a split: the first exit whose score reaches its threshold, else the last. `scores` are a
 * rule's, row by row; `thresholds` one number or one per early exit. Fills `out` and returns it.
 */
export function tally(split, scores, thresholds, out) {
  const { count, exits, labels, right, first } = split;
  const { macs, blocks, limits, fired, leaving, classRight, classMacs, classBlocks } = out;
  const last = exits - 1;
  for (let e = 0; e < last; e++) limits[e] = typeof thresholds === "number" ? thresholds : thresholds[e];
  leaving.fill(0);
  out.right.fill(0);
  classRight.fill(0);
  classMacs.fill(0);
  classBlocks.fill(0);
  let wasteful = 0;
  let wastedMacs = 0;
  let destructive = 0;
  let tooEarly = 0;
  let someRight = 0;
  let bestMacs = 0;
  for (let i = 0, row = 0; i < count; i++, row += exits) {
    let e = 0;
    while (e < last && !(scores[row + e] >= limits[e])) e++; // a NaN never fires
    const hit = right[row + e];
    const label = labels[i];
    const known = first[i];
    fired[i] = e;
    leaving[e]++;
    out.right[e] += hit;
    classRight[label] += hit;
    classMacs[label] += macs[e];
    classBlocks[label] += blocks[e];
    if (known < exits) someRight++;
    bestMacs += macs[known < exits ? known : out.soonest];
    if (known < e) {
      if (hit) {
        wasteful++;
        wastedMacs += macs[e] - macs[known];
      } else destructive++;
    }
    if (!hit && right[row + last]) tooEarly++;
  }
  let hits = 0;
  let spent = 0;
  let depth = 0;
  for (let e = 0; e < exits; e++) {
    hits += out.right[e];
    spent += leaving[e] * macs[e];
    depth += leaving[e] * blocks[e];
  }
  out.count = count;
  out.accuracy = hits / count;
  out.meanMacs = spent / count;
  out.meanBlock = depth / count;
  out.wasteful = wasteful;
  out.wastedMacs = wastedMacs;
  out.destructive = destructive;
  out.tooEarly = tooEarly;
  out.someRight = someRight;
  out.bestMacs = bestMacs / count;
  return out;
}
