// Networks of the golden files, and a sequence through one, there and back.

import {
  accumulate,
  newBack,
  newGradients,
  stepBackward,
} from "../../../src/glassgate/explorer/web/core/cells.js";
import { heldAt } from "../../../src/glassgate/explorer/web/core/holds.js";
import { initialStates, stepNetwork } from "../../../src/glassgate/explorer/web/core/network.js";

/** @import {Gradients, Layer, State, Step} from "../../../src/glassgate/explorer/web/core/cells.js" */
/** @import {Hold} from "../../../src/glassgate/explorer/web/core/holds.js" */
/** @import {Network} from "../../../src/glassgate/explorer/web/core/network.js" */

export const WEIGHTS = ["weight", "bias", "weightInput", "weightHidden", "biasInput", "biasHidden"];

/**
 * A layer whose weights are arrays of JSON.
 *
 * @param {any} json
 * @returns {Layer}
 */
export function readLayer(json) {
  const layer = { ...json };
  for (const name of WEIGHTS) if (name in json) layer[name] = Float64Array.from(json[name]);
  return layer;
}

/**
 * A network of one case of networks.json.
 *
 * @param {any} json
 * @returns {Network}
 */
export function makeNetwork({ kind, inputSize, hiddenSize, formulation, weights }) {
  const layers = weights.map((/** @type {any} */ arrays, /** @type {number} */ layer) =>
    readLayer({
      kind,
      inputSize: layer ? hiddenSize : inputSize,
      hiddenSize,
      ...arrays,
      ...(formulation ? { formulation } : {}),
    }),
  );
  return { kind, inputSize, hiddenSize, layers };
}

/**
 * Run along a sequence from a state.
 *
 * @param {Network} network
 * @param {number[][]} input [T][I]
 * @param {Hold[]} [holds]
 * @param {State[]} [initial]
 * @returns {Step[][]} [T][layers]
 */
export function runAlong(network, input, holds = [], initial = initialStates(network)) {
  const held = heldAt(network, holds);
  /** @type {State[]} */
  let states = initial;
  return input.map((x, t) => {
    const steps = stepNetwork(network, Float64Array.from(x), states, held(t));
    states = steps;
    return steps;
  });
}

/**
 * Backpropagate through time.
 *
 * @param {Network} network
 * @param {Step[][]} steps what `runAlong` gave
 * @param {number[][]} gradOutput to the last layer's states, [T][H]
 * @param {Hold[]} [holds]
 * @param {number[] | null} [gradLast] to the last state, from whatever follows, [H]
 * @returns {{input: number[][], initial: Float64Array[], weights: Gradients[]}} to the input, [T][I],
 *   to the state of each layer before the first step, and to the weights of each layer
 */
export function runBack(network, steps, gradOutput, holds = [], gradLast = null) {
  const { layers, hiddenSize } = network;
  const held = heldAt(network, holds);
  const weights = layers.map(newGradients);
  const carried = layers.map(() => ({
    hidden: new Float64Array(hiddenSize),
    cell: new Float64Array(hiddenSize),
  }));
  if (gradLast) carried[layers.length - 1].hidden.set(gradLast);
  /** @type {number[][]} */
  const input = [];
  for (let t = steps.length - 1; t >= 0; t--) {
    let above = Float64Array.from(gradOutput[t]);
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const { hidden, cell } = carried[layer];
      const back = stepBackward(
        layers[layer],
        steps[t][layer],
        hidden.map((value, i) => value + above[i]),
        cell,
        held(t)?.[layer] ?? null,
        newBack(layers[layer]),
      );
      accumulate(weights[layer], steps[t][layer], back);
      carried[layer] = {
        hidden: Float64Array.from(back.previous),
        cell: Float64Array.from(back.previousCell),
      };
      above = Float64Array.from(back.input);
    }
    input.unshift([...above]);
  }
  return { input, initial: carried.map(({ hidden }) => hidden), weights };
}

/**
 * The slope of a loss by each number of an array, from two runs beside it.
 *
 * @param {Float64Array} array is changed and put back
 * @param {() => number} loss
 * @returns {Float64Array}
 */
export function differences(array, loss) {
  const width = 1e-5;
  return array.map((value, i) => {
    array[i] = value + width;
    const above = loss();
    array[i] = value - width;
    const below = loss();
    array[i] = value;
    return (above - below) / (2 * width);
  });
}
