// What stands beside the bars of next words.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  classShares,
  divergence,
  mostLikely,
  mostLikelyInTruth,
  wordShares,
} from "../../../src/glassgate/explorer/web/views/next_words/compare.js";

const WORDS = ["<unk>", "boy", "girl", "tired"];

test("the likeliest words come first, equal ones in the order of their ids", () => {
  assert.deepEqual(mostLikely([0.2, 0.5, 0.2, 0.1], WORDS, 3), [
    { word: "boy", probability: 0.5 },
    { word: "<unk>", probability: 0.2 },
    { word: "girl", probability: 0.2 },
  ]);
  assert.equal(mostLikely([0.2, 0.8], WORDS, 10).length, 2);
  assert.deepEqual(mostLikely([], WORDS, 10), []);
});

test("the likeliest words of the grammar are sorted and cut", () => {
  const truth = new Map([
    ["girl", 0.25],
    ["boy", 0.75],
  ]);
  assert.deepEqual(mostLikelyInTruth(truth, 1), [{ word: "boy", probability: 0.75 }]);
});

test("the divergence is sum p log2 p/q, and an unknown word counts as <unk>", () => {
  const idOf = (/** @type {string} */ word) => Math.max(WORDS.indexOf(word), 0);
  const half = new Map([
    ["boy", 0.5],
    ["girl", 0.5],
  ]);
  assert.equal(divergence(half, [0.5, 0.25, 0.25, 0], idOf), 1);
  assert.equal(divergence(half, [0, 0.5, 0.5, 0], idOf), 0);
  const unknown = new Map([
    ["queen", 0.25],
    ["king", 0.25],
    ["boy", 0.5],
  ]);
  assert.equal(divergence(unknown, [0.5, 0.5, 0, 0], idOf), 0);
  assert.equal(divergence(half, [0.5, 0.5, 0, 0], idOf), Infinity);
});

test("shares add up by class, classes without a word included", () => {
  const classOf = (/** @type {string} */ word) => (word === "tired" ? "adjective" : "noun");
  const shares = classShares(
    [
      ["boy", 0.5],
      ["girl", 0.25],
      ["tired", 0.25],
    ],
    ["noun", "adjective", "other"],
    classOf,
  );
  assert.deepEqual(shares, [
    { name: "noun", probability: 0.75 },
    { name: "adjective", probability: 0.25 },
    { name: "other", probability: 0 },
  ]);
});

test("the share of a word is what the distribution gives it", () => {
  const probabilityOf = (/** @type {string} */ word) => (word === "his" ? 0.9 : 0);
  assert.deepEqual(wordShares(probabilityOf, ["his", "her"]), [
    { name: "his", probability: 0.9 },
    { name: "her", probability: 0 },
  ]);
});
