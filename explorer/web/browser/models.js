// The models of this page in the worker: their facts, their networks, what they see, and passes one after the other.

import { passing } from "./explain.js";
import { keep, load, loadJson } from "./files.js";
import { seeGarment } from "./garment.js";
import { Network, toInput } from "./network.js";
import { seePhoto } from "./photo.js";
import { Pieces } from "./pieces.js";
import { asGrey, dataUri, fromDataUri, readPicture, shrunk } from "./picture.js";
import { resize } from "./resample.js";
import { RULES, ruleOf, walk } from "./rules.js";
import { Runtime } from "./runtime.js";
import { traceOf } from "./trace.js";

const SHOWN = 384; // pixels of the longer edge of the picture a visitor gets back
const SIGHTS = { garment: (picture) => seeGarment(picture), photo: seePhoto };

const base = new URL("../", import.meta.url); // where the page is
let manifest = null; // {models: {name: file}, runtime}
const networks = new Map(); // a model's name -> promise of its Network
let report = () => {}; // told of what is loaded
let runtime = null;

/** Sets what the page is made of, and the callback for progress. */
export function begin(facts, progress) {
  manifest = facts;
  report = progress;
  runtime = new Runtime(facts.runtime, base, progress);
}

/** Everything runs on the CPU from now on. */
export function leaveCard() {
  runtime.leaveCard();
  networks.clear();
}

/** A model's network, its first piece not loaded yet. Throws a sentence for an unknown model. */
export function networkOf(name) {
  if (!Object.hasOwn(manifest.models, name)) {
    const names = Object.keys(manifest.models).join(", ");
    throw new Error(`This page does not offer the model '${name}'; choose one of ${names}.`);
  }
  if (!networks.has(name)) {
    const made = open(name);
    networks.set(name, made);
    made.catch(() => networks.delete(name));
  }
  return networks.get(name);
}

async function open(name) {
  const facts = await loadJson(manifest.models[name], base);
  const place = await runtime.placeOf(facts.macs_full);
  return new Network(facts, new Pieces(facts, await runtime.start(place.kind), place, base, report), place);
}

/** Keeps the parts of a model that no pass has loaded yet, file by file, so that all of it works offline. */
export async function keepRest(name) {
  const { facts } = await networkOf(name);
  const more = [...Object.values(facts.addons), ...(facts.gallery ? [facts.gallery] : [])].map(({ file }) => file);
  for (const file of [...facts.pieces.flatMap(({ files }) => files), facts.stress.grain, ...more]) await keep(file, base);
}

/** {picture, note}: what this network sees of an RGB picture. */
export function see({ facts }, picture) {
  return SIGHTS[facts.input.sight](picture, facts.size[0]);
}

const addons = new Map(); // file -> promise of a rule's learned parts: {tensor: {shape, data}}

/** The learned parts of an addon of a model. */
function partsOf({ facts }, addon) {
  const stored = facts.addons[addon];
  if (!addons.has(stored)) {
    const read = load(stored.file, base).then((bytes) => {
      const numbers = new Float32Array(bytes.slice().buffer);
      const part = ({ shape, at }) => {
        const count = shape.reduce((product, size) => product * size, 1);
        return { shape, data: numbers.subarray(at, at + count) };
      };
      return Object.fromEntries(Object.entries(stored.parts).map(([name, one]) => [name, part(one)]));
    });
    addons.set(stored, read);
    read.catch(() => addons.delete(stored));
  }
  return addons.get(stored);
}

/**
 * Begins one picture's walk through those rules, and says what it needs from each exit: {needs, partsOf, step, done}.
 * `before` has the probabilities of the previous frame of a film.
 */
export async function walkOf(network, names, grain = null, before = null) {
  const { facts } = network;
  const parts = new Map();
  for (const name of names) {
    const { addon } = ruleOf(name, facts.rules);
    if (addon) parts.set(addon, await partsOf(network, addon));
  }
  const partsOfRule = ({ addon }) => parts.get(addon) ?? {};
  const setting = { exits: facts.exits.length, classes: (grain ?? facts).labels.length, grain: grain?.name ?? "classes", before };
  const needs = new Set(names.flatMap((name) => RULES[name].needs ?? []));
  return { needs, partsOf: partsOfRule, ...walk(names, setting, partsOfRule) };
}

/** The trace of what a network sees, through every exit and under every rule, and its attention weights. */
export async function look(network, picture, attention = false) {
  const { facts } = network;
  const rules = await walkOf(network, facts.rules);
  const found = await network.pass(toInput(picture, facts.input), {
    attention,
    needs: rules.needs,
    stop: (exit, seen) => void rules.step(exit, seen),
  });
  const trace = traceOf(facts, found.logits, rules.done(), rules.partsOf, found.ms, found.plainMs);
  return { trace, attention: found.attention };
}

/** An RGB picture through every exit, as the page shows it; a `sight` is used unchanged. */
export async function analyse(network, picture, sight = null) {
  const { picture: saw, note } = sight ?? see(network, picture);
  const { trace, attention } = await look(network, saw, true);
  const large = Math.max(picture.width, picture.height) > SHOWN;
  return {
    title: "your image",
    label: null,
    truth: null,
    image: await dataUri(shrunk(picture, SHOWN, resize), large ? 0.88 : null),
    saw: await dataUri(saw),
    note,
    trace,
    maps: passing(attention, network.facts),
  };
}

/** The picture a network saw, back from its data URI, in the network's own mode and size. */
export async function readSaw({ facts }, uri) {
  const picture = await readPicture(fromDataUri(uri));
  const [height, width] = facts.size;
  if (picture.width !== width || picture.height !== height) {
    throw new Error("That picture is not one this model saw; analyse it again.");
  }
  return facts.input.mean.length === 1 ? asGrey(picture) : picture;
}

/** Where the files of this page are. */
export function fileBase() {
  return base;
}
