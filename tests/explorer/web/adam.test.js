import assert from "node:assert/strict";
import { test } from "node:test";

import { makeAdam } from "../../../src/glassgate/explorer/web/learning/adam.js";

/**
 * @param {number} value
 * @param {number} expected
 */
function near(value, expected) {
  assert.ok(Math.abs(value - expected) < 1e-9, `${value} is not ${expected}`);
}

test("the first step has the size of the rate, whatever the size of the gradient", () => {
  const weights = [Float64Array.of(1, 2), Float64Array.of(3)];
  makeAdam(weights, { rate: 0.1, clip: Infinity })([Float64Array.of(5, -0.01), Float64Array.of(0)]);
  assert.ok(Math.abs(weights[0][0] - 0.9) < 1e-6);
  assert.ok(Math.abs(weights[0][1] - 2.1) < 1e-6);
  assert.equal(weights[1][0], 3);
});

test("two steps are those of the algorithm, worked out by hand", () => {
  const weight = Float64Array.of(0);
  const adam = makeAdam([weight], { rate: 0.1, clip: Infinity });
  adam([Float64Array.of(1)]);
  adam([Float64Array.of(-2)]);
  const first = -0.1 / (1 + 1e-8);
  const mean = (0.9 * 0.1 + 0.1 * -2) / (1 - 0.81);
  const square = (0.999 * 0.001 + 0.001 * 4) / (1 - 0.998001);
  near(weight[0], first - (0.1 * mean) / (Math.sqrt(square) + 1e-8));
});

test("a gradient that is too long is clipped, all weights together, and no other", () => {
  /** @param {number} clip @param {Float64Array[]} gradients */
  const sizes = (clip, gradients) => {
    const weights = [Float64Array.of(0), Float64Array.of(0)];
    const adam = makeAdam(weights, { rate: 1, clip });
    adam(gradients); // the second step shows the size of the first gradient
    adam([Float64Array.of(0.3), Float64Array.of(0.3)]);
    return weights.map(([weight]) => weight);
  };
  const long = [Float64Array.of(30), Float64Array.of(40)];
  const short = [Float64Array.of(0.6), Float64Array.of(0.8)];
  const clipped = sizes(1, long);
  sizes(100, short).forEach((size, i) => assert.ok(Math.abs(clipped[i] - size) < 1e-6));
  assert.ok(Math.abs(sizes(Infinity, long)[0] - clipped[0]) > 0.1);
});
