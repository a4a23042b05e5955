import assert from "node:assert/strict";
import { test } from "node:test";

import { FORMS } from "../../../src/glassgate/explorer/web/learning/forms.js";
import {
  START,
  formatSettings,
  parseSettings,
  startRace,
} from "../../../src/glassgate/explorer/web/learning/settings.js";
import { TASKS } from "../../../src/glassgate/explorer/web/learning/tasks.js";

/** @import {FormName} from "../../../src/glassgate/explorer/web/learning/forms.js" */

test("settings are read as they are written, for every task and network", () => {
  for (const task of TASKS.keys()) {
    for (const form of /** @type {FormName[]} */ (Object.keys(FORMS))) {
      const choice = { ...START.choices[0], form, units: 5 };
      const held = FORMS[form].holds ? { ...choice, gate: "kept", value: 0.25 } : choice;
      const settings = /** @type {typeof START} */ ({ task, T: 12, seed: 7, choices: [held] });
      assert.deepEqual(parseSettings(formatSettings(settings)), settings);
    }
  }
});

test("what is left out is as at the start", () => {
  assert.deepEqual(parseSettings(""), START);
  assert.deepEqual(parseSettings("verdict-last"), { ...START, task: "verdict-last" });
  assert.deepEqual(parseSettings("adding:20"), { ...START, task: "adding", T: 20 });
  assert.deepEqual(parseSettings("first;lstm").choices, [{ ...START.choices[0], form: "lstm" }]);
});

test("an address reads as the documentation shows it", () => {
  assert.equal(formatSettings(START), "first:10:1;gru:16;srn:16");
  const [held] = parseSettings("first:10:1;gru-held:16:reset=0.5").choices;
  assert.deepEqual(held, { form: "gru-held", units: 16, gate: "reset", value: 0.5 });
});

for (const [text, part] of [
  ["guess", "task must be one of first, verdict-first, verdict-last, adding"],
  ["first:4", "T must be a whole number from 5 to 40"],
  ["first:10:-1", "seed must be a whole number from 0 to 9999"],
  ["first:10:1;rnn", "network must be one of srn, gru"],
  ["first;gru:64", "units must be a whole number from 2 to 32"],
  ["first;gru:1e1", "units must be a whole number from 2 to 32"],
  ["first;gru:16:kept=0", "must read gru-held:16:reset=0.5"],
  ["first;gru-held:16:kept=1.5", "must read gru-held:16:reset=0.5"],
  ["first;gru-held:16:update=1", "must read gru-held:16:reset=0.5"],
  ["first;gru;srn;lstm", "learn must read TASK:T:SEED;NETWORK:UNITS"],
  ["first:10:1:2", "learn must read TASK:T:SEED;NETWORK:UNITS"],
]) {
  test(`${text}: refused in a sentence`, () => {
    assert.throws(
      () => parseSettings(text),
      ({ message }) => message.includes(part),
    );
  });
}

test("a race has the networks that were chosen", () => {
  const { learners, marks } = startRace(parseSettings("verdict-last:6:2;lstm:3;gru-one-gate:2"));
  assert.deepEqual(
    learners.map(({ reader, T }) => [reader.layer.kind, reader.layer.hiddenSize, T]),
    [
      ["lstm", 3, 6],
      ["gru", 2, 6],
    ],
  );
  assert.equal(marks.length, 1);
});
