/** One step of a simple recurrent network (Elman 1990), h_t = tanh(W x_t + b + U h_{t-1} + c). */

import { add, addOuter, addTransposed, affine } from "../matrices.js";
import { SQUASHES, SQUASH_SLOPES, squashArgument } from "./curves.js";

/** @import {State, Held, Back} from "../cells.js" */

/**
 * @typedef {object} SRNLayer
 * @property {"srn"} kind
 * @property {number} inputSize I
 * @property {number} hiddenSize H
 * @property {Float64Array} weightInput W, [H * I]
 * @property {Float64Array} weightHidden U, [H * H]
 * @property {Float64Array} biasInput b, [H]
 * @property {Float64Array} biasHidden c, [H]
 */

/**
 * @typedef {object} SRNStep
 * @property {"srn"} kind
 * @property {Float64Array} input x, [I]
 * @property {Float64Array} previous h before this step, [H]
 * @property {Float64Array} inputSums W x + b, [H]
 * @property {Float64Array} hiddenSums U h + c, [H]
 * @property {Float64Array} hidden h after this step, [H]
 */

/**
 * A step to write into.
 *
 * @param {SRNLayer} layer
 * @returns {SRNStep}
 */
export function newStep({ inputSize, hiddenSize: H }) {
  return {
    kind: "srn",
    input: new Float64Array(inputSize),
    previous: new Float64Array(H),
    inputSums: new Float64Array(H),
    hiddenSums: new Float64Array(H),
    hidden: new Float64Array(H),
  };
}

/**
 * From x_t and h_{t-1} to h_t.
 *
 * @param {SRNLayer} layer
 * @param {Float64Array} input x_t, [I]
 * @param {State} state h_{t-1}
 * @param {Held | null} held only states can be held
 * @param {SRNStep} step is written, and must not be the one that gave `state`
 * @returns {SRNStep}
 */
export function forward(layer, input, state, held, step) {
  const { inputSums, hiddenSums, hidden } = step;
  step.input = input;
  step.previous = state.hidden;
  affine(inputSums, layer.weightInput, input, layer.biasInput);
  affine(hiddenSums, layer.weightHidden, state.hidden, layer.biasHidden);
  for (let i = 0; i < layer.hiddenSize; i++) {
    hidden[i] = SQUASHES.tanh(inputSums[i] + hiddenSums[i]);
    if (held && !Number.isNaN(held.state[i])) {
      hidden[i] = held.state[i];
      inputSums[i] = squashArgument("tanh", held.state[i]);
      hiddenSums[i] = 0;
    }
  }
  return step;
}

/**
 * From dL/dh_t to the gradients of the sums, of x_t and of h_{t-1}.
 *
 * @param {SRNLayer} layer
 * @param {SRNStep} step
 * @param {Float64Array} grad dL/dh_t, [H]
 * @param {Held | null} held
 * @param {Back} back is written: gradSums (the same as gradPast) [H], input [I], previous [H]
 * @returns {Back}
 */
export function backward(layer, step, grad, held, back) {
  const { gradSums } = back;
  for (let i = 0; i < layer.hiddenSize; i++) {
    const isHeld = held && !Number.isNaN(held.state[i]);
    gradSums[i] = isHeld ? 0 : grad[i] * SQUASH_SLOPES.tanh(step.hidden[i]);
  }
  back.input.fill(0);
  addTransposed(back.input, layer.weightInput, gradSums);
  back.previous.fill(0);
  addTransposed(back.previous, layer.weightHidden, gradSums);
  return back;
}

/**
 * Add one step to the gradients of the layer's weights.
 *
 * @param {{weightInput: Float64Array, weightHidden: Float64Array, biasInput: Float64Array,
 *   biasHidden: Float64Array}} grads
 * @param {SRNStep} step
 * @param {Back} back
 */
export function accumulate(grads, step, { gradSums }) {
  addOuter(grads.weightInput, gradSums, step.input);
  addOuter(grads.weightHidden, gradSums, step.previous);
  add(grads.biasInput, gradSums);
  add(grads.biasHidden, gradSums);
}
