// Thresholds by exponential shares: each exit gets its share of the images, surest first. Twin of rules/solve.py.

const STEEPEST = 12; // bound of |ln ratio| in the search, as in solve.py
const HALVINGS = 30;
const FLOOR_RATIOS = 121;

/** The share of images that should leave at each of E exits, proportional to ratio^k, k = 1..E. */
export function exponentialShares(logRatio, exits) {
  const powers = Array.from({ length: exits }, (_, k) => (k + 1) * logRatio);
  const most = Math.max(...powers);
  const grown = powers.map((power) => Math.exp(power - most));
  const sum = grown.reduce((a, b) => a + b, 0);
  return grown.map((one) => one / sum);
}

/** Thresholds (E - 1) under which floor(N q_k) images leave at exit k, and more if scores tie. */
export function shareThresholds({ count, exits }, scores, shares) {
  const left = Array.from({ length: count }, (_, i) => i);
  return shares.slice(0, -1).map((share, e) => {
    const at = (i) => scores[i * exits + e];
    const sure = left.map(at).filter((score) => !Number.isNaN(score)).sort((a, b) => b - a); // prettier-ignore
    const many = Math.min(Math.floor(count * share + 1e-9), sure.length);
    let threshold;
    if (many > 0) threshold = sure[many - 1];
    else {
      let highest = -Infinity;
      for (let i = 0; i < count; i++) if (at(i) > highest) highest = at(i);
      threshold = Number.isFinite(highest) ? highest + Number.EPSILON * Math.max(1, Math.abs(highest)) : 0;
    }
    const stay = left.filter((i) => !(at(i) >= threshold));
    left.splice(0, left.length, ...stay);
    return threshold;
  });
}

/** {accuracy, macs} of a split under thresholds; with an `early` count of exits, at the last of which all leave. */
function outcome({ count, exits, right }, scores, thresholds, macs) {
  let hits = 0;
  let spent = 0;
  for (let i = 0, row = 0; i < count; i++, row += exits) {
    let e = 0;
    while (e < thresholds.length && !(scores[row + e] >= thresholds[e])) e++;
    hits += right[row + e];
    spent += macs[e];
  }
  return { accuracy: hits / count, macs: spent / count };
}

/** As searchOne in search.js: {thresholds, reached} for a goal {macs} or {accuracy}. No image passes exit `deepest`. */
export function searchShares(split, scores, rule, macs, goal, deepest = split.exits - 1) {
  // Exits where no image can leave, such as those that are off, get no share.
  const open = Array.from({ length: deepest + 1 }, (_, e) => e === deepest || hasScore(split, scores, e));
  const at = (logRatio) => {
    const dealt = exponentialShares(logRatio, open.filter(Boolean).length);
    const shares = open.map((is) => (is ? dealt.shift() : 0));
    const thresholds = shareThresholds(split, scores, shares);
    return { thresholds, ...outcome(split, scores, thresholds, macs) };
  };
  let found;
  if ("macs" in goal) {
    let [low, high] = [-STEEPEST, STEEPEST];
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (low + high) / 2;
      if (at(middle).macs <= goal.macs) low = middle;
      else high = middle;
    }
    found = at(low);
  } else {
    const met = ({ accuracy }) => accuracy >= goal.accuracy - 1e-12;
    for (let i = 0; i < FLOOR_RATIOS; i++) {
      const tried = at(-STEEPEST + (2 * STEEPEST * i) / (FLOOR_RATIOS - 1));
      const better = (a, b) => (met(a) ? a.macs < b.macs || !met(b) : !met(b) && a.accuracy > b.accuracy);
      if (!found || better(tried, found)) found = tried;
    }
  }
  const reached = "macs" in goal ? found.macs <= goal.macs : found.accuracy >= goal.accuracy - 1e-12;
  const behind = Array(split.exits - 1 - deepest).fill(rule.min);
  return { thresholds: [...found.thresholds, ...behind].slice(0, split.exits - 1), reached };
}

/** The split with no exit behind `deepest`: an ordinary one for the other searches, and its scores. */
export function upTo(split, scores, deepest) {
  const exits = deepest + 1;
  if (exits === split.exits) return { split, scores };
  const cut = (values) => {
    const kept = new values.constructor(split.count * exits);
    for (let i = 0; i < split.count; i++)
      for (let e = 0; e < exits; e++) kept[i * exits + e] = values[i * split.exits + e];
    return kept;
  };
  return { split: { ...split, exits, right: cut(split.right) }, scores: cut(scores) };
}

/** Whether some image has a score at that exit. */
function hasScore({ count, exits }, scores, exit) {
  for (let i = 0; i < count; i++) if (!Number.isNaN(scores[i * exits + exit])) return true;
  return false;
}

/** Whether every image scores at least `least` at that exit, a rule's lowest threshold: all can leave there. */
export function canStop(split, scores, exit, least) {
  if (exit === split.exits - 1) return true;
  for (let i = 0; i < split.count; i++) if (!(scores[i * split.exits + exit] >= least)) return false;
  return true;
}
