/**
 * The networks that learn in the page: one recurrent layer of a chosen form, and a linear layer
 * that reads its state.
 *
 * The equations are those of `core/cells.js`. A gate is held as everywhere in Glassgate, and one
 * gate serves for two where the rows of the update gate stand in those of the reset gate as well.
 */

import { BLOCKS, PYTORCH } from "../core/cells.js";

/** @import {Formulation, Held, LSTMLayer, GRULayer, SRNLayer} from "../core/cells.js" */
/** @import {Random} from "./random.js" */

/** @typedef {SRNLayer | GRULayer | LSTMLayer} RecurrentLayer */

/**
 * A form of network.
 *
 * @typedef {object} Form
 * @property {"srn" | "gru" | "lstm"} kind
 * @property {string} title
 * @property {string} explanation  in a plain sentence
 * @property {Formulation} [formulation]  of a GRU
 * @property {boolean} [oneGate]  whether the update gate's weights serve for the reset gate too
 * @property {boolean} [holds]  whether a gate is held while it learns
 */

/** @typedef {"srn" | "gru" | "gru-held" | "gru-one-gate" | "lstm"} FormName */

/**
 * The network that a person chose.
 *
 * @typedef {object} Choice
 * @property {FormName} form
 * @property {number} units  H
 * @property {"reset" | "kept"} gate  that is held, if the form holds one
 * @property {number} value  at which it is held, 0..1
 */

/**
 * A network, and what reads its state.
 *
 * @typedef {object} Reader
 * @property {Form} form
 * @property {RecurrentLayer} layer
 * @property {Held | null} held
 * @property {{weight: Float64Array, bias: Float64Array}} readout  [O * H] and [O]
 */

/** The fewest and the most units of a network. */
export const MIN_UNITS = 2;
export const MAX_UNITS = 32;

/** @type {Record<FormName, Form>} */
export const FORMS = {
  srn: {
    kind: "srn",
    title: "SRN",
    explanation: "Every step computes the state anew. There is no gate to keep any of it.",
  },
  gru: {
    kind: "gru",
    title: "GRU",
    explanation: "Two gates: the update gate keeps, the reset gate lets the candidate look back.",
    formulation: PYTORCH,
  },
  "gru-held": {
    kind: "gru",
    title: "GRU, a gate held",
    explanation: "A GRU that has to learn with one of its gates at a fixed value.",
    formulation: PYTORCH,
    holds: true,
  },
  // The minimal gated unit (Zhou et al. 2016, arXiv:1603.09420, equations 7 to 9).
  "gru-one-gate": {
    kind: "gru",
    title: "GRU, one gate",
    explanation: "One gate does both: what it lets the unit write, it also lets the candidate see.",
    formulation: { ...PYTORCH, reset: "before", update: "writes" },
    oneGate: true,
  },
  lstm: {
    kind: "lstm",
    title: "LSTM",
    explanation: "Three gates, and a cell of its own beside the state.",
  },
};

/**
 * Make a network before training. Every weight is drawn evenly between -1/sqrt(H) and 1/sqrt(H), as
 * PyTorch draws them; then the gate that keeps gets biases with which its units begin with memories
 * of all lengths up to that of a sequence.
 *
 * @param {Choice} choice
 * @param {number} inputSize  I
 * @param {number} outputSize  O, of the readout
 * @param {number} T  steps of a sequence
 * @param {Random} random
 * @returns {Reader}
 */
export function makeReader(choice, inputSize, outputSize, T, random) {
  const form = FORMS[choice.form];
  const H = choice.units;
  const bound = 1 / Math.sqrt(H);
  const draw = (/** @type {number} */ size) =>
    Float64Array.from({ length: size }, () => bound * (2 * random() - 1));
  const rows = BLOCKS[form.kind] * H;
  const layer = /** @type {RecurrentLayer} */ ({
    kind: form.kind,
    inputSize,
    hiddenSize: H,
    weightInput: draw(rows * inputSize),
    weightHidden: draw(rows * H),
    biasInput: draw(rows),
    biasHidden: draw(rows),
    ...(form.formulation && { formulation: form.formulation }),
  });
  if (form.kind !== "srn") setSpans(layer, T, random);
  const readout = { weight: draw(outputSize * H), bias: draw(outputSize) };
  const reader = { form, layer, held: form.holds ? hold(choice) : null, readout };
  if (form.oneGate) for (const array of layerWeights(layer)) copyGate(array);
  return reader;
}

/**
 * Draw the biases of the gate that keeps so that time constants go up to T steps, as
 * `glassgate.nn.GRU(chrono=T)` does: with u even on [1, T - 1], what keeps begins at u / (1 + u), and
 * an LSTM's input gate at the rest (Tallec & Ollivier 2018, arXiv:1804.11188, section 2).
 *
 * @param {RecurrentLayer} layer  is changed
 * @param {number} T
 * @param {Random} random
 */
function setSpans(layer, T, random) {
  const { hiddenSize: H, biasInput, biasHidden } = layer;
  const keeps = layer.kind === "gru" && layer.formulation.update === "writes" ? -1 : 1;
  for (let i = 0; i < H; i++) {
    const bias = Math.log(1 + random() * (T - 2));
    biasInput[H + i] = keeps * bias; // update gate of a GRU, forget gate of an LSTM
    biasHidden[H + i] = 0;
    if (layer.kind !== "lstm") continue;
    biasInput[i] = -bias; // input gate
    biasHidden[i] = 0;
  }
}

/**
 * The weights of a layer, in an order that its gradients share.
 *
 * @param {Record<"weightInput" | "weightHidden" | "biasInput" | "biasHidden", Float64Array>} layer
 * @returns {Float64Array[]}
 */
export function layerWeights({ weightInput, weightHidden, biasInput, biasHidden }) {
  return [weightInput, weightHidden, biasInput, biasHidden];
}

/**
 * The part of each of a GRU's arrays that is learned where one gate serves for two: the rows of
 * update gate and candidate.
 *
 * @param {Float64Array} array  [3H ...]
 * @returns {Float64Array} [2H ...], which shares its numbers
 */
export function withoutReset(array) {
  return array.subarray(array.length / 3);
}

/**
 * Make the rows of the reset gate those of the update gate.
 *
 * @param {Float64Array} array  [3H ...]
 */
export function copyGate(array) {
  const size = array.length / 3;
  array.copyWithin(0, size, 2 * size);
}

/**
 * @param {Choice} choice
 * @returns {Held} one gate of all units held
 */
function hold({ units, gate, value }) {
  const free = () => new Float64Array(units).fill(NaN);
  return { reset: free(), kept: free(), state: free(), [gate]: free().fill(value) };
}
