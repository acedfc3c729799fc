// A batch in the browser: its pictures one by one, each leaving where the network is sure.

import { grainOf, merged } from "./grain.js";
import { networkOf, see, walkOf } from "./models.js";
import { softmax } from "./numbers.js";
import { toInput } from "./network.js";
import { dataUri, readPicture, shrunk } from "./picture.js";
import { resize } from "./resample.js";
import { ruleOf } from "./rules.js";
import { Seen } from "./rules/seen.js";
import { surest } from "./trace.js";
import { isArchive, listArchive } from "./zip.js";

const MOST_PICTURES = 500;
const MOST_BYTES = 200_000_000;
export const STEP = 4; // pictures per answer: few, because each takes a fraction of a second here
const TIMED_EVERY = 4; // one in N steps also runs without exits
const THUMBNAIL = 64;
const TOP = 5;

/** [{name, problem, read()}] of a visitor's files; an archive gives one for each file in it. */
export async function listMembers(files) {
  const members = [];
  let size = 0;
  for (const file of files) {
    if (await isArchive(file)) {
      try {
        const entries = await listArchive(file);
        for (const entry of entries) members.push({ ...entry, name: `${file.name}/${entry.name}` });
        size += entries.reduce((sum, entry) => sum + (entry.problem ? 0 : entry.size), 0);
      } catch (error) {
        members.push({ name: file.name, problem: error.message });
      }
    } else {
      members.push({ name: file.name, problem: null, read: async () => file });
      size += file.size;
    }
  }
  if (members.length > MOST_PICTURES) {
    throw new Error(`That is more than ${MOST_PICTURES} files; send at most ${MOST_PICTURES} at a time.`);
  }
  if (size > MOST_BYTES) throw new Error("Together these files hold more than 200 MB; send fewer or smaller ones.");
  if (!members.length) throw new Error("There is no picture in this; send images, or a zip archive of images.");
  return members;
}

/**
 * One picture, as the network sees it, really stopped where a rule lets it leave: {found, answers}. `found` is the pass,
 * `answers` the logits that an image leaving at each exit would get, and `scores` the rule's.
 */
export async function leave(network, picture, { rule, thresholds, grain: name, left_out: leftOut = [] }, before = null) {
  const { facts } = network;
  const out = facts.exits.map(({ block }) => leftOut.includes(block));
  const skipped = facts.spared[rule] ? out : []; // where each exit is scored alone
  const grain = grainOf(facts, name);
  const own = ruleOf(rule, facts.rules).byClass;
  const reader = await walkOf(network, [rule], own ? null : grain, before);
  const read = (logits, exit) => (grain ? merged(logits, grain, exit) : logits);
  const answers = [];
  const scores = [];
  const stop = (exit, seen) => {
    const coarse = read(seen.logits, exit);
    const verdict = reader.step(exit, own || !grain ? seen : new Seen(coarse))[rule];
    answers[exit] = verdict.answer ? (own ? read(verdict.answer, exit) : verdict.answer) : coarse;
    scores[exit] = verdict.score;
    return !out[exit] && verdict.score >= (Array.isArray(thresholds) ? thresholds[exit] : thresholds);
  };
  const found = await network.pass(toInput(picture, facts.input), { stop, needs: reader.needs, skipped });
  return { found, answers, scores, labels: (grain ?? facts).labels };
}

/** Rows for the pictures of one step, and the time both ways if the step is timed. */
export async function step(members, { model, start, ...asked }) {
  const network = await networkOf(model);
  const rows = [];
  const timed = (start / STEP) % TIMED_EVERY === 0;
  const times = { ms: 0, plain: 0, timed: 0 };
  for (const member of members.slice(start, start + STEP)) {
    const row = { image: member.name };
    rows.push(row);
    if (member.problem) {
      row.error = member.problem;
      continue;
    }
    let picture;
    try {
      picture = await readPicture(await member.read());
    } catch (error) {
      row.error = error.message;
      continue;
    }
    const large = Math.max(picture.width, picture.height) > THUMBNAIL;
    row.thumbnail = await dataUri(shrunk(picture, THUMBNAIL, resize), large ? 0.88 : null);
    const { picture: saw } = see(network, picture);
    const plain = timed ? await network.pass(toInput(saw, network.facts.input), { heads: false }) : null;
    const left = await leave(network, saw, asked);
    times.ms += left.found.ms.at(-1);
    times.timed += timed;
    times.plain += plain?.plainMs ?? 0;
    Object.assign(row, reportOf(network.facts, left, asked, plain?.plainMs ?? null));
  }
  return { rows, ms: times.ms, plain_ms: timed ? times.plain : null, timed: times.timed };
}

/** The result for one picture, with the keys of `classify --json`. */
export function reportOf(facts, { found, answers, labels }, { rule, thresholds, grain, left_out: leftOut = [] }, plainMs) {
  const { exit, ms } = found;
  const probabilities = softmax(answers[exit]);
  const { block, kind } = facts.exits[exit];
  const spared = facts.spared[rule] ?? [];
  const saved = spared.reduce((sum, macs, e) => sum + (e < exit && leftOut.includes(facts.exits[e].block) ? macs : 0), 0);
  return {
    model: facts.name,
    rule,
    threshold: thresholds,
    grain: grain ?? "classes",
    ...(leftOut.length ? { left_out: leftOut } : {}),
    exit: { index: exit, block, kind },
    prediction: surest(probabilities, TOP).map((c) => ({ label: labels[c], probability: probabilities[c] })),
    macs: { used: facts.macs[exit] + (facts.rule_macs[rule]?.[exit] ?? 0) - saved, full: facts.macs_full },
    ms: { used: ms.at(-1), full: plainMs },
  };
}
