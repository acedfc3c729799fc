// The models of this page in the worker: their facts, their networks, what they see, and passes one after the other.

import * as ort from "../ort/ort.wasm.bundle.min.mjs";

import { passing } from "./explain.js";
import { load, loadJson } from "./files.js";
import { seeGarment } from "./garment.js";
import { Network, toInput } from "./network.js";
import { seePhoto } from "./photo.js";
import { asGrey, dataUri, fromDataUri, readPicture, shrunk } from "./picture.js";
import { resize } from "./resample.js";
import { traceOf } from "./trace.js";

const SHOWN = 384; // pixels of the longer edge of the picture a visitor gets back
const SIGHTS = { garment: (picture) => seeGarment(picture), photo: seePhoto };

const base = new URL("../", import.meta.url); // where the page lies
let manifest = null; // {models: {name: file}, runtime: file}
const networks = new Map(); // a model's name -> promise of its Network
let report = () => {}; // told of what is loaded

/** Hands over what the page is made of, and who is told of progress. */
export function begin(facts, progress) {
  manifest = facts;
  report = progress;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
}

let runtime = null;

/** The runtime's own program, unpacked: it is shipped packed, because few hosts pack .wasm and many refuse 14 MB. */
function startRuntime() {
  runtime ??= (async () => {
    const bytes = await load(manifest.runtime, base, (done, total) => report({ piece: "runtime", done, total }));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    ort.env.wasm.wasmBinary = await new Response(unpacked).arrayBuffer();
  })();
  runtime.catch(() => {
    runtime = null;
  });
  return runtime;
}

/** A model's network, its first piece not loaded yet. Throws a sentence for a model that is not here. */
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
  const [facts] = await Promise.all([loadJson(manifest.models[name], base), startRuntime()]);
  return new Network(facts, ort, base, report);
}

/** {picture, note}: what this network sees of an RGB picture. */
export function see({ facts }, picture) {
  return SIGHTS[facts.input.sight](picture, facts.size[0]);
}

/** An RGB picture through every exit, as the page shows it; a `sight` is shown as it is. */
export async function analyse(network, picture, sight = null) {
  const { picture: saw, note } = sight ?? see(network, picture);
  const input = toInput(saw, network.facts.input);
  const found = await network.pass(input, { attention: true });
  const large = Math.max(picture.width, picture.height) > SHOWN;
  return {
    title: "your image",
    label: null,
    image: await dataUri(shrunk(picture, SHOWN, resize), large ? 0.88 : null),
    saw: await dataUri(saw),
    note,
    trace: traceOf(network.facts, found.logits, found.ms, found.plainMs),
    maps: passing(found.attention, network.facts),
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


export function fileBase() {
  return base;
}
