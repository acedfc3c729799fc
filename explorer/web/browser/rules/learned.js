// Rules with learned parts: BERxiT's probe, JEI-DNN's gates, PALBERT's halting. `parts` are {name: {shape, data}}.

import { logSoftmax, softmax } from "../numbers.js";
import { bestTwo } from "./seen.js";

const EPSILON = 1e-6; // of the norm, as in explorer/rules/pooled.py
const SMALLEST = 1e-30; // as in explorer/rules/palbert_mixed.py
const NEEDS = ["state"];

/** Mean 0 and variance 1 over the channels. */
function normed(state) {
  const mean = state.reduce((sum, one) => sum + one, 0) / state.length;
  const moved = Float64Array.from(state, (one) => one - mean);
  const variance = moved.reduce((sum, one) => sum + one * one, 0) / state.length;
  return moved.map((one) => one / Math.sqrt(variance + EPSILON));
}

/** x (in,) through rows `first` on of a weight (…, in) and its bias: (count,). */
function rows(weight, bias, x, first, count) {
  return Float64Array.from({ length: count }, (_, row) => {
    const at = (first + row) * x.length;
    let sum = bias.data[first + row];
    for (let i = 0; i < x.length; i++) sum += weight.data[at + i] * x[i];
    return sum;
  });
}

/** x (in,) through the layer with that name, whose weight is (out, in). */
function linear(parts, name, x) {
  const weight = parts[`${name}.weight`];
  return rows(weight, parts[`${name}.bias`], x, 0, weight.shape[0]);
}

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

const natsOf = (logs) => logs.reduce((sum, log) => sum - Math.exp(log) * log, 0);

/** What a gate looks at: the largest probability, entropy in nats, margin, entropy of p² / Σ p². */
function statistics(logits) {
  const logs = logSoftmax(logits);
  const [first, second] = bestTwo(logs.map(Math.exp));
  return [first, natsOf(logs), first - second, natsOf(logSoftmax(logs.map((log) => 2 * log)))];
}

function gates({ exits, parts }) {
  const [weight, bias] = [parts["classifiers.weight"], parts["classifiers.bias"]];
  const classes = weight.shape[1];
  let [opened, inside] = [0, 1]; // Σ g and Π (1 - c) so far
  return (exit, { state }) => {
    if (exit === exits - 1) return { score: 1, looks: { gate: 1, share: Math.max(0, 1 - opened) } };
    const answer = Float32Array.from(rows(weight, bias, state, exit * classes, classes));
    const gate = sigmoid(rows(parts["gates.weight"], parts["gates.bias"], statistics(answer), exit, 1)[0]);
    const share = Math.max(0, Math.min(gate, 1 - opened));
    const score = inside > 0 ? Math.min(1, share / inside) : 1;
    opened += gate;
    inside *= 1 - score;
    return { score, answer, looks: { gate, share } };
  };
}

/** PALBERT; `mixed` answers the mean of the exits so far, each weighted by its chance of halting. */
const pondering = (mixed) => ({ parts }) => {
  const layers = Object.keys(parts).filter((name) => /^lambda\.\d+\.weight$/.test(name)).length;
  let inside = 1;
  let before = new Float64Array(parts["pooler.weight"].shape[0]);
  let mix = null;
  return (_, { state }) => {
    const own = linear(parts, "pooler", normed(state)).map(Math.tanh);
    let grown = Float64Array.of(...own, ...before);
    for (let layer = 0; layer < layers - 1; layer++) grown = linear(parts, `lambda.${layer}`, grown).map(Math.tanh);
    const halt = sigmoid(linear(parts, `lambda.${layers - 1}`, grown)[0]);
    const share = halt * inside;
    inside *= 1 - halt;
    before = own;
    let answer = Float32Array.from(linear(parts, "classifier", own));
    if (mixed) {
      const chances = softmax(answer);
      mix = chances.map((p, c) => (mix?.[c] ?? 0) + share * p);
      const halted = Math.max(1 - inside, SMALLEST);
      answer = Float32Array.from(mix, (sum) => Math.log(Math.max(sum / halted, SMALLEST)));
    }
    return { score: 1 - inside, answer, looks: { halt, share } };
  };
};

export const LEARNED = {
  berxit: {
    needs: NEEDS,
    byClass: true,
    addon: "berxit",
    reader: ({ parts }) => (_, { state }) => {
      const [grown] = linear(parts, "probe", normed(state));
      return { score: sigmoid(-grown), looks: { error: sigmoid(grown) } };
    },
  },
  "jei-dnn": { needs: NEEDS, byClass: true, addon: "jei-dnn", reader: gates },
  palbert: { needs: NEEDS, byClass: true, addon: "palbert", reader: pondering(false) },
  "palbert-mixed": { needs: NEEDS, byClass: true, addon: "palbert", reader: pondering(true) },
};
