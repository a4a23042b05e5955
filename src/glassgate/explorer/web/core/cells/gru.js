/**
 * One step of a gated recurrent unit, forward and back, in every form in which it was published.
 *
 * The equations stand in the order of `glassgate.reference`; the sums W x + b and U h + c are kept
 * apart, since the gates, the drawings and the way back need them apart. Rows of the weights come
 * in three blocks of H: reset, update, candidate.
 */

import { addOuter, addTransposed, affine, add } from "../matrices.js";
import {
  GATES,
  GATE_SLOPES,
  SQUASHES,
  SQUASH_SLOPES,
  gateArgument,
  squashArgument,
} from "./curves.js";

/** @import {State, Held, Back} from "../cells.js" */
/** @import {Gate, Squash} from "./curves.js" */

/**
 * The form of a unit, as `glassgate.Formulation` names it.
 *
 * @typedef {object} Formulation
 * @property {"after" | "before" | "none"} reset where the reset gate acts
 * @property {"keeps" | "writes"} update what the update gate is the share of
 * @property {Gate} gate the curve of the gates
 * @property {Squash} squash the curve of the candidate
 */

/**
 * @typedef {object} GRULayer
 * @property {"gru"} kind
 * @property {number} inputSize I
 * @property {number} hiddenSize H
 * @property {Float64Array} weightInput W, [3H * I]
 * @property {Float64Array} weightHidden U, [3H * H]
 * @property {Float64Array} biasInput b, [3H]
 * @property {Float64Array} biasHidden c, [3H]
 * @property {Formulation} formulation
 */

/**
 * Everything that one step computed; vectors of H unless stated.
 *
 * @typedef {object} GRUStep
 * @property {"gru"} kind
 * @property {Float64Array} input x, [I]
 * @property {Float64Array} previous h before this step
 * @property {Float64Array} inputSums W x + b, [3H]
 * @property {Float64Array} hiddenSums U h + c, [3H]; its candidate rows are `recurrent`
 * @property {Float64Array} reset r, 0..1; ones where the formulation has no reset gate
 * @property {Float64Array} update z, 0..1, as the formulation defines it
 * @property {Float64Array} kept k, the share of the previous state in the new one, 0..1
 * @property {Float64Array} candidate n, the new content
 * @property {Float64Array} recalled the state that U_n multiplies: h, or r * h
 * @property {Float64Array} recurrent U_n h + c_n, or U_n (r * h) + c_n
 * @property {Float64Array} hidden h after this step
 */

/** @type {Formulation} */
export const PYTORCH = { reset: "after", update: "keeps", gate: "sigmoid", squash: "tanh" };

/**
 * A step to write into.
 *
 * @param {GRULayer} layer
 * @returns {GRUStep}
 */
export function newStep({ inputSize, hiddenSize: H }) {
  const vector = () => new Float64Array(H);
  const hiddenSums = new Float64Array(3 * H);
  return {
    kind: "gru",
    input: new Float64Array(inputSize),
    previous: vector(),
    inputSums: new Float64Array(3 * H),
    hiddenSums,
    reset: vector(),
    update: vector(),
    kept: vector(),
    candidate: vector(),
    recalled: vector(),
    recurrent: hiddenSums.subarray(2 * H),
    hidden: vector(),
  };
}

/**
 * From x_t and h_{t-1} to h_t.
 *
 * @param {GRULayer} layer
 * @param {Float64Array} input x_t, [I]
 * @param {State} state h_{t-1}
 * @param {Held | null} held
 * @param {GRUStep} step is written, and must not be the one that gave `state`
 * @returns {GRUStep}
 */
export function forward(layer, input, state, held, step) {
  const { hiddenSize: H, formulation: form } = layer;
  const gate = GATES[form.gate];
  const squash = SQUASHES[form.squash];
  const { inputSums, hiddenSums, reset, update, kept, candidate, recurrent, hidden } = step;
  const previous = state.hidden;
  step.input = input;
  step.previous = previous;

  affine(inputSums, layer.weightInput, input, layer.biasInput);
  affine(hiddenSums, layer.weightHidden, previous, layer.biasHidden, 0, 2 * H);
  for (let i = 0; i < H; i++) {
    update[i] = gate(inputSums[H + i] + hiddenSums[H + i]);
    reset[i] = form.reset === "none" ? 1 : gate(inputSums[i] + hiddenSums[i]);
    kept[i] = form.update === "keeps" ? update[i] : 1 - update[i];
  }
  if (held) holdGates(layer, step, held);

  if (form.reset === "before") {
    for (let i = 0; i < H; i++) step.recalled[i] = reset[i] * previous[i];
  } else {
    step.recalled = previous;
  }
  affine(hiddenSums, layer.weightHidden, step.recalled, layer.biasHidden, 2 * H);
  for (let i = 0; i < H; i++) {
    const share = form.reset === "after" ? reset[i] : 1;
    candidate[i] = squash(inputSums[2 * H + i] + share * recurrent[i]);
  }
  if (held) holdCandidate(layer, step, held);

  for (let i = 0; i < H; i++) {
    hidden[i] = kept[i] * previous[i] + (1 - kept[i]) * candidate[i];
  }
  return step;
}

/**
 * Put held gates at their values, and their sums at the arguments that give these.
 *
 * @param {GRULayer} layer
 * @param {GRUStep} step
 * @param {Held} held
 */
function holdGates(layer, step, held) {
  const { hiddenSize: H, formulation: form } = layer;
  const { inputSums, hiddenSums, reset, update, kept } = step;
  for (let i = 0; i < H; i++) {
    if (!Number.isNaN(held.reset[i]) && form.reset !== "none") {
      reset[i] = held.reset[i];
      inputSums[i] = gateArgument(form.gate, reset[i]);
      hiddenSums[i] = 0;
    }
    const share = heldShare(held, i);
    if (!Number.isNaN(share)) {
      const sign = form.update === "keeps" ? 1 : -1; // 1 - gate(a) = gate(-a)
      kept[i] = share;
      update[i] = form.update === "keeps" ? share : 1 - share;
      inputSums[H + i] = sign * gateArgument(form.gate, share);
      hiddenSums[H + i] = 0;
    }
  }
}

/**
 * The share of the previous state that a hold keeps; NaN where it is free. A held state keeps none.
 *
 * @param {Held} held
 * @param {number} i
 * @returns {number}
 */
export function heldShare({ kept, state }, i) {
  return Number.isNaN(kept[i]) && !Number.isNaN(state[i]) ? 0 : kept[i];
}

/**
 * Put the candidate of each held state at that state.
 *
 * @param {GRULayer} layer
 * @param {GRUStep} step
 * @param {Held} held
 */
function holdCandidate({ hiddenSize: H, formulation: form }, step, held) {
  for (let i = 0; i < H; i++) {
    if (Number.isNaN(held.state[i])) continue;
    step.candidate[i] = held.state[i];
    step.inputSums[2 * H + i] = squashArgument(form.squash, held.state[i]);
    step.recurrent[i] = 0;
  }
}

/**
 * From dL/dh_t to the gradients of the sums, of x_t and of h_{t-1}.
 *
 * @param {GRULayer} layer
 * @param {GRUStep} step
 * @param {Float64Array} grad dL/dh_t, [H]
 * @param {Held | null} held
 * @param {Back} back is written: gradSums and gradPast [3H], input [I], previous [H]
 * @returns {Back}
 */
export function backward(layer, step, grad, held, back) {
  const { hiddenSize: H, weightHidden: U, formulation: form } = layer;
  const gateSlope = GATE_SLOPES[form.gate];
  const squashSlope = SQUASH_SLOPES[form.squash];
  const { previous: hidden, reset, update, kept, candidate, recurrent } = step;
  const { gradSums, gradPast, previous: gradHidden, scratch: gradRecalled } = back;

  for (let i = 0; i < H; i++) {
    const gradKept = grad[i] * (hidden[i] - candidate[i]);
    const gradUpdate = (form.update === "keeps" ? gradKept : -gradKept) * gateSlope(update[i]);
    const gradCandidate = grad[i] * (1 - kept[i]) * squashSlope(candidate[i]);
    gradSums[H + i] = gradPast[H + i] = gradUpdate;
    gradSums[2 * H + i] = gradCandidate;
    gradPast[2 * H + i] = form.reset === "after" ? gradCandidate * reset[i] : gradCandidate;
    gradSums[i] = gradCandidate * recurrent[i] * gateSlope(reset[i]);
    gradHidden[i] = grad[i] * kept[i];
  }
  if (held) freeze(H, held, gradSums, gradPast);

  if (form.reset === "before") {
    gradRecalled.fill(0); // to r * h
    addTransposed(gradRecalled, U, gradPast, 2 * H);
    for (let i = 0; i < H; i++) {
      gradSums[i] = gradRecalled[i] * hidden[i] * gateSlope(reset[i]);
      gradHidden[i] += gradRecalled[i] * reset[i];
    }
  } else {
    addTransposed(gradHidden, U, gradPast, 2 * H);
  }
  for (let i = 0; i < H; i++) {
    if (form.reset === "none" || (held && !Number.isNaN(held.reset[i]))) gradSums[i] = 0;
    gradPast[i] = gradSums[i];
  }
  addTransposed(gradHidden, U, gradPast, 0, 2 * H);

  back.input.fill(0);
  addTransposed(back.input, layer.weightInput, gradSums);
  return back;
}

/**
 * Let no gradient through the sums of held update gates and candidates.
 *
 * @param {number} H
 * @param {Held} held
 * @param {Float64Array} gradSums
 * @param {Float64Array} gradPast
 */
function freeze(H, held, gradSums, gradPast) {
  for (let i = 0; i < H; i++) {
    if (!Number.isNaN(heldShare(held, i))) gradSums[H + i] = gradPast[H + i] = 0;
    if (!Number.isNaN(held.state[i])) gradSums[2 * H + i] = gradPast[2 * H + i] = 0;
  }
}

/**
 * Add one step to the gradients of the layer's weights.
 *
 * @param {{weightInput: Float64Array, weightHidden: Float64Array, biasInput: Float64Array,
 *   biasHidden: Float64Array}} grads
 * @param {GRUStep} step
 * @param {Back} back
 */
export function accumulate(grads, step, { gradSums, gradPast }) {
  const H = step.hidden.length;
  addOuter(grads.weightInput, gradSums, step.input);
  addOuter(grads.weightHidden, gradPast, step.previous, 0, 2 * H);
  addOuter(grads.weightHidden, gradPast, step.recalled, 2 * H);
  add(grads.biasInput, gradSums);
  add(grads.biasHidden, gradPast);
}
