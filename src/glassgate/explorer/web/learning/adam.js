/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1), after the gradient's norm is clipped
 * (Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063).
 */

import { norm } from "../core/matrices.js";

/**
 * @typedef {object} Settings
 * @property {number} rate  the size of a step, above 0
 * @property {number} clip  the greatest norm that the gradient of all weights together may have
 */

const MEAN_DECAY = 0.9; // beta 1
const SQUARE_DECAY = 0.999; // beta 2
const EPSILON = 1e-8;

/**
 * Make what moves weights against their gradients.
 *
 * @param {Float64Array[]} weights  are changed in place by each call
 * @param {Settings} settings
 * @returns {(gradients: Float64Array[]) => void} takes one gradient an array, of the same lengths
 */
export function makeAdam(weights, { rate, clip }) {
  const means = weights.map((array) => new Float64Array(array.length));
  const squares = weights.map((array) => new Float64Array(array.length));
  let count = 0;

  return (gradients) => {
    count++;
    const scale = Math.min(1, clip / (norm(...gradients) + 1e-6));
    const meanScale = 1 / (1 - MEAN_DECAY ** count);
    const squareScale = 1 / (1 - SQUARE_DECAY ** count);
    for (let a = 0; a < weights.length; a++) {
      const [weight, gradient, mean, square] = [weights[a], gradients[a], means[a], squares[a]];
      for (let i = 0; i < weight.length; i++) {
        const g = gradient[i] * scale;
        mean[i] = MEAN_DECAY * mean[i] + (1 - MEAN_DECAY) * g;
        square[i] = SQUARE_DECAY * square[i] + (1 - SQUARE_DECAY) * g * g;
        weight[i] -= (rate * mean[i] * meanScale) / (Math.sqrt(square[i] * squareScale) + EPSILON);
      }
    }
  };
}
