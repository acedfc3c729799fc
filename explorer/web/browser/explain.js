// The maps that this browser's own network can make. A partial twin of explorer/explain/methods.

import { readAttention } from "./attention.js";
import { pack } from "./maps.js";
import { toInput } from "./network.js";
import { softmax } from "./numbers.js";

const MOST = 8; // pieces along a side, as in explorer/explain/methods/occlusion.py
const NEEDS_SERVER = "That map needs the page with a server; choose another.";

/** The maps that one pass gives besides its trace; none if the network does not expose its attention. */
export function passing(weights, facts) {
  if (weights.length === 0) return [];
  const { attention, rollout, distance } = readAttention(weights, 0, facts);
  return [
    { method: "attention", map: packAttention(attention, weights, facts), distance },
    { method: "rollout", map: packRollout(rollout, weights, facts) },
  ];
}

const packAttention = (values, weights, { grid }) =>
  pack(values, grid, { axes: { block: weights.length, head: weights[0].heads }, units: "attention" });

const packRollout = (values, weights, { grid }) =>
  pack(values, grid, { axes: { block: weights.length }, units: "share" });

/** The map for a question of the page, on the picture the network saw. Throws a sentence if it cannot make it. */
export async function explain(network, saw, asked) {
  const input = toInput(saw, network.facts.input);
  const { method, exit, against } = asked;
  if (method === "attention" || method === "rollout") return tokenMap(network, input, asked);
  const make = { "grad-cam": gradCam, occlusion }[method];
  if (!make) throw new Error(NEEDS_SERVER);
  const { values, grid, signed } = await make(network, input, exit, asked.classes);
  if (!Number.isInteger(against)) return { map: pack(values, grid, { signed, units: "logit" }) };
  const other = await make(network, input, against, asked.classes);
  const difference = values.map((value, i) => value - other.values[i]);
  return { map: pack(difference, grid, { signed: true, units: "logit" }) };
}

async function tokenMap(network, input, { method, patch = null }) {
  const { facts } = network;
  const { attention: weights } = await network.pass(input, { attention: true });
  const found = readAttention(weights, patch === null ? 0 : facts.prefix + patch, facts);
  if (method === "rollout") return { map: packRollout(found.rollout, weights, facts) };
  return { map: packAttention(found.attention, weights, facts), distance: found.distance };
}

/** Grad-CAM at a local exit, whose piece computes it in closed form; for a group its log-sum-exp is explained. */
async function gradCam(network, input, exit, classes) {
  const { facts } = network;
  if (!network.showsEvidence(exit)) throw new Error(NEEDS_SERVER);
  const shares = classes.length > 1 ? await sharesOf(network, input, exit, classes) : [1];
  const weights = new Float32Array(facts.labels.length);
  classes.forEach((one, i) => {
    weights[one] = shares[i] / facts.temperatures[exit];
  });
  const { evidence } = await network.pass(input, { until: exit, only: true, evidence: weights });
  return { values: evidence, grid: facts.grid, signed: false };
}

/** How the probability of a group at an exit is divided among its classes: the gradient of its log-sum-exp. */
async function sharesOf(network, input, exit, classes) {
  const { logits } = await network.pass(input, { until: exit, only: true });
  return softmax(classes.map((one) => logits.at(-1)[one]));
}

/** How far the logit of a class, or of a group, drops when a piece of the picture is covered with the mean colour. */
async function occlusion(network, input, exit, classes) {
  const { size, grid, input: sight } = network.facts;
  const [rows, columns] = grid.map(piecesOf);
  const [height, width] = size;
  const channels = sight.mean.length;
  const score = async (pixels) => {
    const { logits } = await network.pass(pixels, { until: exit, only: true });
    const chosen = classes.map((one) => logits.at(-1)[one]);
    const most = Math.max(...chosen);
    return most + Math.log(chosen.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  };
  const whole = await score(input);
  const values = new Float32Array(rows * columns);
  for (let piece = 0; piece < values.length; piece++) {
    const covered = input.slice();
    const top = Math.floor(piece / columns) * (height / rows);
    const left = (piece % columns) * (width / columns);
    for (let c = 0; c < channels; c++) {
      for (let y = top; y < top + height / rows; y++) {
        const start = (c * height + y) * width + left;
        covered.fill(0, start, start + width / columns); // 0 is the mean colour
      }
    }
    values[piece] = whole - (await score(covered));
  }
  return { values, grid: [rows, columns], signed: true };
}

/** The largest number of equal pieces of whole patches along a side, at most `MOST`. */
function piecesOf(patches) {
  for (let count = Math.min(MOST, patches); ; count--) if (patches % count === 0) return count;
}
