import assert from "node:assert/strict";
import { test } from "node:test";

import {
  FORMS,
  layerWeights,
  makeReader,
} from "../../../src/glassgate/explorer/web/learning/forms.js";
import {
  BATCH,
  GATES_OF,
  batchGradients,
  makeLearner,
} from "../../../src/glassgate/explorer/web/learning/learner.js";
import {
  MAX_UPDATES,
  STRIDE,
  makeRace,
} from "../../../src/glassgate/explorer/web/learning/race.js";
import { makeRandom } from "../../../src/glassgate/explorer/web/learning/random.js";
import {
  answer,
  judge,
  newReaderGradients,
  newTape,
  readSequence,
} from "../../../src/glassgate/explorer/web/learning/reader.js";
import { TASKS } from "../../../src/glassgate/explorer/web/learning/tasks.js";

/** @import {Choice, FormName, Reader} from "../../../src/glassgate/explorer/web/learning/forms.js" */
/** @import {Sequence, Task} from "../../../src/glassgate/explorer/web/learning/tasks.js" */

const NAMES = /** @type {FormName[]} */ (Object.keys(FORMS));
const STEP = 1e-5; // of finite differences

/**
 * @param {string} name
 * @returns {Task}
 */
function task(name) {
  const found = TASKS.get(name);
  assert.ok(found, name);
  return found;
}

/**
 * @param {FormName} form
 * @param {number} [units]
 * @returns {Choice}
 */
function choice(form, units = 16) {
  return { form, units, gate: "reset", value: 0.3 };
}

/**
 * @param {Reader} reader
 * @param {Task} learned
 * @param {Sequence[]} batch
 * @returns {number}
 */
function meanLoss(reader, learned, batch) {
  const tape = newTape(reader, batch[0].inputs.length);
  const losses = batch.map((sequence) => {
    return judge(learned, readSequence(reader, sequence, tape), sequence.target).loss;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / batch.length;
}

/** @param {Reader} reader */
function arrays({ layer, readout }) {
  return [...layerWeights(layer), readout.weight, readout.bias];
}

for (const name of ["first", "verdict-first", "adding"]) {
  for (const form of NAMES) {
    test(`${name}, ${form}: gradients are the slopes of the loss`, () => {
      const learned = task(name);
      const random = makeRandom(17);
      const outputs = learned.answers ? learned.answers.length : 1;
      const reader = makeReader(choice(form, 3), learned.inputSize, outputs, 6, random);
      const batch = [1, 2, 3].map(() => learned.draw(6, random));
      const gradients = newReaderGradients(reader);
      batchGradients(reader, learned, batch, newTape(reader, 6), gradients);
      const found = arrays(/** @type {any} */ (gradients));
      arrays(reader).forEach((weights, a) => {
        const shared = reader.form.oneGate && a < 4 ? weights.length / 3 : 0;
        for (let i = shared; i < weights.length; i++) {
          // Where one gate serves for two, its weights move in both places.
          const places = i < 2 * shared ? [i, i - shared] : [i];
          const move = (/** @type {number} */ by) =>
            places.forEach((place) => (weights[place] += by));
          move(STEP);
          const above = meanLoss(reader, learned, batch);
          move(-2 * STEP);
          const below = meanLoss(reader, learned, batch);
          move(STEP);
          const slope = (above - below) / (2 * STEP);
          const error = Math.abs(found[a][i] - slope);
          assert.ok(
            error < 1e-5 * Math.max(1, Math.abs(slope)),
            `${a} ${i}: ${found[a][i]} ${slope}`,
          );
        }
      });
    });
  }
}

test("a held gate stays where it is held, and one gate for two stays one", () => {
  for (const gate of /** @type {const} */ (["reset", "kept"])) {
    const learner = makeLearner(
      { ...choice("gru-held", 4), gate, value: 0.3 },
      task("first"),
      6,
      1,
    );
    for (let i = 0; i < 5; i++) learner.update();
    assert.ok(learner.evaluate().gates[gate].every((value) => Math.abs(value - 0.3) < 1e-12));
  }
  const learner = makeLearner(choice("gru-one-gate", 4), task("first"), 6, 1);
  const before = Array.from(layerWeights(learner.reader.layer)[0]);
  for (let i = 0; i < 5; i++) learner.update();
  const { kept, reset } = learner.evaluate().gates;
  kept.forEach((value, i) => assert.ok(Math.abs(value + reset[i] - 1) < 1e-12));
  assert.notDeepEqual(Array.from(layerWeights(learner.reader.layer)[0]), before);
});

test("the same seed repeats a run number by number, and another does not", () => {
  const run = (/** @type {number} */ seed) => {
    const learner = makeLearner(choice("gru", 4), task("verdict-first"), 8, seed);
    const losses = Array.from({ length: 12 }, () => learner.update());
    return { losses, evaluation: learner.evaluate() };
  };
  assert.deepEqual(run(3), run(3));
  assert.notDeepEqual(run(3).losses, run(4).losses);
});

test("looking at a network does not change how it learns", () => {
  const [looked, other] = [1, 2].map(() => makeLearner(choice("gru", 4), task("first"), 6, 1));
  for (let i = 0; i < 5; i++) {
    looked.evaluate();
    looked.read(task("first").draw(6, makeRandom(i)));
    assert.equal(looked.update(), other.update());
  }
});

test("an evaluation before training finds a guess, and gates of every unit at every step", () => {
  for (const form of NAMES) {
    const learner = makeLearner(choice(form, 5), task("first"), 7, 2);
    const { loss, right, gates } = learner.evaluate();
    assert.ok(Math.abs(loss - task("first").guessLoss) < 0.3, `${form}: ${loss}`);
    assert.ok(right < 0.6);
    assert.deepEqual(Object.keys(gates), [...GATES_OF[learner.reader.form.kind]]);
    for (const gate of Object.values(gates)) {
      assert.equal(gate.length, 7 * 5);
      assert.ok(gate.every((value) => value > 0 && value < 1));
    }
  }
});

test("answers are probabilities, and judged by that of the right class", () => {
  const verdict = task("verdict-first");
  assert.deepEqual(Array.from(answer(verdict, Float64Array.of(1000, 1000))), [0.5, 0.5]);
  const { loss, right, gradient } = judge(verdict, Float64Array.of(0, 2), 1);
  assert.ok(Math.abs(loss - Math.log(1 + Math.exp(-2))) < 1e-12);
  assert.ok(right);
  assert.ok(Math.abs(gradient[0] - 1 / (1 + Math.exp(2))) < 1e-12);
  assert.ok(Math.abs(gradient[0] + gradient[1]) < 1e-12);
  assert.ok(!judge(verdict, Float64Array.of(0, 2), 0).right);
});

test("a sum counts as right within 0.08, and its loss is the squared error", () => {
  const { loss, right, gradient } = judge(task("adding"), Float64Array.of(1.05), 1);
  assert.ok(Math.abs(loss - 0.0025) < 1e-12);
  assert.ok(right);
  assert.ok(Math.abs(gradient[0] - 0.1) < 1e-12);
  assert.ok(!judge(task("adding"), Float64Array.of(1.09), 1).right);
});

test("a GRU learns the first symbol at T = 10, and an SRN does worse with the same budget", () => {
  for (const seed of [1, 2, 3]) {
    const [gru, srn] = /** @type {const} */ (["gru", "srn"]).map((form) => {
      const learner = makeLearner(choice(form), task("first"), 10, seed);
      for (let i = 0; i < 500; i++) learner.update();
      return learner.evaluate();
    });
    assert.ok(gru.right > 0.97 && gru.loss < 0.3, `seed ${seed}: GRU ${gru.right} ${gru.loss}`);
    assert.ok(srn.right < 0.95 && srn.loss > 3 * gru.loss, `seed ${seed}: SRN ${srn.right}`);
  }
});

test("the verdict at the end is learned by an SRN as well", () => {
  const learner = makeLearner(choice("srn"), task("verdict-last"), 10, 1);
  for (let i = 0; i < 150; i++) learner.update();
  assert.ok(learner.evaluate().right > 0.95);
});

test("a race gives both the same updates, and looks at both from the start on", () => {
  const learners = /** @type {const} */ (["gru", "srn"]).map((form) =>
    makeLearner(choice(form, 2), task("first"), 5, 1),
  );
  const race = makeRace(learners);
  assert.deepEqual(
    race.marks.map(({ updates }) => updates),
    [0],
  );
  race.step();
  let clock = 0;
  const done = race.run(10, () => clock++); // the clock moves at each look: about ten steps
  assert.ok(done >= 9 && done <= 10, String(done));
  while (race.updates() < 2 * STRIDE) race.step();
  assert.deepEqual(
    race.marks.map(({ updates }) => updates),
    [0, STRIDE, 2 * STRIDE],
  );
  for (const { evaluations } of race.marks) assert.equal(evaluations.length, 2);
  for (const learner of learners) assert.equal(learner.updates(), race.updates());
  assert.ok(!race.finished());
});

test("a race ends", () => {
  const still = { ...makeLearner(choice("srn", 2), task("first"), 5, 1), update: () => 0 };
  const race = makeRace([{ ...still, evaluate: () => ({ loss: 0, right: 0, gates: {} }) }]);
  race.run(Infinity);
  assert.equal(race.updates(), MAX_UPDATES);
  assert.ok(race.finished());
  assert.equal(BATCH, 16);
});

test("the verdict at the start of twenty steps is learned by units that begin with long memories", () => {
  for (const seed of [1, 2, 3]) {
    const learner = makeLearner(choice("gru"), task("verdict-first"), 20, seed);
    for (let i = 0; i < 150; i++) learner.update();
    assert.ok(learner.evaluate().right > 0.95);
  }
});

test("units begin with memories of all lengths up to that of a sequence", () => {
  for (const form of /** @type {const} */ (["gru", "gru-one-gate", "lstm"])) {
    const { layer } = makeReader(choice(form, 32), 4, 2, 20, makeRandom(1, 0));
    const { biasInput, biasHidden } = layer;
    const sign = form === "gru-one-gate" ? -1 : 1; // its gate writes
    const times = Array.from(biasInput.subarray(32, 64), (bias) => 1 + Math.exp(sign * bias));
    assert.ok(Math.min(...times) >= 2 && Math.min(...times) < 5);
    assert.ok(Math.max(...times) <= 20 && Math.max(...times) > 17);
    assert.ok(biasHidden.subarray(32, 64).every((bias) => bias === 0));
  }
});
