// The grammar's distributions against Python's, and its random sentences.

import assert from "node:assert/strict";
import { test } from "node:test";
import { END, readGrammar } from "../../../src/glassgate/explorer/web/core/grammar.js";
import { readGolden, seeded } from "./golden.js";

const EXACT = 1e-12;

for (const { grammar: data, words, classes, prefixes } of readGolden("grammars")) {
  const grammar = readGrammar(data);
  const prefixOf = (/** @type {string[]} */ sentence) =>
    sentence.reduce(grammar.read, grammar.begin());

  test(`next words after ${prefixes.length} prefixes, ${data.name}`, () => {
    for (const { words: sentence, next } of prefixes) {
      const found = grammar.nextWords(prefixOf(sentence));
      assert.deepEqual([...found.keys()].sort(), Object.keys(next).sort(), sentence.join(" "));
      for (const [word, probability] of found) {
        const difference = Math.abs(probability - next[word]);
        assert.ok(difference <= EXACT, `${word} after ${sentence.join(" ")}: ${difference}`);
      }
    }
  });

  test(`random sentences are the grammar's, ${data.name}`, () => {
    const random = seeded(1);
    const count = 2000;
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (let i = 0; i < count; i++) {
      const sentence = grammar.sample(random);
      assert.ok(grammar.nextWords(prefixOf(sentence)).has(END), sentence.join(" "));
      counts.set(sentence[0], (counts.get(sentence[0]) ?? 0) + 1);
    }
    for (const [word, probability] of grammar.nextWords(grammar.begin())) {
      const deviation = Math.sqrt(count * probability * (1 - probability));
      const distance = Math.abs((counts.get(word) ?? 0) - count * probability);
      assert.ok(distance <= 4 * deviation, `${word}: ${distance} from ${count * probability}`);
    }
  });

  test(`word classes, ${data.name}`, () => {
    assert.deepEqual(words.map(grammar.wordClass), classes);
    assert.equal(grammar.wordClass("no word of it"), "other");
  });

  test(`a word that the grammar does not allow, ${data.name}`, () => {
    const begin = grammar.begin();
    assert.throws(() => grammar.read(begin, "<script>"), /does not allow "<script>" here/u);
  });
}
