import assert from "node:assert/strict";
import { test } from "node:test";

import { makeRandom } from "../../../src/glassgate/explorer/web/learning/random.js";
import {
  MAX_ERROR,
  MAX_STEPS,
  MIN_STEPS,
  TASKS,
} from "../../../src/glassgate/explorer/web/learning/tasks.js";

const LENGTHS = [MIN_STEPS, 10, MAX_STEPS];
const PRAISE = ["wonderful", "good"];
const VERDICTS = [...PRAISE, "dull", "awful"];

/**
 * @param {string} name
 * @returns {import("../../../src/glassgate/explorer/web/learning/tasks.js").Task}
 */
function task(name) {
  const found = TASKS.get(name);
  assert.ok(found, name);
  return found;
}

test("the same seeds draw the same numbers, and other seeds or another order do not", () => {
  const draw = (/** @type {number[]} */ ...seeds) =>
    Array.from({ length: 9 }, makeRandom(...seeds));
  assert.deepEqual(draw(1, 2), draw(1, 2));
  assert.notDeepEqual(draw(1, 2), draw(2, 1));
  assert.notDeepEqual(draw(1), draw(1, 0));
  assert.notDeepEqual(draw(0), draw(1));
});

test("random numbers fill 0..1 evenly, for near seeds alike", () => {
  for (const seed of [0, 1, 2, 3]) {
    const random = makeRandom(seed);
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 20_000; i++) counts[Math.floor(10 * random())]++;
    // Ten cells of 2,000 with a deviation of 42: six of them.
    for (const count of counts) assert.ok(Math.abs(count - 2000) < 255, `${seed}: ${counts}`);
  }
});

for (const { name, inputSize, answers, draw, words } of TASKS.values()) {
  test(`${name}: T words and vectors, a target that exists, the same from the same seed`, () => {
    for (const T of LENGTHS) {
      const sequence = draw(T, makeRandom(3));
      assert.equal(words(sequence).length, T);
      assert.equal(sequence.inputs.length, T);
      for (const vector of sequence.inputs) assert.equal(vector.length, inputSize);
      for (const t of sequence.relevant) assert.ok(t >= 0 && t < T);
      if (answers) assert.ok(sequence.target in answers);
      assert.deepEqual(draw(T, makeRandom(3)), sequence);
    }
  });
}

test("the first symbol is the answer, each as likely, and the noise says nothing of it", () => {
  const random = makeRandom(5);
  const { draw, words } = task("first");
  const pairs = new Array(260).fill(0); // the first symbol by the last of the noise
  for (let i = 0; i < 26_000; i++) {
    const sequence = draw(10, random);
    const shown = words(sequence).join("");
    assert.match(shown, /^[A-Z][0-9]{9}$/);
    assert.equal(String.fromCharCode(65 + sequence.target), shown[0]);
    pairs[10 * sequence.target + Number(shown[9])]++;
  }
  // Cells of 100 with a deviation of 10: five of them.
  for (const count of pairs) assert.ok(Math.abs(count - 100) < 50, `${pairs}`);
});

for (const [name, place] of /** @type {const} */ ([
  ["verdict-first", 0],
  ["verdict-last", -1],
])) {
  test(`${name}: its word gives the class, and two other verdicts do not`, () => {
    const random = makeRandom(7);
    let [positive, agreeing] = [0, 0];
    for (let i = 0; i < 4000; i++) {
      const sequence = task(name).draw(12, random);
      const { target, relevant } = sequence;
      const words = task(name).words(sequence);
      const verdict = /** @type {string} */ (words.at(place));
      assert.equal(words[relevant[0]], verdict);
      assert.equal(target, PRAISE.includes(verdict) ? 1 : 0);
      const others = words.filter((word, t) => t !== relevant[0] && VERDICTS.includes(word));
      assert.equal(others.length, 2);
      positive += target;
      if (PRAISE.includes(others[0]) === Boolean(target)) agreeing++;
    }
    // 2,000 of 4,000 with a deviation of 32: six of them.
    for (const count of [positive, agreeing]) assert.ok(Math.abs(count - 2000) < 190);
  });
}

test("adding: one mark in each half, and the target is the sum of the two numbers", () => {
  const random = makeRandom(11);
  const { draw, words } = task("adding");
  for (const T of LENGTHS) {
    for (let i = 0; i < 200; i++) {
      const sequence = draw(T, random);
      const { inputs, target } = sequence;
      const marked = inputs.flatMap(([, mark], t) => (mark ? [t] : []));
      assert.equal(marked.length, 2);
      assert.ok(marked[0] < Math.floor(T / 2) && marked[1] >= Math.floor(T / 2));
      assert.equal(target, inputs[marked[0]][0] + inputs[marked[1]][0]);
      assert.deepEqual(
        words(sequence).flatMap((word, t) => (word.startsWith("+") ? [t] : [])),
        marked,
      );
    }
  }
});

test("a network that ignores its input does as the task says", () => {
  const random = makeRandom(13);
  const { draw, guessLoss, guessRight } = task("adding");
  const targets = Array.from({ length: 40_000 }, () => draw(6, random).target);
  const error = targets.reduce((sum, y) => sum + (y - 1) ** 2, 0) / targets.length;
  const right = targets.filter((y) => Math.abs(y - 1) < MAX_ERROR).length / targets.length;
  assert.ok(Math.abs(error - guessLoss) < 0.006); // six deviations of 0.001
  assert.ok(Math.abs(right - guessRight) < 0.011); // six deviations of 0.0018
});
