// Words and characters as Python's tokenizers cut them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readVocabulary } from "../../../src/glassgate/explorer/web/core/vocabulary.js";
import { readGolden } from "./golden.js";

const levels = readGolden("texts");

for (const { level, tokenizer, size, texts } of levels) {
  const vocabulary = readVocabulary(JSON.parse(tokenizer));

  test(`${level} as Python cuts them`, () => {
    assert.equal(vocabulary.level, level);
    assert.equal(vocabulary.size, size);
    for (const { text, ids, pieces } of texts) {
      const split = vocabulary.split(text);
      const spelt = split.map(({ start, stop }) => text.slice(start, stop));
      assert.deepEqual(spelt, pieces, JSON.stringify(text));
      assert.deepEqual(vocabulary.encode(text), ids, JSON.stringify(text));
    }
  });
}

test("every character is a part of a word, a mark or a space as in Python", () => {
  const [signs] = readGolden("letters");
  const { split } = readVocabulary(JSON.parse(levels[0].tokenizer));
  const kinds = ["", "w", "s", "m"];
  const wrong = [];
  for (let code = 0; code < signs.length; code++) {
    const character = String.fromCodePoint(code);
    if (signs[code] === "." || /\p{Cn}/u.test(character)) continue; // unknown to one or the other
    const kind = kinds[split(`a${character}a`).length];
    if (kind !== signs[code]) {
      wrong.push(`U+${code.toString(16)} ${kind}, in Python ${signs[code]}`);
    }
  }
  assert.deepEqual(wrong, []);
});

const json = JSON.parse(levels[0].tokenizer);

test("a tokenizer of another kind is refused", () => {
  const others = [
    null,
    {},
    { ...json, normalizer: null },
    { ...json, added_tokens: [{ content: "x" }] },
    { ...json, pre_tokenizer: { ...json.pre_tokenizer, invert: false } },
    { ...json, pre_tokenizer: { type: "Whitespace" } },
  ];
  for (const other of others) {
    assert.throws(() => readVocabulary(other), /as glassgate train does/u);
  }
});

test("a vocabulary whose words are not numbered is refused", () => {
  const withWords = (/** @type {any} */ vocab) => ({ ...json, model: { ...json.model, vocab } });
  const special = { "<unk>": 0, "<bos>": 1, "<eos>": 2 };
  assert.equal(readVocabulary(withWords(special)).size, 3);
  assert.throws(
    () => readVocabulary(withWords({ ...special, a: 4 })),
    /from 0 to 3, got 4 for "a"/u,
  );
  assert.throws(() => readVocabulary(withWords({ ...special, a: 2 })), /got 2 for "a"/u);
  assert.throws(() => readVocabulary(withWords({ ...special, a: "3" })), /got 3 for "a"/u);
  assert.throws(() => readVocabulary(withWords({ "<unk>": 0, "<eos>": 1 })), /has no <bos>/u);
  assert.throws(() => readVocabulary(withWords(null)), /got none/u);
});
