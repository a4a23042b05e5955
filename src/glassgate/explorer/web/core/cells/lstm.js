/**
 * One step of a long short-term memory network (Hochreiter & Schmidhuber 1997, with the forget gate
 * of Gers et al. 2000).
 *
 * Rows of the weights come in four blocks of H, in PyTorch's order: input gate, forget gate,
 * candidate, output gate. `kept` is the forget gate: the share of the previous cell in the new one.
 */

import { add, addOuter, addTransposed, affine } from "../matrices.js";
import {
  GATES,
  GATE_SLOPES,
  SATURATING,
  SQUASHES,
  SQUASH_SLOPES,
  gateArgument,
  squashArgument,
} from "./curves.js";
import { heldShare } from "./gru.js";

/** @import {State, Held, Back} from "../cells.js" */

/**
 * @typedef {object} LSTMLayer
 * @property {"lstm"} kind
 * @property {number} inputSize I
 * @property {number} hiddenSize H
 * @property {Float64Array} weightInput W, [4H * I]
 * @property {Float64Array} weightHidden U, [4H * H]
 * @property {Float64Array} biasInput b, [4H]
 * @property {Float64Array} biasHidden c, [4H]
 */

/**
 * Everything that one step computed; vectors of H unless stated.
 *
 * @typedef {object} LSTMStep
 * @property {"lstm"} kind
 * @property {Float64Array} input x, [I]
 * @property {Float64Array} previous h before this step
 * @property {Float64Array} previousCell the cell before this step
 * @property {Float64Array} inputSums W x + b, [4H]
 * @property {Float64Array} hiddenSums U h + c, [4H]
 * @property {Float64Array} inputGate the share of the candidate in the new cell, 0..1
 * @property {Float64Array} kept the forget gate, the share of the previous cell in the new one, 0..1
 * @property {Float64Array} candidate the new content
 * @property {Float64Array} outputGate the share of the cell that shows as h, 0..1
 * @property {Float64Array} cell the cell after this step
 * @property {Float64Array} hidden h after this step
 */

/**
 * A step to write into.
 *
 * @param {LSTMLayer} layer
 * @returns {LSTMStep}
 */
export function newStep({ inputSize, hiddenSize: H }) {
  const vector = () => new Float64Array(H);
  return {
    kind: "lstm",
    input: new Float64Array(inputSize),
    previous: vector(),
    previousCell: vector(),
    inputSums: new Float64Array(4 * H),
    hiddenSums: new Float64Array(4 * H),
    inputGate: vector(),
    kept: vector(),
    candidate: vector(),
    outputGate: vector(),
    cell: vector(),
    hidden: vector(),
  };
}

/**
 * From x_t, h_{t-1} and the cell to h_t and the new cell.
 *
 * @param {LSTMLayer} layer
 * @param {Float64Array} input x_t, [I]
 * @param {State} state h_{t-1} and the cell
 * @param {Held | null} held kept is the forget gate; there is no reset
 * @param {LSTMStep} step is written, and must not be the one that gave `state`
 * @returns {LSTMStep}
 */
export function forward(layer, input, state, held, step) {
  const { hiddenSize: H } = layer;
  const { sigmoid } = GATES;
  const { tanh } = SQUASHES;
  const { inputSums, hiddenSums, inputGate, kept, candidate, outputGate, cell, hidden } = step;
  if (!state.cell) throw new Error("an LSTM needs a state with a cell");
  step.input = input;
  step.previous = state.hidden;
  step.previousCell = state.cell;

  affine(inputSums, layer.weightInput, input, layer.biasInput);
  affine(hiddenSums, layer.weightHidden, state.hidden, layer.biasHidden);
  for (let i = 0; i < H; i++) {
    inputGate[i] = sigmoid(inputSums[i] + hiddenSums[i]);
    kept[i] = sigmoid(inputSums[H + i] + hiddenSums[H + i]);
    candidate[i] = tanh(inputSums[2 * H + i] + hiddenSums[2 * H + i]);
    outputGate[i] = sigmoid(inputSums[3 * H + i] + hiddenSums[3 * H + i]);
  }
  if (held) hold(H, step, held);
  for (let i = 0; i < H; i++) {
    cell[i] = kept[i] * state.cell[i] + inputGate[i] * candidate[i];
    hidden[i] = outputGate[i] * tanh(cell[i]);
  }
  return step;
}

/**
 * Put held gates at their values, and their sums at the arguments that give these.
 *
 * A state is held with input and output gate at 1 and a candidate whose tanh is the state, so that
 * it reaches tanh(±1) and no further.
 *
 * @param {number} H
 * @param {LSTMStep} step
 * @param {Held} held
 */
function hold(H, { inputSums, hiddenSums, inputGate, kept, candidate, outputGate }, held) {
  for (let i = 0; i < H; i++) {
    const share = heldShare(held, i);
    if (!Number.isNaN(share)) {
      kept[i] = share;
      inputSums[H + i] = gateArgument("sigmoid", share);
      hiddenSums[H + i] = 0;
    }
    if (!Number.isNaN(held.state[i])) {
      inputGate[i] = outputGate[i] = 1;
      candidate[i] = Math.atanh(held.state[i]);
      inputSums[i] = inputSums[3 * H + i] = SATURATING;
      inputSums[2 * H + i] = squashArgument("tanh", candidate[i]);
      hiddenSums[i] = hiddenSums[2 * H + i] = hiddenSums[3 * H + i] = 0;
    }
  }
}

/**
 * From dL/dh_t and dL/dcell_t to the gradients of the sums, of x_t, of h_{t-1} and the cell.
 *
 * @param {LSTMLayer} layer
 * @param {LSTMStep} step
 * @param {Float64Array} grad dL/dh_t, [H]
 * @param {Float64Array | null} gradCell dL/dcell_t from the steps that follow, [H]; null for zeros
 * @param {Held | null} held
 * @param {Back} back is written: gradSums (the same as gradPast) [4H], input, previous, previousCell
 * @returns {Back}
 */
export function backward(layer, step, grad, gradCell, held, back) {
  const { hiddenSize: H } = layer;
  const { sigmoid: gateSlope } = GATE_SLOPES;
  const { tanh: squashSlope } = SQUASH_SLOPES;
  const { inputGate, kept, candidate, outputGate, cell, previousCell } = step;
  const { gradSums } = back;
  for (let i = 0; i < H; i++) {
    const shown = Math.tanh(cell[i]);
    const carried = gradCell ? gradCell[i] : 0;
    const gradOfCell = carried + grad[i] * outputGate[i] * squashSlope(shown);
    gradSums[i] = gradOfCell * candidate[i] * gateSlope(inputGate[i]);
    gradSums[H + i] = gradOfCell * previousCell[i] * gateSlope(kept[i]);
    gradSums[2 * H + i] = gradOfCell * inputGate[i] * squashSlope(candidate[i]);
    gradSums[3 * H + i] = grad[i] * shown * gateSlope(outputGate[i]);
    back.previousCell[i] = gradOfCell * kept[i];
  }
  if (held) freeze(H, held, gradSums);
  back.input.fill(0);
  addTransposed(back.input, layer.weightInput, gradSums);
  back.previous.fill(0);
  addTransposed(back.previous, layer.weightHidden, gradSums);
  return back;
}

/**
 * Let no gradient through the sums of held gates.
 *
 * @param {number} H
 * @param {Held} held
 * @param {Float64Array} gradSums
 */
function freeze(H, held, gradSums) {
  for (let i = 0; i < H; i++) {
    if (!Number.isNaN(heldShare(held, i))) gradSums[H + i] = 0;
    if (!Number.isNaN(held.state[i])) {
      gradSums[i] = gradSums[2 * H + i] = gradSums[3 * H + i] = 0;
    }
  }
}

/**
 * Add one step to the gradients of the layer's weights.
 *
 * @param {{weightInput: Float64Array, weightHidden: Float64Array, biasInput: Float64Array,
 *   biasHidden: Float64Array}} grads
 * @param {LSTMStep} step
 * @param {Back} back
 */
export function accumulate(grads, step, { gradSums }) {
  addOuter(grads.weightInput, gradSums, step.input);
  addOuter(grads.weightHidden, gradSums, step.previous);
  add(grads.biasInput, gradSums);
  add(grads.biasHidden, gradSums);
}
