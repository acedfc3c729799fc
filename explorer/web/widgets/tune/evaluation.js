// A model's evaluation from its wire format: what every exit answered on every image of a split, as typed arrays.

import { decodeBase64 } from "../maps.js";

/** The split of photographs without labels: its "true" classes are a teacher's answers, whatever the others' are. */
export const UNLABELLED = "unlabelled";

const KINDS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The array that explorer/web/records.py packed: base64 of zlib of byte planes. Throws TypeError for another size. */
export async function unpackArray({ kind, shape, data }) {
  const planes = await inflate(decodeBase64(data));
  const Kind = KINDS[kind];
  const size = Kind?.BYTES_PER_ELEMENT;
  const count = shape.reduce((product, n) => product * n, 1);
  if (planes.length !== count * size) {
    throw new TypeError(`array: expected ${count} values of ${kind}; got ${planes.length} bytes.`);
  }
  if (size === 1) return planes;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0, from = 0; plane < size; plane++) {
    for (let to = plane; to < bytes.length; to += size) bytes[to] = planes[from++];
  }
  return new Kind(bytes.buffer); // little-endian, as every browser's machine is
}

/**
 * What follows from a split's answers, whatever the thresholds. E exits, row by row:
 * `right` (N*E) 0 or 1, `first` (N) the first exit that is right or E, `classCount` and `classEnd` (classes) how many
 * images each true class has and how many of them the last exit gets right, `rightAt` (E) how many each exit does.
 */
export function makeSplit(name, exits, classes, { labels, predicted, scores }) {
  const count = labels.length;
  const right = new Uint8Array(count * exits);
  const first = new Uint8Array(count).fill(exits);
  const classCount = new Uint32Array(classes);
  const classEnd = new Uint32Array(classes);
  const rightAt = new Uint32Array(exits);
  for (let i = 0, at = 0; i < count; i++) {
    const label = labels[i];
    for (let e = 0; e < exits; e++, at++) {
      if (predicted[at] !== label) continue;
      right[at] = 1;
      rightAt[e]++;
      if (first[i] === exits) first[i] = e;
    }
    classCount[label]++;
    classEnd[label] += right[at - 1];
  }
  return { name, count, exits, labels, predicted, scores, right, first, classCount, classEnd, rightAt };
}

/**
 * The server's answer, unpacked: its facts as they came, and `splits` {validation, test, maybe unlabelled} as `makeSplit`
 * gives them, with `teacher` if answers are checked against a teacher's, so that they agree or not.
 */
export async function readEvaluation(answer) {
  const splits = {};
  for (const [name, packed] of Object.entries(answer.splits)) {
    const [labels, predicted] = await Promise.all([packed.labels, packed.predicted].map(unpackArray));
    const scores = {};
    for (const [rule, values] of Object.entries(packed.scores))
      scores[rule] = values.same ? scores[values.same] : await unpackArray(values);
    const answers = {};
    for (const [rule, values] of Object.entries(packed.answers ?? {})) answers[rule] = await unpackArray(values);
    const made = makeSplit(name, answer.exits.length, answer.labels.length, { labels, predicted, scores });
    const teacher = Boolean(answer.teacher) || name === UNLABELLED;
    splits[name] = { ...made, answers, ownMacs: packed.own_macs ?? {}, teacher };
  }
  return { ...answer, splits };
}

const under = new WeakMap(); // evaluation -> rule -> evaluation

/** The evaluation for images that leave under a rule: with the rule's own answers and its own MACs. */
export function underRule(evaluation, rule) {
  const splits = Object.values(evaluation.splits);
  if (!splits.some(({ answers, ownMacs }) => answers?.[rule] || ownMacs?.[rule])) return evaluation;
  if (!under.has(evaluation)) under.set(evaluation, new Map());
  const known = under.get(evaluation);
  if (!known.has(rule)) {
    const own = splits[0].ownMacs?.[rule];
    const { exits, labels } = evaluation;
    const read = (split) => {
      const predicted = split.answers[rule];
      if (!predicted) return split;
      return { ...split, ...makeSplit(split.name, exits.length, labels.length, { ...split, predicted }) };
    };
    known.set(rule, {
      ...evaluation,
      macs: own ? evaluation.macs.map((spent, e) => spent + own[e]) : evaluation.macs,
      splits: Object.fromEntries(splits.map((split) => [split.name, read(split)])),
    });
  }
  return known.get(rule);
}
