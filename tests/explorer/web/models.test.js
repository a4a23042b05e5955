// Whole models against `glassgate predict`, `--clamp`, and the measures of `glassgate.inside`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectivity, gradientByWord } from "../../../src/glassgate/explorer/web/core/gradient.js";
import { memorySpans } from "../../../src/glassgate/explorer/web/core/memory.js";
import {
  classify,
  nextWords,
  readModel,
  run,
  stepOf,
} from "../../../src/glassgate/explorer/web/core/model.js";
import { assertClose, readGolden } from "./golden.js";

const DOUBLE = 1e-12; // relative; the same sums in another order
const GRADIENT = 1e-10;
const SINGLE = 2e-6; // absolute, of a probability that Python computed in float32

const golden = readGolden("models");
const bytesOf = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, "base64"));

test("there are networks of every kind, words and characters, and classifiers", () => {
  assert.equal(golden.length, 12);
  assert.equal(new Set(golden.map(({ name }) => name)).size, 12);
});

for (const { name, config, tokenizer, weights, texts, spans } of golden) {
  const model = readModel(name, config, tokenizer, bytesOf(weights));
  const predict = model.task === "language" ? nextWords : classify;
  const wordsOf = (/** @type {string} */ text) => model.vocabulary.encode(text);

  test(`as glassgate predict, ${name}`, () => {
    assert.equal(model.task, config.kind);
    assert.equal(model.kind, config.settings.network);
    for (const { text, ids, cases } of texts) {
      for (const { holds, float32, float64 } of cases) {
        const done = run(model, wordsOf(text), holds);
        const what = `${JSON.stringify(text)} held ${JSON.stringify(holds)}`;
        assert.deepEqual(done.ids, ids, what);
        const probabilities = predict(done, ids.length - 1);
        assertClose(probabilities, float64, DOUBLE, what);
        assertClose(probabilities, float32, 0, what, SINGLE);
      }
    }
  });

  test(`gradients as in Python, ${name}`, () => {
    for (const { text, ids, cases } of texts) {
      for (const { holds, target, ...expected } of cases) {
        const done = run(model, wordsOf(text), holds);
        const last = ids.length - 1;
        const what = `${JSON.stringify(text)} held ${JSON.stringify(holds)}`;
        const states = gradientByWord(done, last, target);
        assertClose(states, expected.gradientByWord, GRADIENT, `states, ${what}`);
        const embeddings = connectivity(done, last, target);
        assertClose(embeddings, expected.connectivity, GRADIENT, `embeddings, ${what}`);
      }
    }
  });

  test(`held from a word on, ${name}`, () => {
    for (const { text, ids, cases } of texts) {
      const free = run(model, wordsOf(text));
      for (const { holds, from = 2, heldFrom } of cases) {
        const late = holds.map((/** @type {object} */ hold) => ({ ...hold, from }));
        const done = run(model, wordsOf(text), late);
        const start = stepOf(done, from);
        assert.deepEqual(done.steps.slice(0, start), free.steps.slice(0, start));
        if (heldFrom) assertClose(predict(done, ids.length - 1), heldFrom, DOUBLE, name);
        const count = late.length ? Math.max(0, ids.length - start) : 0;
        assert.equal(done.held.filter(Boolean).length, count);
      }
    }
  });

  test(`memory spans as in Python, ${name}`, () => {
    /** @type {any[][]} */
    const steps = texts.flatMap((/** @type {any} */ one) => run(model, wordsOf(one.text)).steps);
    spans.forEach((/** @type {number[]} */ expected, /** @type {number} */ layer) => {
      const kept = steps.map((layers) => layers[layer].kept);
      assertClose(memorySpans(kept), expected, DOUBLE, `layer ${layer}`);
    });
  });
}

test("words count from 1, and a classifier reads no <bos>", () => {
  for (const { name, config, tokenizer, weights } of golden) {
    const model = readModel(name, config, tokenizer, bytesOf(weights));
    const done = run(model, [3, 4]);
    const isLanguage = config.kind === "language";
    assert.deepEqual(done.ids, isLanguage ? [model.vocabulary.bos, 3, 4] : [3, 4]);
    assert.equal(done.ids[stepOf(done, 2)], 4);
  }
});

test("files that do not fit are refused in one sentence", () => {
  const { config, tokenizer, weights } = golden[3];
  const { settings } = config;
  /** @type {[any, any, RegExp][]} */
  const bad = [
    [null, tokenizer, /kind language or classifier, got undefined/u],
    [{ ...config, kind: "poem" }, tokenizer, /language or classifier, got "poem"/u],
    [{ ...config, classes: ["a", "b"] }, tokenizer, /none for a language model/u],
    [{ ...config, kind: "classifier" }, tokenizer, /at least two classes/u],
    [{ ...config, vocabulary_size: 3 }, tokenizer, /but config.json says 3/u],
    [{ ...config, settings: { ...settings, network: "tree" } }, tokenizer, /got "tree"/u],
    [{ ...config, settings: { ...settings, layers: 101 } }, tokenizer, /from 1 to 100, got 101/u],
    [{ ...config, settings: { ...settings, hidden_size: 1.5 } }, tokenizer, /got 1.5/u],
    [
      { ...config, settings: { ...settings, hidden_size: 1e12 } },
      tokenizer,
      /must have the shape/u,
    ],
    [{ ...config, settings: { ...settings, network: "gru" } }, tokenizer, /must have the shape/u],
    [{ ...config, settings: { ...settings, layers: 1 } }, tokenizer, /_l1 .* is not expected/u],
    [{ ...config, settings: { ...settings, layers: 3 } }, tokenizer, /_l2 .* is missing/u],
    [config, {}, /as glassgate train does/u],
  ];
  for (const [otherConfig, otherTokenizer, message] of bad) {
    assert.throws(
      () => readModel("bad", otherConfig, otherTokenizer, bytesOf(weights)),
      (/** @type {Error} */ error) => message.test(error.message) && !error.message.includes("\n"),
      String(message),
    );
  }
});
