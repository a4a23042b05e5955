// What the drawing of a unit shows: its numbers in both conventions, what is held, five units.

import assert from "node:assert/strict";
import { test } from "node:test";
import { GATES, SQUASHES } from "../../../src/glassgate/explorer/web/core/cells.js";
import { readFormula } from "../../../src/glassgate/explorer/web/views/unit/formula.js";
import { heldOf } from "../../../src/glassgate/explorer/web/views/unit/held.js";
import {
  formatNumber,
  formatPercent,
  formatShare,
} from "../../../src/glassgate/explorer/web/views/unit/numbers.js";
import { readGRU } from "../../../src/glassgate/explorer/web/views/unit/readings/gru.js";
import { readLSTM } from "../../../src/glassgate/explorer/web/views/unit/readings/lstm.js";
import { readPlain } from "../../../src/glassgate/explorer/web/views/unit/readings/srn.js";
import { chooseUnits, meanKept } from "../../../src/glassgate/explorer/web/views/unit/vectors.js";
import { assertClose, readGolden } from "./golden.js";
import { makeNetwork, readLayer, runAlong } from "./networks.js";

/** @import {Hold} from "../../../src/glassgate/explorer/web/core/holds.js" */

const EXACT = 1e-12; // relative; the same sums in another order

for (const { name, layer: json, input, initial } of readGolden("cells")) {
  const layer = readLayer(json);
  assert(layer.kind === "gru");
  const form = layer.formulation;
  const network = { ...json, layers: [layer] };
  const run = runAlong(network, input, [], [{ hidden: Float64Array.from(initial) }]);
  const [step] = run[run.length - 1];
  assert(step.kind === "gru");

  test(`the numbers of a unit add up in both conventions, ${name}`, () => {
    for (let unit = 0; unit < layer.hiddenSize; unit++) {
      /** @type {Record<string, number>} */
      const keeps = readGRU(layer, step, unit, {}, "keeps").values;
      /** @type {Record<string, number>} */
      const writes = readGRU(layer, step, unit, {}, "writes").values;
      assertClose([writes.update], [1 - keeps.update], EXACT, "the other z");
      assert.equal(form.update === "keeps" ? keeps.update : writes.update, step.update[unit]);
      for (const values of [keeps, writes]) {
        const z = GATES[form.gate](values.updateInput + values.updateHidden);
        assertClose([z], [values.update], 1e-9, "z of its sum");
        assert.equal(values.hidden, step.hidden[unit]);
        const sum = values.keptState + values.writtenCandidate;
        assertClose([sum], [values.hidden], EXACT, "kept and written");
        const past = form.reset === "before" ? values.recurrent : values.past;
        const candidate = SQUASHES[form.squash](values.candidateInput + past);
        assertClose([candidate], [values.candidate], EXACT, "candidate of its sum");
      }
      assert.equal(keeps.kept, keeps.update);
      assert.equal(writes.kept, keeps.kept);
      if (form.reset === "none") continue;
      const r = GATES[form.gate](keeps.resetInput + keeps.resetHidden);
      assertClose([r], [keeps.reset], EXACT, "r of its sum");
    }
  });

  test(`an equation stands for each operation, ${name}`, () => {
    const { equations } = readGRU(layer, step, 0, {}, "keeps");
    const names = equations.map((equation) => equation.name);
    const gates = form.reset === "none" ? ["update"] : ["update", "reset"];
    assert.deepEqual(names, [...gates, "candidate", "hidden"]);
  });
}

test("what is held is marked, and has its value in place of a sum", () => {
  const golden = readGolden("networks").find(({ kind }) => kind === "gru");
  const network = makeNetwork(golden);
  /** @type {Hold[]} */
  const holds = [{ layer: 0, units: [1], kept: 0.25, reset: 0, from: 1 }];
  const steps = runAlong(network, golden.input, holds);
  const [layer] = network.layers;
  const [step] = steps[1];
  assert(layer.kind === "gru" && step.kind === "gru");
  const held = { kept: 0.25, reset: 0 };
  const { values, equations, held: names } = readGRU(layer, step, 1, held, "writes");
  assert.deepEqual([...names].sort(), ["kept", "reset", "update", "written"]);
  assert.deepEqual([values.kept, values.reset, values.update], [0.25, 0, 0.75]);
  assert(Number.isNaN(values.updateInput) && Number.isNaN(values.resetHidden));
  const marked = equations.filter((equation) => equation.held).map((equation) => equation.name);
  assert.deepEqual(marked, ["update", "reset"]);
});

test("what is held of a unit is read off a run", () => {
  const free = new Float64Array([NaN, NaN]);
  const own = { reset: free, kept: new Float64Array([NaN, 0.5]), state: free };
  const run = /** @type {any} */ ({ held: [null, [own]] });
  assert.deepEqual(heldOf(run, 0, 0, 1), {});
  assert.deepEqual(heldOf(run, 1, 0, 0), {});
  assert.deepEqual(heldOf(run, 1, 0, 1), { kept: 0.5 });
});

test("the numbers of units without a reset gate add up", () => {
  for (const kind of ["srn", "feedforward", "lstm"]) {
    const golden = readGolden("networks").find((one) => one.kind === kind);
    const network = makeNetwork(golden);
    const steps = runAlong(network, golden.input);
    const [step] = steps[steps.length - 1];
    const [layer] = network.layers;
    if (layer.kind === "lstm" && step.kind === "lstm") {
      const { values } = readLSTM(layer, step, 0, {});
      for (const gate of ["kept", "input", "output"]) {
        const sum = values[`${gate}Input`] + values[`${gate}Hidden`];
        assertClose([GATES.sigmoid(sum)], [values[gate]], EXACT, gate);
      }
      assertClose([values.keptCell + values.writtenCandidate], [values.cell], EXACT, "cell");
      assertClose([values.output * values.squashedCell], [values.hidden], EXACT, "hidden");
    } else if (step.kind === "srn" || step.kind === "feedforward") {
      const { values } = readPlain(step, 0, {});
      assertClose([Math.tanh(values.sum)], [values.hidden], EXACT, kind);
    } else {
      assert.fail(`${step.kind} is not ${kind}`);
    }
  }
});

test("five units spread from the one that keeps the most to the one that keeps the least", () => {
  const kept = Float64Array.from({ length: 40 }, (_, unit) => unit / 40);
  assert.deepEqual(chooseUnits(39, [], kept), [39, 29, 19, 10, 0]);
  const shown = chooseUnits(7, [], kept);
  assert.equal(new Set(shown).size, 5);
  assert(shown.includes(7));
  assert.deepEqual(chooseUnits(3, [8, 3, 9], kept), [3, 8, 9]);
  assert.deepEqual(chooseUnits(1, [], kept.subarray(0, 2)), [1, 0]);
  assert.deepEqual(chooseUnits(0, [], kept.subarray(0, 1)), [0]);
});

test("the mean share kept is over all words", () => {
  const steps = [
    [0, 1],
    [1, 1],
    [0.5, 0.25],
  ].map((kept) => ({ kept: Float64Array.from(kept) }));
  const mean = meanKept(/** @type {any} */ (steps));
  assertClose(mean, [0.5, 0.75], EXACT, "mean");
});

test("numbers are written as a person reads them", () => {
  assert.deepEqual([1.924, -0.314, -0.004, 12.34, 0].map(formatNumber), [
    "1.92",
    "−0.31",
    "0.00",
    "12.3",
    "0.00",
  ]);
  assert.deepEqual([0, 1, 0.834, 0.998, 0.002, 0.0001].map(formatShare), [
    "0",
    "1",
    "0.83",
    "0.998",
    "0.002",
    "0.00",
  ]);
  assert.deepEqual([0, 1, 0.0004, 0.9999, 0.5, 0.034].map(formatPercent), [
    "0%",
    "100%",
    "under 0.1%",
    "over 99.9%",
    "50%",
    "3.4%",
  ]);
});

test("a formula is split into letters and their indices", () => {
  assert.deepEqual(readFormula("1−h_{t−1} tanh"), [
    { text: "1−", index: "", italic: false },
    { text: "h", index: "t−1", italic: true },
    { text: " ", index: "", italic: false },
    { text: "tanh", index: "", italic: false },
  ]);
});
