/**
 * How far the gradient of a prediction reaches back: its size at the state and at the embedding of
 * each earlier word. It vanishes where it falls with every word (Bengio, Simard & Frasconi 1994).
 */

import { initialState, newBack, stepBackward } from "./cells.js";
import { addTransposed, norm } from "./matrices.js";
import { outcomes } from "./model.js";

/** @import {Run} from "./model.js" */

/**
 * The size of the gradient of -log p(target | words..t) to the state after each step up to t, as
 * `glassgate.inside.gradient_by_lag` measures it: the state that the next step reads, of all
 * layers, of an LSTM the hidden and the cell.
 *
 * @param {Run} run
 * @param {number} t the step that predicts
 * @param {number} target the id of the next word, or the number of the class
 * @returns {Float64Array} [t + 1]
 */
export function gradientByWord(run, t, target) {
  return walkBack(run, t, target).states;
}

/**
 * The size of the gradient of -log p(target | words..t) to the embedding of each word up to t.
 *
 * @param {Run} run
 * @param {number} t the step that predicts
 * @param {number} target the id of the next word, or the number of the class
 * @returns {Float64Array} [t + 1]
 */
export function connectivity(run, t, target) {
  return walkBack(run, t, target).embeddings;
}

/**
 * Backpropagate through time from the prediction after step t.
 *
 * @param {Run} run
 * @param {number} t
 * @param {number} target
 * @returns {{states: Float64Array, embeddings: Float64Array}} [t + 1] each
 */
export function walkBack(run, t, target) {
  const { layers, hiddenSize } = run.model.network;
  const top = layers.length - 1;
  const states = new Float64Array(t + 1);
  const embeddings = new Float64Array(t + 1);
  // The gradients that come to the states of each layer from the step that follows.
  /** @type {{hidden: Float64Array, cell: Float64Array | null}[]} */
  let carried = layers.map((layer) => ({
    hidden: new Float64Array(hiddenSize),
    cell: initialState(layer).cell ?? null,
  }));
  carried[top].hidden.set(gradOfOutput(run, t, target));

  for (let s = t; s >= 0; s--) {
    states[s] = norm(...carried.flatMap(({ hidden, cell }) => (cell ? [hidden, cell] : [hidden])));
    /** @type {Float64Array | null} */
    let above = null; // from the layer above, which reads this one's output
    const before = [];
    for (let layer = top; layer >= 0; layer--) {
      const { hidden, cell } = carried[layer];
      if (above) for (let i = 0; i < hiddenSize; i++) hidden[i] += above[i];
      const held = run.held[s]?.[layer] ?? null;
      const back = newBack(layers[layer]);
      stepBackward(layers[layer], run.steps[s][layer], hidden, cell, held, back);
      above = back.input;
      before.unshift({ hidden: back.previous, cell: cell && back.previousCell });
    }
    embeddings[s] = norm(/** @type {Float64Array} */ (above));
    carried = before;
  }
  return { states, embeddings };
}

/**
 * The gradient of -log p(target) to the last layer's state: Vᵀ (p - 1 of the target).
 *
 * @param {Run} run
 * @param {number} t
 * @param {number} target
 * @returns {Float64Array} [H]
 */
function gradOfOutput(run, t, target) {
  const grad = outcomes(run, t);
  grad[target] -= 1;
  const hidden = new Float64Array(run.model.hiddenSize);
  addTransposed(hidden, run.model.output.weight, grad);
  return hidden;
}
