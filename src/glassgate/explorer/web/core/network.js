/** Layers of units, one upon the other, in the order in which `glassgate.nn` stores their weights. */

import { BLOCKS, PYTORCH, initialState, newStep, stepForward } from "./cells.js";

/** @import {Held, Kind, Layer, State, Step} from "./cells.js" */

/**
 * @typedef {object} Network
 * @property {Kind} kind
 * @property {number} inputSize I of the first layer
 * @property {number} hiddenSize H of every layer
 * @property {Layer[]} layers
 */

/** @type {Kind[]} */
export const KINDS = ["feedforward", "srn", "gru", "lstm"];

/**
 * The names and shapes of a network's weights in model.safetensors.
 *
 * @param {Kind} kind
 * @param {number} inputSize
 * @param {number} hiddenSize
 * @param {number} count of layers
 * @returns {Map<string, number[]>}
 */
export function networkShapes(kind, inputSize, hiddenSize, count) {
  const rows = BLOCKS[kind] * hiddenSize;
  const shapes = new Map();
  for (let layer = 0; layer < count; layer++) {
    const columns = layer ? hiddenSize : inputSize;
    if (kind === "feedforward") {
      shapes.set(`network.layers.${layer}.weight`, [rows, columns]);
      shapes.set(`network.layers.${layer}.bias`, [rows]);
    } else {
      shapes.set(`network.weight_ih_l${layer}`, [rows, columns]);
      shapes.set(`network.weight_hh_l${layer}`, [rows, hiddenSize]);
      shapes.set(`network.bias_ih_l${layer}`, [rows]);
      shapes.set(`network.bias_hh_l${layer}`, [rows]);
    }
  }
  return shapes;
}

/**
 * Make a network of its weights, whose shapes have been checked.
 *
 * @param {Kind} kind
 * @param {number} inputSize
 * @param {number} hiddenSize
 * @param {number} count of layers
 * @param {(name: string) => Float64Array} read the numbers of a weight
 * @returns {Network}
 */
export function readNetwork(kind, inputSize, hiddenSize, count, read) {
  const layers = Array.from({ length: count }, (_, layer) =>
    readLayer(kind, layer, layer ? hiddenSize : inputSize, hiddenSize, read),
  );
  return { kind, inputSize, hiddenSize, layers };
}

/**
 * @param {Kind} kind
 * @param {number} layer
 * @param {number} inputSize
 * @param {number} hiddenSize
 * @param {(name: string) => Float64Array} read
 * @returns {Layer}
 */
function readLayer(kind, layer, inputSize, hiddenSize, read) {
  const sizes = { inputSize, hiddenSize };
  if (kind === "feedforward") {
    const weight = read(`network.layers.${layer}.weight`);
    return { kind, ...sizes, weight, bias: read(`network.layers.${layer}.bias`) };
  }
  const weights = {
    weightInput: read(`network.weight_ih_l${layer}`),
    weightHidden: read(`network.weight_hh_l${layer}`),
    biasInput: read(`network.bias_ih_l${layer}`),
    biasHidden: read(`network.bias_hh_l${layer}`),
  };
  return kind === "gru"
    ? { kind, ...sizes, ...weights, formulation: PYTORCH }
    : { kind, ...sizes, ...weights };
}

/**
 * The state of each layer before the first step.
 *
 * @param {Network} network
 * @returns {State[]}
 */
export function initialStates(network) {
  return network.layers.map(initialState);
}

/**
 * One step of all layers; each reads the state of the layer below at the same step.
 *
 * @param {Network} network
 * @param {Float64Array} input x_t, [I]
 * @param {State[]} states of each layer: the steps before, or `initialStates`
 * @param {(Held | null)[] | null} [held] of each layer
 * @param {Step[]} [steps] of each layer, which are written
 * @returns {Step[]} of each layer; the last has the output
 */
export function stepNetwork(
  network,
  input,
  states,
  held = null,
  steps = network.layers.map((layer) => newStep(layer)),
) {
  let below = input;
  network.layers.forEach((layer, i) => {
    stepForward(layer, below, states[i], held ? held[i] : null, steps[i]);
    below = steps[i].hidden;
  });
  return steps;
}
