/**
 * The units of all networks: one step forward, one step back. Read this file first.
 *
 * `cells/gru.js` has the equations of the gated recurrent unit, as `reference.py` has them in
 * Python; `cells/srn.js`, `cells/lstm.js` and `cells/feedforward.js` those of the networks beside
 * it. All have the same shape: `newStep` allocates what a step records, `forward` writes it,
 * `backward` takes the gradient of the loss one step back, `accumulate` adds the step to the
 * gradients of the weights. Here they go by the layer's `kind`.
 *
 * Sizes: I inputs, H units. Numbers are float64.
 */

import * as feedforward from "./cells/feedforward.js";
import * as gru from "./cells/gru.js";
import * as lstm from "./cells/lstm.js";
import * as srn from "./cells/srn.js";

export { GATES, GATE_SLOPES, SQUASHES, SQUASH_SLOPES } from "./cells/curves.js";
export { PYTORCH } from "./cells/gru.js";

/** @typedef {import("./cells/gru.js").Formulation} Formulation */
/** @typedef {import("./cells/gru.js").GRULayer} GRULayer */
/** @typedef {import("./cells/gru.js").GRUStep} GRUStep */
/** @typedef {import("./cells/srn.js").SRNLayer} SRNLayer */
/** @typedef {import("./cells/srn.js").SRNStep} SRNStep */
/** @typedef {import("./cells/lstm.js").LSTMLayer} LSTMLayer */
/** @typedef {import("./cells/lstm.js").LSTMStep} LSTMStep */
/** @typedef {import("./cells/feedforward.js").FeedforwardLayer} FeedforwardLayer */
/** @typedef {import("./cells/feedforward.js").FeedforwardStep} FeedforwardStep */

/** @typedef {FeedforwardLayer | SRNLayer | GRULayer | LSTMLayer} Layer */
/** @typedef {FeedforwardStep | SRNStep | GRUStep | LSTMStep} Step */
/** @typedef {"feedforward" | "srn" | "gru" | "lstm"} Kind */

/**
 * What a step reads from the one before: h, and of an LSTM the cell. Every `Step` is one.
 *
 * @typedef {object} State
 * @property {Float64Array} hidden h, [H]
 * @property {Float64Array} [cell] [H]
 */

/**
 * What is held during one step; [H] each, NaN where a unit is free.
 *
 * @typedef {object} Held
 * @property {Float64Array} reset r of a GRU, 0..1
 * @property {Float64Array} kept the share kept, 0..1; of an LSTM the forget gate
 * @property {Float64Array} state h itself; keeps nothing unless `kept` says otherwise
 */

/**
 * The derivative of the loss with respect to what a step computed.
 *
 * @typedef {object} Back
 * @property {Float64Array} input to x_t, [I]
 * @property {Float64Array} previous to h_{t-1}, [H]
 * @property {Float64Array} previousCell to the cell before, [H]; zeros where there is none
 * @property {Float64Array} gradSums to W x + b, [3H], [4H] or [H]
 * @property {Float64Array} gradPast to U h + c, of the same size
 * @property {Float64Array} scratch [H], to compute with
 */

/**
 * The gradients of a layer's weights: arrays by the names and sizes that the layer has.
 *
 * @typedef {Record<string, Float64Array>} Gradients
 */

const UNITS = { feedforward, srn, gru, lstm };

/** Blocks of H rows in the weights of each kind. */
export const BLOCKS = { feedforward: 1, srn: 1, gru: 3, lstm: 4 };

/** @type {Record<Kind, string[]>} */
const WEIGHTS = {
  feedforward: ["weight", "bias"],
  srn: ["weightInput", "weightHidden", "biasInput", "biasHidden"],
  gru: ["weightInput", "weightHidden", "biasInput", "biasHidden"],
  lstm: ["weightInput", "weightHidden", "biasInput", "biasHidden"],
};

/**
 * A state of zeros, before the first step.
 *
 * @param {Layer} layer
 * @returns {State}
 */
export function initialState({ kind, hiddenSize: H }) {
  const hidden = new Float64Array(H);
  return kind === "lstm" ? { hidden, cell: new Float64Array(H) } : { hidden };
}

/**
 * A step to write into, for loops that run so often that they should not allocate.
 *
 * @template {Layer} L
 * @param {L} layer
 * @returns {Extract<Step, {kind: L["kind"]}>}
 */
export function newStep(layer) {
  const unit = /** @type {any} */ (UNITS[layer.kind]);
  return unit.newStep(layer);
}

/**
 * What `stepBackward` writes into.
 *
 * @param {Layer} layer
 * @returns {Back}
 */
export function newBack({ kind, inputSize, hiddenSize: H }) {
  const gradSums = new Float64Array(BLOCKS[kind] * H);
  return {
    input: new Float64Array(inputSize),
    previous: new Float64Array(H),
    previousCell: new Float64Array(H),
    gradSums,
    gradPast: kind === "gru" ? new Float64Array(3 * H) : gradSums,
    scratch: new Float64Array(H),
  };
}

/**
 * Zeros for the gradient of each of the layer's weights.
 *
 * @param {Layer} layer
 * @returns {Gradients}
 */
export function newGradients(layer) {
  const arrays = /** @type {Record<string, Float64Array>} */ (/** @type {unknown} */ (layer));
  const zeros = WEIGHTS[layer.kind].map((name) => [name, new Float64Array(arrays[name].length)]);
  return Object.fromEntries(zeros);
}

/**
 * One step: from x_t and the state before it to the state after it.
 *
 * A held gate has exactly its value, and its sums are the argument at which the curve has it (0 on
 * the hidden side), as `glassgate.clamp` edits the weights.
 *
 * @template {Layer} L
 * @param {L} layer
 * @param {Float64Array} input x_t, [I]; the step refers to it
 * @param {State} state of the step before, or `initialState`; the step refers to it
 * @param {Held | null} [held]
 * @param {Extract<Step, {kind: L["kind"]}>} [step] is written, and must not be `state`
 * @returns {Extract<Step, {kind: L["kind"]}>}
 */
export function stepForward(layer, input, state, held = null, step = newStep(layer)) {
  const into = /** @type {any} */ (step);
  switch (layer.kind) {
    case "gru":
      gru.forward(layer, input, state, held, into);
      break;
    case "lstm":
      lstm.forward(layer, input, state, held, into);
      break;
    case "srn":
      srn.forward(layer, input, state, held, into);
      break;
    case "feedforward":
      feedforward.forward(layer, input, state, into);
      break;
  }
  return step;
}

/**
 * One step back: from the gradient of the loss with respect to h_t (and the cell) to those with
 * respect to x_t, to h_{t-1} (and the cell before) and to the sums. None flows through held gates.
 *
 * @param {Layer} layer
 * @param {Step} step what `stepForward` gave for this layer
 * @param {Float64Array} gradHidden dL/dh_t, [H]: as an output, and from the step that follows
 * @param {Float64Array | null} [gradCell] dL/dcell_t from the step that follows, [H]
 * @param {Held | null} [held] as in the step forward
 * @param {Back} [back] is written; `gradHidden` and `gradCell` must not be among its arrays
 * @returns {Back}
 */
export function stepBackward(
  layer,
  step,
  gradHidden,
  gradCell = null,
  held = null,
  back = newBack(layer),
) {
  const taken = /** @type {any} */ (step);
  switch (layer.kind) {
    case "gru":
      return gru.backward(layer, taken, gradHidden, held, back);
    case "lstm":
      return lstm.backward(layer, taken, gradHidden, gradCell, held, back);
    case "srn":
      return srn.backward(layer, taken, gradHidden, held, back);
    case "feedforward":
      return feedforward.backward(layer, taken, gradHidden, back);
  }
}

/**
 * Add one step to the gradients of the layer's weights.
 *
 * @param {Gradients} grads from `newGradients`
 * @param {Step} step
 * @param {Back} back what `stepBackward` gave for this step
 */
export function accumulate(grads, step, back) {
  const unit = /** @type {any} */ (UNITS[step.kind]);
  unit.accumulate(grads, step, back);
}
