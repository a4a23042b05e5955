/**
 * One network that learns one task from nothing: minibatches of new sequences, Adam, and a look
 * from time to time at how well it does on sequences that it was not trained on.
 *
 * Everything is a function of the choice and the seed. Weights, training and evaluation have random
 * streams of their own, so that networks with the same seed learn from the same sequences.
 */

import { makeAdam } from "./adam.js";
import { copyGate, layerWeights, makeReader, withoutReset } from "./forms.js";
import { makeRandom } from "./random.js";
import { judge, newReaderGradients, newTape, readSequence, sendBack } from "./reader.js";

/** @import {Choice, Reader} from "./forms.js" */
/** @import {ReaderGradients, RecurrentStep, Tape} from "./reader.js" */
/** @import {Sequence, Task} from "./tasks.js" */

export const BATCH = 16; // sequences of an update
const EVALUATED = 100; // sequences of an evaluation
const SETTINGS = { rate: 0.01, clip: 1 };
const WEIGHTS = 0; // random streams of a seed
const TRAINING = 1;
const EVALUATION = 2;

/**
 * How well a network does, and what its gates do meanwhile.
 *
 * @typedef {object} Evaluation
 * @property {number} loss  mean over sequences
 * @property {number} right  share of sequences, 0..1
 * @property {Record<string, Float64Array>} gates  of each gate that the network has, its mean over
 *   sequences, [T * H]: step t and unit i at t * H + i
 */

/**
 * @typedef {object} Learner
 * @property {Choice} choice
 * @property {Task} task
 * @property {number} T
 * @property {Reader} reader  its weights are those of now
 * @property {() => number} updates  how many there have been
 * @property {() => number} update  learns from one minibatch; returns its mean loss before that
 * @property {() => Evaluation} evaluate  on sequences drawn anew, the same for all networks
 * @property {(sequence: Sequence) => RecurrentStep[]} read  all that happens along a sequence, [T]
 */

/** The gates of each kind of network, by their names in a step. */
export const GATES_OF = /** @type {const} */ ({
  srn: [],
  gru: ["kept", "reset"],
  lstm: ["kept", "inputGate", "outputGate"],
});

/**
 * @param {Choice} choice
 * @param {Task} task
 * @param {number} T  steps of a sequence
 * @param {number} seed  a whole number
 * @returns {Learner}
 */
export function makeLearner(choice, task, T, seed) {
  const outputs = task.answers ? task.answers.length : 1;
  const reader = makeReader(choice, task.inputSize, outputs, T, makeRandom(seed, WEIGHTS));
  const gradients = newReaderGradients(reader);
  const adam = makeAdam(learned(reader, weightsOf(reader)), SETTINGS);
  const tape = newTape(reader, T);
  const random = makeRandom(seed, TRAINING);
  let updates = 0;

  return {
    choice,
    task,
    T,
    reader,
    updates: () => updates,
    update() {
      const batch = Array.from({ length: BATCH }, () => task.draw(T, random));
      const loss = batchGradients(reader, task, batch, tape, gradients);
      adam(learned(reader, gradientsOf(gradients)));
      if (reader.form.oneGate) layerWeights(reader.layer).forEach(copyGate);
      updates++;
      return loss;
    },
    evaluate: () => evaluate(reader, task, tape, makeRandom(seed, EVALUATION, updates)),
    read(sequence) {
      const own = newTape(reader, sequence.inputs.length);
      readSequence(reader, sequence, own);
      return own.steps;
    },
  };
}

/**
 * The gradient of the mean loss of a minibatch.
 *
 * @param {Reader} reader
 * @param {Task} task
 * @param {Sequence[]} batch
 * @param {Tape} tape
 * @param {ReaderGradients} gradients  are overwritten
 * @returns {number} the mean loss
 */
export function batchGradients(reader, task, batch, tape, gradients) {
  for (const array of gradientsOf(gradients)) array.fill(0);
  let total = 0;
  for (const sequence of batch) {
    const outputs = readSequence(reader, sequence, tape);
    const { loss, gradient } = judge(task, outputs, sequence.target);
    for (let i = 0; i < gradient.length; i++) gradient[i] /= batch.length;
    sendBack(reader, tape, gradient, gradients);
    total += loss;
  }
  if (reader.form.oneGate) gradientsOf(gradients).slice(0, 4).forEach(addReset);
  return total / batch.length;
}

/**
 * Weights that stand twice get the gradients of both places.
 *
 * @param {Float64Array} gradient  [3H ...]: the rows of the reset gate are added to the update gate's
 */
function addReset(gradient) {
  const size = gradient.length / 3;
  for (let i = 0; i < size; i++) gradient[size + i] += gradient[i];
}

/**
 * @param {Reader} reader
 * @returns {Float64Array[]}
 */
function weightsOf({ layer, readout }) {
  return [...layerWeights(layer), readout.weight, readout.bias];
}

/**
 * @param {ReaderGradients} gradients
 * @returns {Float64Array[]} in the order of `weightsOf`
 */
function gradientsOf({ layer, readout }) {
  return [...layerWeights(/** @type {any} */ (layer)), readout.weight, readout.bias];
}

/**
 * @param {Reader} reader
 * @param {Float64Array[]} arrays  weights or gradients: four of the layer, two of the readout
 * @returns {Float64Array[]} the part of them that is learned
 */
function learned({ form }, arrays) {
  return form.oneGate ? arrays.map((array, a) => (a < 4 ? withoutReset(array) : array)) : arrays;
}

/**
 * @param {Reader} reader
 * @param {Task} task
 * @param {Tape} tape
 * @param {import("./random.js").Random} random
 * @returns {Evaluation}
 */
function evaluate(reader, task, tape, random) {
  const { hiddenSize: H, kind } = reader.layer;
  const T = tape.steps.length;
  const names = GATES_OF[kind];
  /** @type {Record<string, Float64Array>} */
  const gates = Object.fromEntries(names.map((name) => [name, new Float64Array(T * H)]));
  let [loss, right] = [0, 0];
  for (let n = 0; n < EVALUATED; n++) {
    const sequence = task.draw(T, random);
    const judged = judge(task, readSequence(reader, sequence, tape), sequence.target);
    loss += judged.loss / EVALUATED;
    right += judged.right ? 1 / EVALUATED : 0;
    for (const name of names) addGates(gates[name], name, tape.steps);
  }
  return { loss, right: Math.min(right, 1), gates };
}

/**
 * @param {Float64Array} means  [T * H]
 * @param {string} name
 * @param {RecurrentStep[]} steps
 */
function addGates(means, name, steps) {
  steps.forEach((step, t) => {
    const gate = /** @type {Float64Array} */ (/** @type {any} */ (step)[name]);
    for (let i = 0; i < gate.length; i++) means[t * gate.length + i] += gate[i] / EVALUATED;
  });
}
