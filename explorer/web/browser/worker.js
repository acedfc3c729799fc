// The worker that answers the page's questions with the network in this browser; one after the other.

import { listMembers, reportOf, step, STEP, stopper } from "./batch.js";
import { corrupt, SEVERITIES } from "./corruptions.js";
import { FileError, load } from "./files.js";
import { explain } from "./explain.js";
import { analyse, begin, fileBase, networkOf, readSaw, see } from "./models.js";
import { toInput } from "./network.js";
import { asGrey, dataUri, fromDataUri, pixelsOf, readPicture, UnreadableImage } from "./picture.js";
import { crop } from "./resample.js";
import { allScores } from "./rules.js";
import { traceOf } from "./trace.js";

const SMALL = 100; // pixels: pictures up to here travel as PNG; of larger ones JPEG tells enough
const batches = new Map(); // the key of a batch's files -> its members, of the last batch only

async function membersOf({ files, key }) {
  if (!batches.has(key)) {
    batches.clear();
    batches.set(key, await listMembers(files));
  }
  return batches.get(key);
}

const grains = new Map(); // a model's name -> its standard normal numbers

async function seedsOf({ facts }) {
  if (!grains.has(facts.name)) {
    const packed = new Int16Array((await load(facts.stress.grain, fileBase())).slice().buffer);
    grains.set(facts.name, Float32Array.from(packed, (value) => value / facts.stress.grain.scale));
  }
  return { grain: grains.get(facts.name), place: facts.stress.place };
}

const ANSWERS = {
  /** A visitor's file through every exit. */
  async analyse({ model, file }) {
    const picture = await readPicture(file);
    return analyse(await networkOf(model), picture);
  },

  /** A picture the page holds, as a data URI. */
  async analyse_again({ model, image, label }) {
    const picture = await readPicture(fromDataUri(image));
    const network = await networkOf(model);
    return { ...(await analyse(network, picture)), label: network.facts.labels.includes(label) ? label : null };
  },

  async explain({ model, saw, ...asked }) {
    const network = await networkOf(model);
    return explain(network, await readSaw(network, saw), asked);
  },

  /** One tile of a model's gallery, as the network was evaluated on it. */
  async gallery_image({ model, place }) {
    const network = await networkOf(model);
    const { gallery, input } = network.facts;
    const { file, tile, columns, split, indices, labels } = gallery;
    if (!(place in indices)) throw new Error("That picture is not in the model's gallery; reload the page.");
    const sprite = await readPicture(new Blob([await load(file, fileBase())]));
    const [width, height] = tile;
    const rgb = crop(sprite, (place % columns) * width, Math.floor(place / columns) * height, width, height);
    const saw = input.mean.length === 1 ? asGrey(rgb) : rgb;
    const facts = await analyse(network, rgb, { picture: saw, note: "" });
    const [index, label] = [indices[place], labels[place]];
    return { ...facts, id: `${split}-${index}`, title: `${label}, ${split} image ${index}`, label };
  },

  async stress({ model, saw, corruption, seed }) {
    const network = await networkOf(model);
    const seen = await readSaw(network, saw);
    const seeds = await seedsOf(network);
    const traces = [];
    const pictures = [];
    for (const severity of SEVERITIES) {
      const frame = await corrupt(seen, corruption, severity, seeds);
      const { logits, ms, plainMs } = await network.pass(toInput(frame, network.facts.input));
      traces.push(traceOf(network.facts, logits, ms, plainMs));
      pictures.push(await dataUri(frame, Math.max(seen.width, seen.height) <= SMALL ? null : 0.88));
    }
    return { corruption, seed, traces, pictures };
  },

  async batch_open({ files }) {
    return { count: (await membersOf(files)).length, step: STEP };
  },

  async batch_step({ files, ...asked }) {
    return step(await membersOf(files), asked);
  },

  async batch_look({ model, files, index }) {
    const member = (await membersOf(files))[index];
    if (!member) throw new Error("There is no such picture; send the files again.");
    if (member.problem) throw new UnreadableImage(member.problem);
    const picture = await readPicture(await member.read());
    return { ...(await analyse(await networkOf(model), picture)), title: member.name };
  },

  /** One frame of a film, really stopped at the exit that fires; `plain` also times the backbone without exits. */
  async live({ model, frame, rule, thresholds, plain }) {
    const network = await networkOf(model);
    const picture = frame instanceof ImageBitmap ? pixelsOf(frame) : await readPicture(fromDataUri(frame));
    if (frame instanceof ImageBitmap) frame.close();
    const input = toInput(see(network, picture).picture, network.facts.input);
    const whole = plain ? await network.pass(input, { heads: false }) : null;
    const found = await network.pass(input, { stop: stopper(rule, thresholds) });
    return {
      ...reportOf(network.facts, found, rule, thresholds, whole?.plainMs ?? null),
      scores: allScores(found.logits),
      exits: network.facts.exits,
      labels: found.logits.map((row) => network.facts.labels[row.indexOf(row.reduce((a, b) => Math.max(a, b)))]),
    };
  },
};

/** A sentence for the visitor of anything that went wrong. */
function sentenceOf(error) {
  if (error instanceof UnreadableImage || error instanceof FileError) return error.message;
  console.error(error);
  return error.message.endsWith(".") ? error.message : "The network in this browser failed; reload the page.";
}

let line = Promise.resolve();

self.addEventListener("message", ({ data: { id, name, question } }) => {
  if (name === "begin") {
    begin(question, (progress) => self.postMessage({ progress }));
    return;
  }
  line = line.then(async () => {
    let answer;
    try {
      answer = await ANSWERS[name](question);
    } catch (error) {
      answer = { error: sentenceOf(error) };
    }
    self.postMessage({ id, answer });
  });
});

