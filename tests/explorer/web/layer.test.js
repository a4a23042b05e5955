// The order of units in the matrix of a layer, and where else units do the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  patternUnits,
  rankMatches,
  tallyWords,
} from "../../../src/glassgate/explorer/web/views/layer/matches.js";
import {
  measureFor,
  measuresOf,
  orderUnits,
  page,
} from "../../../src/glassgate/explorer/web/views/layer/values.js";

test("a layer has the measures of its kind", () => {
  const gru = { kind: "gru", formulation: { reset: "after" } };
  assert.deepEqual(measuresOf(gru), ["kept", "reset", "candidate", "hidden"]);
  const noReset = { kind: "gru", formulation: { reset: "none" } };
  assert.deepEqual(measuresOf(noReset), ["kept", "candidate", "hidden"]);
  assert.deepEqual(measuresOf({ kind: "lstm" }), ["kept", "candidate", "hidden"]);
  assert.deepEqual(measuresOf({ kind: "srn" }), ["hidden"]);
  assert.equal(measureFor(gru, "reset"), "reset");
  assert.equal(measureFor({ kind: "srn" }, "reset"), "hidden");
});

test("units are sorted by span, the longest first, by value, or by index", () => {
  const spans = [2, Infinity, 5, Infinity];
  const values = [0.3, 0.1, 0.9, 0.3];
  assert.deepEqual(orderUnits("span", 4, spans, values), [1, 3, 2, 0]);
  assert.deepEqual(orderUnits("word", 4, spans, values), [2, 0, 3, 1]);
  assert.deepEqual(orderUnits("index", 4, spans, values), [0, 1, 2, 3]);
  assert.deepEqual(orderUnits("span", 4, null, values), [0, 1, 2, 3]);
});

test("a page holds what is chosen", () => {
  assert.deepEqual(page(300, 130, 128), { start: 128, stop: 256 });
  assert.deepEqual(page(300, 299, 128), { start: 256, stop: 300 });
  assert.deepEqual(page(5, -1, 128), { start: 0, stop: 5 });
  assert.deepEqual(page(0, 0, 128), { start: 0, stop: 0 });
});

const SENTENCES = [
  [
    [0.9, 0.1, 0.5],
    [0.2, 0.2, 0.5],
  ],
  [[0.8, 0.1, 0.5]],
];

test("matches are ranked by how many units agree, then by how close they are", () => {
  const matches = rankMatches(SENTENCES, [0, 1], [0.8, 0.0, 0], 0.5);
  assert.deepEqual(
    matches.map(({ sentence, word, same }) => [sentence, word, same]),
    [
      [1, 0, 2],
      [0, 0, 2],
      [0, 1, 1],
    ],
  );
  assert.ok(Math.abs(matches[0].distance - 0.1) < 1e-12);
});

test("words are counted with how often all units do the same there", () => {
  const matches = rankMatches(SENTENCES, [0, 1], [0.8, 0.0, 0], 0.5);
  const words = [["the", "boy"], ["the"]];
  assert.deepEqual(tallyWords(matches, words, 2), [{ word: "the", matched: 2, read: 2 }]);
});

test("the pattern can be the units that keep alone, or those that write", () => {
  const values = [0.8, 0.5, 0.1];
  assert.deepEqual(patternUnits([0, 1, 2], values, 0.5, "all"), [0, 1, 2]);
  assert.deepEqual(patternUnits([0, 1, 2], values, 0.5, "keep"), [0, 1]);
  assert.deepEqual(patternUnits([0, 1, 2], values, 0.5, "write"), [2]);
});
