// The worker that answers the page's questions with the network in this browser; one after the other.

import { leave, listMembers, reportOf, step, STEP } from "./batch.js";
import { corrupt, SEVERITIES } from "./corruptions.js";
import { FileError, load } from "./files.js";
import { explain } from "./explain.js";
import { analyse, begin, fileBase, keepRest, leaveCard, look, networkOf, readSaw, see } from "./models.js";
import { toInput } from "./network.js";
import { argmax, softmax } from "./numbers.js";
import { asGrey, dataUri, fromDataUri, pixelsOf, readPicture, UnreadableImage } from "./picture.js";
import { crop } from "./resample.js";
import { CardFailed } from "./runtime.js";

const SMALL = 100; // pixels: pictures up to here are sent as PNG; for larger ones JPEG is good enough
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

let answered = {}; // {film, probabilities} of the last frame: a film's next one may be compared with it

const ANSWERS = {
  /** A visitor's file through every exit. */
  async analyse({ model, file }) {
    const picture = await readPicture(file);
    return analyse(await networkOf(model), picture);
  },

  /** A picture the page has, as a data URI. */
  async analyse_again({ model, image, label }) {
    const picture = await readPicture(fromDataUri(image));
    const network = await networkOf(model);
    return { ...(await analyse(network, picture)), ...knownLabel(network.facts, label) };
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
    const [index, truth] = [indices[place], labels[place]];
    const label = network.facts.labels[truth];
    return { ...facts, id: `${split}-${index}`, title: `${label}, ${split} image ${index}`, label, truth };
  },

  async stress({ model, saw, corruption, seed }) {
    const network = await networkOf(model);
    const seen = await readSaw(network, saw);
    const seeds = await seedsOf(network);
    const traces = [];
    const pictures = [];
    for (const severity of SEVERITIES) {
      const frame = await corrupt(seen, corruption, severity, seeds);
      traces.push((await look(network, frame)).trace);
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
  async live({ model, frame, plain, follows = false, ...asked }) {
    const network = await networkOf(model);
    const picture = frame instanceof ImageBitmap ? pixelsOf(frame) : await readPicture(fromDataUri(frame));
    const saw = see(network, picture).picture;
    const whole = plain ? await network.pass(toInput(saw, network.facts.input), { heads: false }) : null;
    const film = `${model} ${asked.grain}`;
    const left = await leave(network, saw, asked, follows && answered.film === film ? answered.probabilities : null);
    answered = { film, probabilities: softmax(left.answers[left.found.exit]) };
    if (frame instanceof ImageBitmap) frame.close();
    return {
      ...reportOf(network.facts, left, asked, whole?.plainMs ?? null),
      runs: network.place,
      scores: { [asked.rule]: left.scores },
      exits: network.facts.exits,
      labels: left.answers.map((row) => left.labels[argmax(row)]),
    };
  },
};

/** A true label and its class; no class if several share the label. */
function knownLabel({ labels }, label) {
  if (!labels.includes(label)) return { label: null, truth: null };
  return { label, truth: labels.indexOf(label) === labels.lastIndexOf(label) ? labels.indexOf(label) : null };
}

/** A sentence for the visitor about anything that went wrong. */
function sentenceOf(error) {
  if (error instanceof UnreadableImage || error instanceof FileError) return error.message;
  console.error(error);
  return error.message.endsWith(".") ? error.message : "The network in this browser failed; reload the page.";
}

/** The answer to a question; if the GPU fails, the CPU's. */
async function answerTo(name, question) {
  try {
    return await ANSWERS[name](question);
  } catch (error) {
    if (!(error instanceof CardFailed)) return { error: sentenceOf(error) };
    console.warn("The graphics card is left:", error.message);
    leaveCard();
    return answerTo(name, question);
  }
}

let line = Promise.resolve();

self.addEventListener("message", ({ data: { id, name, question } }) => {
  if (name === "begin") {
    begin(question, (progress) => self.postMessage({ progress }));
    return;
  }
  if (name === "keep") {
    // Outside the queue: no question waits for it.
    keepRest(question.model).then(
      () => self.postMessage({ id, answer: {} }),
      (error) => self.postMessage({ id, answer: { error: sentenceOf(error) } }),
    );
    return;
  }
  line = line.then(async () => {
    self.postMessage({ id, answer: await answerTo(name, question) });
  });
});

