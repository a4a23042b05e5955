/** One step of a network without memory, h_t = tanh(W x_t + b). */

import { add, addOuter, addTransposed, affine } from "../matrices.js";
import { SQUASHES, SQUASH_SLOPES } from "./curves.js";

/** @import {State, Back} from "../cells.js" */

/**
 * @typedef {object} FeedforwardLayer
 * @property {"feedforward"} kind
 * @property {number} inputSize I
 * @property {number} hiddenSize H
 * @property {Float64Array} weight W, [H * I]
 * @property {Float64Array} bias b, [H]
 */

/**
 * @typedef {object} FeedforwardStep
 * @property {"feedforward"} kind
 * @property {Float64Array} input x, [I]
 * @property {Float64Array} previous h before this step, which it does not read, [H]
 * @property {Float64Array} inputSums W x + b, [H]
 * @property {Float64Array} hiddenSums zeros, [H]
 * @property {Float64Array} hidden h, [H]
 */

/**
 * A step to write into.
 *
 * @param {FeedforwardLayer} layer
 * @returns {FeedforwardStep}
 */
export function newStep({ inputSize, hiddenSize: H }) {
  return {
    kind: "feedforward",
    input: new Float64Array(inputSize),
    previous: new Float64Array(H),
    inputSums: new Float64Array(H),
    hiddenSums: new Float64Array(H),
    hidden: new Float64Array(H),
  };
}

/**
 * From x_t to h_t.
 *
 * @param {FeedforwardLayer} layer
 * @param {Float64Array} input x_t, [I]
 * @param {State} state is recorded, not read
 * @param {FeedforwardStep} step is written
 * @returns {FeedforwardStep}
 */
export function forward(layer, input, state, step) {
  step.input = input;
  step.previous = state.hidden;
  affine(step.inputSums, layer.weight, input, layer.bias);
  for (let i = 0; i < layer.hiddenSize; i++) step.hidden[i] = SQUASHES.tanh(step.inputSums[i]);
  return step;
}

/**
 * From dL/dh_t to the gradients of the sums and of x_t; none reaches h_{t-1}.
 *
 * @param {FeedforwardLayer} layer
 * @param {FeedforwardStep} step
 * @param {Float64Array} grad dL/dh_t, [H]
 * @param {Back} back is written: gradSums [H], input [I], previous (zeros) [H]
 * @returns {Back}
 */
export function backward(layer, step, grad, back) {
  for (let i = 0; i < layer.hiddenSize; i++) {
    back.gradSums[i] = grad[i] * SQUASH_SLOPES.tanh(step.hidden[i]);
  }
  back.previous.fill(0);
  back.input.fill(0);
  addTransposed(back.input, layer.weight, back.gradSums);
  return back;
}

/**
 * Add one step to the gradients of the layer's weights.
 *
 * @param {{weight: Float64Array, bias: Float64Array}} grads
 * @param {FeedforwardStep} step
 * @param {Back} back
 */
export function accumulate(grads, step, { gradSums }) {
  addOuter(grads.weight, gradSums, step.input);
  add(grads.bias, gradSums);
}
