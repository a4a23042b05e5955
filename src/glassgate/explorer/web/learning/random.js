/**
 * Random numbers from a seed, so that a run of learning can be repeated number by number.
 *
 * The generator is xoshiro128** (Blackman & Vigna 2021, arXiv:1805.01407) on four words of 32 bits,
 * which splitmix32 fills from the seed. A seed may have further numbers, one for each stream, so
 * that weights, training and evaluation never share their draws.
 */

/** @typedef {() => number} Random  Returns a number from 0 up to, but not including, 1. */

/**
 * @param {number} word
 * @param {number} by
 * @returns {number} the 32 bits of `word`, rotated
 */
function rotate(word, by) {
  return (word << by) | (word >>> (32 - by));
}

/**
 * Stir one number into 32 bits so that near numbers end far apart (splitmix32).
 *
 * @param {number} word
 * @returns {number} 32 bits
 */
function mix(word) {
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return word ^ (word >>> 15);
}

/**
 * Make a generator. The same seeds give the same numbers on every machine.
 *
 * @param {...number} seeds whole numbers; the order counts
 * @returns {Random}
 */
export function makeRandom(...seeds) {
  const state = new Int32Array(4);
  let word = 0;
  for (const seed of seeds) word = mix((word + seed + 0x9e3779b9) | 0);
  for (let i = 0; i < 4; i++) {
    word = (word + 0x9e3779b9) | 0;
    state[i] = mix(word);
  }
  return () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9);
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return (result >>> 0) / 2 ** 32;
  };
}

/**
 * Draw a whole number.
 *
 * @param {Random} random
 * @param {number} end
 * @returns {number} one of 0 .. end - 1, each as likely
 */
export function drawBelow(random, end) {
  return Math.floor(random() * end);
}
