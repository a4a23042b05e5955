// What a network does over the example text with nothing held: read when first asked for, and kept.

import { longest, memorySpans } from "../../core/memory.js";
import { run } from "../../core/model.js";

/** @typedef {import("../../app/app.js").App} App */
/** @typedef {import("../../core/model.js").Model} Model */

/**
 * @typedef {object} Sample
 * @property {string[]} texts sentences or passages
 * @property {string[][]} words what was read of each, with "" for `<bos>` in a language model
 * @property {Float64Array[][][]} values by layer, text and step: kept of a network with gates, the
 *   state of any other
 */

const WORK = 2e8; // multiplications, about half a second in a browser
const FEWEST = 40; // steps that are read however large the network is

/** @type {WeakMap<Model, Sample>} */
const samples = new WeakMap();
/** @type {WeakMap<Model, (Float64Array | null)[]>} by layer */
const measured = new WeakMap();

/** @param {Model} model */
export function hasGates(model) {
  return model.kind === "gru" || model.kind === "lstm";
}

/**
 * @param {App} app
 * @param {Model} model
 * @returns {Sample}
 */
export function sampleOf(app, model) {
  const known = samples.get(model);
  if (known) return known;
  /** @type {Sample} */
  const sample = { texts: [], words: [], values: model.network.layers.map(() => []) };
  let left = Math.max(FEWEST, WORK / multiplications(model));
  for (const text of app.examples) {
    if (left <= 0) break;
    left -= readText(model, text, sample);
  }
  samples.set(model, sample);
  return sample;
}

/**
 * @param {Model} model
 * @param {string} text
 * @param {Sample} sample
 * @returns {number} steps
 */
function readText(model, text, sample) {
  const { vocabulary } = model;
  const done = run(model, vocabulary.encode(text));
  const words = vocabulary.split(text).map((piece) => piece.text);
  sample.texts.push(text);
  sample.words.push(done.firstWord ? words : ["", ...words]);
  sample.values.forEach((texts, layer) =>
    texts.push(done.steps.map((step) => valuesOf(step[layer]))),
  );
  return done.steps.length;
}

/** @param {import("../../core/cells.js").Step} step */
function valuesOf(step) {
  return "kept" in step ? step.kept : step.hidden;
}

/** For one step. @param {Model} model */
function multiplications({ network: { layers, kind } }) {
  const blocks = { feedforward: 1, srn: 1, gru: 3, lstm: 4 }[kind];
  return layers.reduce(
    (sum, { inputSize, hiddenSize }) => sum + blocks * hiddenSize * (inputSize + hiddenSize),
    0,
  );
}

/**
 * The memory span of each unit of a layer in words, -1 / ln(mean kept), over the example text; as
 * `glassgate.inside.Memory` measures it. Null where the network has no gates.
 *
 * @param {App} app
 * @param {Model} model
 * @param {number} layer
 * @returns {Float64Array | null}
 */
export function spansOf(app, model, layer) {
  const known = measured.get(model) ?? measureSpans(app, model);
  measured.set(model, known);
  return known[layer];
}

/** @param {App} app @param {Model} model */
function measureSpans(app, model) {
  const layers = hasGates(model) ? sampleOf(app, model).values : model.network.layers.map(() => []);
  return layers.map((texts) => (texts.length ? memorySpans(texts.flat()) : null));
}

/**
 * The fifth of a layer's units that remember longest, in order of index.
 *
 * @param {App} app
 * @param {Model} model
 * @param {number} layer
 * @returns {number[]} none where the network has no gates
 */
export function longestFifth(app, model, layer) {
  const spans = spansOf(app, model, layer);
  return spans ? longest(spans).sort((one, other) => one - other) : [];
}
