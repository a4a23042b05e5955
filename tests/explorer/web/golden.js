// What Python computed, and how to compare with it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER =
  process.env.GLASSGATE_GOLDEN ??
  fileURLToPath(new URL("../../../build/explorer", import.meta.url));
const SMALLEST = 1e-12; // differences below it are those of the last digits around 0

/**
 * The cases of a file that `python -m tests.explorer.golden` has written.
 *
 * @param {string} name
 * @returns {any[]}
 */
export function readGolden(name) {
  try {
    return JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8"));
  } catch (error) {
    throw new Error(`no golden numbers in ${FOLDER}: make web writes them`, { cause: error });
  }
}

/**
 * Assert that numbers agree, each to a share of itself.
 *
 * @param {ArrayLike<number>} actual
 * @param {ArrayLike<number>} expected
 * @param {number} relative
 * @param {string} what the message names
 * @param {number} [absolute] a difference that is always allowed
 */
export function assertClose(actual, expected, relative, what, absolute = SMALLEST) {
  assert.equal(actual.length, expected.length, `${what}: size`);
  for (let i = 0; i < expected.length; i++) {
    const allowed = Math.max(relative * Math.abs(expected[i]), absolute);
    if (Math.abs(actual[i] - expected[i]) <= allowed) continue; // false for NaN
    assert.fail(`${what}, number ${i}: ${actual[i]}, expected ${expected[i]} to ${allowed}`);
  }
}

/**
 * Random numbers 0 <= x < 1 that are the same each time.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes
    return state / 2 ** 32;
  };
}
