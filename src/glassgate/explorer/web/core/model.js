/**
 * A model as `glassgate train` writes it: embedding, network, and a linear layer to the next word
 * (a language model) or to the classes of a text (a classifier).
 */

import { heldAt } from "./holds.js";
import { affine } from "./matrices.js";
import { KINDS, initialStates, networkShapes, readNetwork, stepNetwork } from "./network.js";
import { readSafetensors } from "./safetensors.js";
import { readVocabulary } from "./vocabulary.js";

/** @import {Held, Kind, State, Step} from "./cells.js" */
/** @import {Hold} from "./holds.js" */
/** @import {Network} from "./network.js" */
/** @import {Tensor} from "./safetensors.js" */
/** @import {Vocabulary} from "./vocabulary.js" */

/**
 * @typedef {object} Model
 * @property {string} name
 * @property {"language" | "classifier"} task
 * @property {Kind} kind of its network
 * @property {"words" | "characters"} level
 * @property {Vocabulary} vocabulary
 * @property {Network} network
 * @property {number} embeddingSize
 * @property {number} hiddenSize
 * @property {string[]} classes in the order of the output; empty for a language model
 * @property {Float64Array} embedding [V * embeddingSize]
 * @property {{weight: Float64Array, bias: Float64Array}} output [V or C, H] and [V or C]
 * @property {any} config the content of config.json
 */

/**
 * A model's way along a text.
 *
 * Words count from 1, and word 0 is `<bos>`, which a language model alone reads: its step t reads
 * the word t. Step 0 of a classifier reads the word 1; `stepOf` says which step reads a word.
 *
 * @typedef {object} Run
 * @property {Model} model
 * @property {number[]} ids what was read, with `<bos>` in a language model, [T]
 * @property {number} firstWord the word that step 0 reads: 0 in a language model, 1 in a classifier
 * @property {Step[][]} steps [T][layers]
 * @property {((Held | null)[] | null)[]} held of each step and layer, null where nothing is
 */

const MAX_LAYERS = 100;

/**
 * Make a model of the three files of its folder.
 *
 * @param {string} name
 * @param {any} config the content of config.json
 * @param {any} tokenizer the content of tokenizer.json
 * @param {Uint8Array} weights the bytes of model.safetensors
 * @returns {Model}
 * @throws {Error} in one sentence, where a file does not fit; nothing of its size is allocated then
 */
export function readModel(name, config, tokenizer, weights) {
  const { task, classes, kind, hiddenSize, embeddingSize, layers } = readConfig(config);
  const vocabulary = readVocabulary(tokenizer);
  if (config.vocabulary_size !== vocabulary.size) {
    throw new Error(
      `tokenizer.json has ${vocabulary.size} tokens, ` +
        `but config.json says ${String(config.vocabulary_size)}`,
    );
  }
  const tensors = readSafetensors(weights);
  const output = task === "language" ? "decoder" : "readout";
  const outcomes = task === "language" ? vocabulary.size : classes.length;
  checkShapes(tensors, [
    ["embedding.weight", [vocabulary.size, embeddingSize]],
    ...networkShapes(kind, embeddingSize, hiddenSize, layers),
    [`${output}.weight`, [outcomes, hiddenSize]],
    [`${output}.bias`, [outcomes]],
  ]);
  const read = (/** @type {string} */ tensor) => /** @type {Tensor} */ (tensors.get(tensor)).read();
  return {
    name,
    task,
    kind,
    level: vocabulary.level,
    vocabulary,
    network: readNetwork(kind, embeddingSize, hiddenSize, layers, read),
    embeddingSize,
    hiddenSize,
    classes,
    embedding: read("embedding.weight"),
    output: { weight: read(`${output}.weight`), bias: read(`${output}.bias`) },
    config,
  };
}

/**
 * @param {any} config
 * @returns {{task: "language" | "classifier", classes: string[], kind: Kind, hiddenSize: number,
 *   embeddingSize: number, layers: number}}
 */
function readConfig(config) {
  const { kind: task, classes = [], settings = {} } = config ?? {};
  if (task !== "language" && task !== "classifier") {
    throw new Error(
      `config.json must have the kind language or classifier, got ${JSON.stringify(task)}`,
    );
  }
  const areNames =
    Array.isArray(classes) && classes.every((/** @type {unknown} */ c) => typeof c === "string");
  if (!areNames || (task === "classifier") !== classes.length >= 2) {
    throw new Error(
      "config.json must list at least two classes for a classifier and none for a language " +
        `model, got ${JSON.stringify(classes)}`,
    );
  }
  if (!KINDS.includes(settings.network)) {
    throw new Error(
      `the network in config.json must be one of ${KINDS.join(", ")}, ` +
        `got ${JSON.stringify(settings.network)}`,
    );
  }
  const layers = settings.layers ?? 1;
  for (const [size, value] of Object.entries({
    hidden_size: settings.hidden_size,
    embedding_size: settings.embedding_size,
    layers,
  })) {
    if (!Number.isSafeInteger(value) || value < 1 || (size === "layers" && value > MAX_LAYERS)) {
      const range = size === "layers" ? `from 1 to ${MAX_LAYERS}` : "of at least 1";
      throw new Error(
        `${size} in config.json must be a whole number ${range}, got ${JSON.stringify(value)}`,
      );
    }
  }
  return {
    task,
    classes,
    kind: settings.network,
    hiddenSize: settings.hidden_size,
    embeddingSize: settings.embedding_size,
    layers,
  };
}

/**
 * @param {Map<string, Tensor>} tensors
 * @param {Iterable<[string, number[]]>} expected
 */
function checkShapes(tensors, expected) {
  const fault = "model.safetensors does not fit config.json:";
  const names = new Set();
  for (const [name, shape] of expected) {
    names.add(name);
    const got = tensors.get(name)?.shape;
    if (!got) throw new Error(`${fault} ${name} [${shape.join(", ")}] is missing`);
    if (got.length !== shape.length || got.some((size, axis) => size !== shape[axis])) {
      throw new Error(
        `${fault} ${name} must have the shape [${shape.join(", ")}], got [${got.join(", ")}]`,
      );
    }
  }
  for (const [name, { shape }] of tensors) {
    if (!names.has(name)) {
      throw new Error(`${fault} ${name} [${shape.join(", ")}] is not expected`);
    }
  }
}

/**
 * Read a text.
 *
 * @param {Model} model
 * @param {number[]} ids of its words, as `vocabulary.encode` gives them
 * @param {Hold[]} [holds] where two hold the same, the later one counts
 * @returns {Run}
 * @throws {Error} in one sentence, where the network has nothing such to hold (`holdFault`)
 */
export function run(model, ids, holds = []) {
  const { network, embedding, embeddingSize: I, task, vocabulary } = model;
  const read = task === "language" ? [vocabulary.bos, ...ids] : ids;
  const firstWord = task === "language" ? 0 : 1;
  const held = heldAt(network, holds);
  /** @type {Run} */
  const taken = { model, ids: read, firstWord, steps: [], held: [] };
  /** @type {State[]} */
  let states = initialStates(network);
  for (let t = 0; t < read.length; t++) {
    const input = embedding.subarray(read[t] * I, (read[t] + 1) * I);
    const holding = held(t + firstWord);
    const steps = stepNetwork(network, input, states, holding);
    taken.steps.push(steps);
    taken.held.push(holding);
    states = steps;
  }
  return taken;
}

/**
 * The step that reads a word; -1 for the word 0 of a classifier, which has no `<bos>`.
 *
 * @param {Run} run
 * @param {number} word from 1; 0 is `<bos>`
 * @returns {number}
 */
export function stepOf(run, word) {
  return word - run.firstWord;
}

/**
 * The probability of each next word after a step of a language model.
 *
 * @param {Run} run
 * @param {number} t the step
 * @returns {Float64Array} [V], whose sum is 1
 */
export function nextWords(run, t) {
  return outcomes(run, t);
}

/**
 * The probability of each class, as a classifier sees the text after a step; the last step counts.
 *
 * @param {Run} run
 * @param {number} t the step
 * @returns {Float64Array} [C], whose sum is 1
 */
export function classify(run, t) {
  return outcomes(run, t);
}

/**
 * softmax(V h + d): the probability of each next word or class after a step.
 *
 * @param {Pick<Run, "model" | "steps">} run
 * @param {number} t the step
 * @returns {Float64Array}
 */
export function outcomes({ model, steps }, t) {
  const { weight, bias } = model.output;
  const top = steps[t][model.network.layers.length - 1];
  const scores = new Float64Array(bias.length);
  affine(scores, weight, top.hidden, bias);
  let largest = -Infinity;
  for (const score of scores) largest = Math.max(largest, score);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] = Math.exp(scores[i] - largest);
  for (let i = 0; i < scores.length; i++) scores[i] /= sum;
  return scores;
}
