/**
 * A network reads a sequence, answers after the last step, and sends the error of its answer back.
 */

import {
  accumulate,
  initialState,
  newBack,
  newGradients,
  newStep,
  stepBackward,
  stepForward,
} from "../core/cells.js";
import { add, addOuter, addTransposed, affine } from "../core/matrices.js";
import { MAX_ERROR } from "./tasks.js";

/** @import {Back, Gradients, GRUStep, LSTMStep, SRNStep, State} from "../core/cells.js" */
/** @import {Reader, RecurrentLayer} from "./forms.js" */
/** @import {Sequence, Task} from "./tasks.js" */

/** @typedef {SRNStep | GRUStep | LSTMStep} RecurrentStep */

/**
 * Room for the way of a network along one sequence and back. It is written anew by each sequence,
 * so that a minibatch allocates nothing.
 *
 * @typedef {object} Tape
 * @property {State} initial  zeros
 * @property {RecurrentStep[]} steps  [T]
 * @property {[Back, Back]} backs  of a step and of the one after it, by turns
 * @property {Float64Array} gradHidden  [H]
 */

/**
 * @typedef {object} ReaderGradients
 * @property {Gradients} layer
 * @property {{weight: Float64Array, bias: Float64Array}} readout
 */

/**
 * @param {Reader} reader
 * @param {number} T
 * @returns {Tape}
 */
export function newTape({ layer }, T) {
  return {
    initial: initialState(layer),
    steps: Array.from({ length: T }, () => newStep(layer)),
    backs: [newBackOf(layer), newBackOf(layer)],
    gradHidden: new Float64Array(layer.hiddenSize),
  };
}

/**
 * What a step back is written into, without room for the gradient of the input: nothing below the
 * layer learns, and leaving it out saves up to a fifth of the time.
 *
 * @param {RecurrentLayer} layer
 * @returns {Back}
 */
function newBackOf(layer) {
  return { ...newBack(layer), input: new Float64Array(0) };
}

/**
 * @param {Reader} reader
 * @returns {ReaderGradients} zeros
 */
export function newReaderGradients({ layer, readout: { weight, bias } }) {
  const zeros = (/** @type {Float64Array} */ array) => new Float64Array(array.length);
  return { layer: newGradients(layer), readout: { weight: zeros(weight), bias: zeros(bias) } };
}

/**
 * Read a sequence from a state of zeros.
 *
 * @param {Reader} reader
 * @param {Sequence} sequence
 * @param {Tape} tape  is written
 * @returns {Float64Array} the readout of the last state, [O]
 */
export function readSequence(reader, { inputs }, tape) {
  /** @type {State} */
  let state = tape.initial;
  for (let t = 0; t < inputs.length; t++) {
    state = stepForward(reader.layer, inputs[t], state, reader.held, tape.steps[t]);
  }
  return readState(reader, state.hidden);
}

/**
 * @param {Reader} reader
 * @param {Float64Array} hidden  [H]
 * @returns {Float64Array} W h + b, [O]
 */
export function readState({ readout: { weight, bias } }, hidden) {
  const outputs = new Float64Array(bias.length);
  affine(outputs, weight, hidden, bias);
  return outputs;
}

/**
 * What is read of a state, as an answer.
 *
 * @param {Task} task
 * @param {Float64Array} outputs  [O]
 * @returns {Float64Array} the probability of each class, or the number itself
 */
export function answer(task, outputs) {
  if (!task.answers) return outputs;
  const largest = Math.max(...outputs);
  const weights = outputs.map((output) => Math.exp(output - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * How far an answer is from the target: -ln of the probability of the right class, or the squared
 * error of a number; its derivative with respect to the outputs; and whether the answer is right.
 *
 * @param {Task} task
 * @param {Float64Array} outputs  [O]
 * @param {number} target
 * @returns {{loss: number, gradient: Float64Array, right: boolean}}
 */
export function judge(task, outputs, target) {
  if (!task.answers) {
    const error = outputs[0] - target;
    const right = Math.abs(error) < MAX_ERROR;
    return { loss: error * error, gradient: Float64Array.of(2 * error), right };
  }
  const gradient = answer(task, outputs);
  const right = gradient.every((probability) => probability <= gradient[target]);
  const loss = -Math.log(Math.max(gradient[target], Number.MIN_VALUE));
  gradient[target] -= 1;
  return { loss, gradient, right };
}

/**
 * Send the derivative of the loss with respect to the outputs back through the sequence that the
 * tape holds, and add to the gradients of all weights.
 *
 * @param {Reader} reader
 * @param {Tape} tape
 * @param {Float64Array} gradOutputs  [O]
 * @param {ReaderGradients} gradients
 */
export function sendBack({ layer, held, readout }, tape, gradOutputs, gradients) {
  const { steps, backs, gradHidden } = tape;
  addOuter(gradients.readout.weight, gradOutputs, steps[steps.length - 1].hidden);
  add(gradients.readout.bias, gradOutputs);
  gradHidden.fill(0);
  addTransposed(gradHidden, readout.weight, gradOutputs);

  let gradState = gradHidden;
  /** @type {Float64Array | null} */
  let gradCell = null;
  for (let t = steps.length - 1; t >= 0; t--) {
    const back = stepBackward(layer, steps[t], gradState, gradCell, held, backs[t % 2]);
    accumulate(gradients.layer, steps[t], back);
    gradState = back.previous;
    gradCell = back.previousCell;
  }
}
