// Fillers between a subject and its pronoun, and what networks expect after them.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LONGEST,
  PRONOUNS,
  SUBJECTS,
  findFillers,
  sentence,
} from "../../../src/glassgate/explorer/web/core/distance.js";
import { readGrammar } from "../../../src/glassgate/explorer/web/core/grammar.js";
import { nextWords, readModel, run } from "../../../src/glassgate/explorer/web/core/model.js";
import { createReadings } from "../../../src/glassgate/explorer/web/core/readings.js";
import { readGolden, seeded } from "./golden.js";

const [english, ambiguous] = readGolden("grammars").map(({ grammar }) => readGrammar(grammar));

test("fillers are the grammar's own, of every length, and suit every subject", () => {
  for (let seed = 0; seed < 5; seed++) {
    const fillers = findFillers(english, seeded(seed)) ?? [];
    assert.equal(fillers.length, LONGEST + 1);
    fillers.forEach((filler, length) => {
      if (!filler) return assert.ok(length === 1, `none of ${length} words`);
      assert.equal(filler.length, length);
      for (const [subject, pronoun] of SUBJECTS) {
        const prefix = sentence(subject, filler).reduce(english.read, english.begin());
        const next = english.nextWords(prefix);
        assert.deepEqual(
          PRONOUNS.filter((word) => next.has(word)),
          [pronoun],
        );
      }
    });
  }
});

test("long fillers hold a clause with a noun whose pronoun no subject has", () => {
  const last = findFillers(english, seeded(0))?.at(-1) ?? [];
  assert.equal(last[0], "who");
  assert.ok(["dog", "cat", "horse", "dogs", "cats", "horses"].some((noun) => last.includes(noun)));
});

test("a grammar without such sentences has no fillers", () => {
  assert.equal(findFillers(ambiguous, seeded(0)), null);
});

test("what is expected after a text is what a run of it gives, held or free", () => {
  for (const { name, config, tokenizer, weights } of readGolden("models")) {
    if (config.kind !== "language") continue;
    const model = readModel(
      name,
      config,
      tokenizer,
      new Uint8Array(Buffer.from(weights, "base64")),
    );
    const texts = [[3, 4, 5], [3, 4], [3, 4, 5, 6], [7], []];
    /** @type {import("../../../src/glassgate/explorer/web/core/holds.js").Hold[]} */
    const held =
      model.kind === "feedforward" ? [] : [{ layer: 0, units: "all", state: 0.5, from: 2 }];
    const targets = [5, 0, 2];
    const predictEach = createReadings(model);
    for (const holds of [held, [], held]) {
      const all = predictEach(texts, targets, holds); // each time in the same rooms
      texts.forEach((ids, i) => {
        const next = nextWords(run(model, ids, holds), ids.length);
        assert.deepEqual(
          [...all[i]],
          targets.map((id) => next[id]),
        );
      });
    }
  }
});
