// The units against the reference in Python, against torch, and against finite differences.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accumulate,
  newBack,
  newGradients,
  newStep,
  stepBackward,
  stepForward,
} from "../../../src/glassgate/explorer/web/core/cells.js";
import { assertClose, readGolden } from "./golden.js";
import { WEIGHTS, differences, makeNetwork, readLayer, runAlong, runBack } from "./networks.js";

const FORWARD = 1e-12; // relative; the same sums in another order
const BACKWARD = 1e-11;
const DIFFERENCES = 1e-5;
const ROUNDING = 1e-8; // absolute, of a difference of losses over twice its width

const cells = readGolden("cells");
const networks = readGolden("networks");

test("there is a case for every form", () => {
  assert.equal(cells.length, 2 * 3 * 3 * 3);
  const forms = new Set(cells.map(({ layer }) => JSON.stringify(layer.formulation)));
  assert.equal(forms.size, cells.length);
  const kinds = new Set(networks.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), ["feedforward", "gru", "lstm", "srn"]);
});

for (const { name, layer: json, input, initial, gradHidden, gradLast, steps, gradients } of cells) {
  const layer = readLayer(json);
  const network = { ...json, layers: [layer] };
  const state = { hidden: Float64Array.from(initial) };
  const loss = () => {
    const run = runAlong(network, input, [], [state]);
    const last = run[run.length - 1][0].hidden;
    return (
      run.reduce((sum, [{ hidden }], t) => sum + dot(hidden, gradHidden[t]), 0) +
      dot(last, gradLast)
    );
  };

  test(`the reference, ${name}`, () => {
    const run = runAlong(network, input, [], [state]);
    run.forEach(([step], t) => {
      for (const [part, expected] of Object.entries(steps)) {
        assertClose(partOf(step, part), expected[t], FORWARD, `${part} of step ${t}`);
      }
    });
    const back = runBack(network, run, gradHidden, [], gradLast);
    assertClose(back.input.flat(), gradients.input.flat(), BACKWARD, "input");
    assertClose(back.initial[0], gradients.initial, BACKWARD, "initial");
    for (const [weight, array] of Object.entries(back.weights[0])) {
      assertClose(array, gradients[weight], BACKWARD, weight);
    }
  });

  test(`finite differences, ${name}`, () => {
    const back = runBack(network, runAlong(network, input, [], [state]), gradHidden, [], gradLast);
    for (const [weight, array] of Object.entries(back.weights[0])) {
      const slopes = differences(partOf(layer, weight), loss);
      assertClose(array, slopes, DIFFERENCES, weight, ROUNDING);
    }
    const slopes = differences(state.hidden, loss);
    assertClose(back.initial[0], slopes, DIFFERENCES, "initial", ROUNDING);
  });
}

for (const golden of networks) {
  const { name, input, holds, output, layers, gradOutput, gradients } = golden;
  const network = makeNetwork(golden);

  test(`torch, ${name}`, () => {
    const run = runAlong(network, input, holds);
    run.forEach((steps, t) => {
      const top = steps[steps.length - 1].hidden;
      assertClose(top, output[t], FORWARD, `output of step ${t}`);
      layers.forEach((/** @type {any} */ parts, /** @type {number} */ layer) => {
        for (const part of Object.keys(parts)) {
          const what = `${part} of layer ${layer}, step ${t}`;
          assertClose(partOf(steps[layer], part), parts[part][t], FORWARD, what);
        }
      });
    });
    const back = runBack(network, run, gradOutput, holds);
    assertClose(back.input.flat(), gradients.input.flat(), BACKWARD, "input");
    back.weights.forEach((arrays, layer) => {
      for (const [weight, array] of Object.entries(arrays)) {
        const what = `${weight} of layer ${layer}`;
        assertClose(array, gradients.weights[layer][weight], BACKWARD, what);
      }
    });
  });

  test(`finite differences, ${name}`, () => {
    const loss = () =>
      runAlong(network, input, holds).reduce(
        (sum, steps, t) => sum + dot(steps[steps.length - 1].hidden, gradOutput[t]),
        0,
      );
    const back = runBack(network, runAlong(network, input, holds), gradOutput, holds);
    back.weights.forEach((arrays, layer) => {
      for (const [weight, array] of Object.entries(arrays)) {
        const slopes = differences(partOf(network.layers[layer], weight), loss);
        assertClose(array, slopes, DIFFERENCES, `${weight} of layer ${layer}`, ROUNDING);
      }
    });
  });
}

test("held gates have exactly their values, and sums whose curve gives these", () => {
  for (const golden of networks.filter(({ kind, holds }) => kind === "gru" && holds.length)) {
    const steps = runAlong(makeNetwork(golden), golden.input, golden.holds);
    for (const [step] of steps) {
      assert.ok(step.kind === "gru");
      assert.equal(step.kept[0], 0.3);
      assert.equal(step.hidden[1], 0.5);
      assert.equal(step.kept[2], 1);
      assert.equal(step.hidden[2], 0); // it keeps the state of the beginning
      assert.equal(step.hiddenSums[step.hidden.length], 0);
    }
  }
});

test("a step may be written over and over", () => {
  for (const golden of networks.filter(({ weights }) => weights.length === 1)) {
    const [layer] = makeNetwork(golden).layers;
    const [fresh, reused, back] = [newGradients(layer), newGradients(layer), newBack(layer)];
    const step = newStep(layer);
    const state = {
      hidden: Float64Array.from(golden.output[0]),
      cell: Float64Array.of(1, 2, 3, 4),
    };
    const grad = new Float64Array(layer.hiddenSize).fill(1);
    for (const x of golden.input) {
      const input = Float64Array.from(x);
      stepForward(layer, input, state, null, step);
      accumulate(reused, step, stepBackward(layer, step, grad, null, null, back));
      const once = stepForward(layer, input, state);
      assert.deepEqual(step, once);
      const backOnce = stepBackward(layer, once, grad);
      accumulate(fresh, once, backOnce);
      for (const part of /** @type {const} */ (["input", "previous", "previousCell"])) {
        assert.deepEqual(back[part], backOnce[part]);
      }
    }
    assert.deepEqual(reused, fresh);
    assert.ok(WEIGHTS.some((name) => name in fresh));
  }
});

/**
 * @param {object} whole
 * @param {string} name
 * @returns {Float64Array}
 */
function partOf(whole, name) {
  return /** @type {any} */ (whole)[name];
}

/**
 * @param {ArrayLike<number>} one
 * @param {ArrayLike<number>} other
 */
function dot(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  return sum;
}
