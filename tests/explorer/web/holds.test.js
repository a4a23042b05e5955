// Holds as an address writes them, and what a network can hold.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canHold,
  formatHolds,
  heldAt,
  holdFault,
  parseHold,
  parseHolds,
  rangeOf,
} from "../../../src/glassgate/explorer/web/core/holds.js";
import { readGolden } from "./golden.js";
import { makeNetwork } from "./networks.js";

/** @import {Hold} from "../../../src/glassgate/explorer/web/core/holds.js" */

const networks = readGolden("networks");
const networkOf = (/** @type {string} */ kind, reset = "after") =>
  makeNetwork(
    networks.find(
      (golden) => golden.kind === kind && (kind !== "gru" || golden.formulation.reset === reset),
    ),
  );

test("an address names holds", () => {
  assert.deepEqual(parseHold("0:3,7-9:kept=0"), {
    layer: 0,
    units: [3, 7, 8, 9],
    kept: 0,
    from: 0,
  });
  assert.deepEqual(parseHold("2:all:reset=1@4"), { layer: 2, units: "all", reset: 1, from: 4 });
  const both = { layer: 0, units: [3], kept: 0.5, reset: 0, from: 0 };
  assert.deepEqual(parseHold("0:3:kept=0.5,reset=0"), both);
  assert.deepEqual(parseHold("0:1:state=-0.25").state, -0.25);
  assert.deepEqual(parseHolds(""), []);
  assert.equal(parseHolds("0:1:kept=0;0:2:kept=1e-7").length, 2);
});

test("an address is read back as it was written", () => {
  const texts = ["0:3,7-9:kept=0", "1:all:kept=1@4", "0:0-2,5:reset=0.1,kept=0.30000000000000004"];
  for (const text of texts) assert.equal(formatHolds(parseHolds(text)), text);
  assert.equal(formatHolds(parseHolds(texts.join(";"))), texts.join(";"));
  assert.equal(formatHolds(parseHolds("0:9,8,7,3,7:kept=0")), "0:3,7-9:kept=0");
});

test("an address that names no hold is refused in one sentence", () => {
  for (const text of [
    "",
    "0",
    "0:3",
    "0:3:kept",
    "x:3:kept=0",
    "0:-1:kept=0",
    "0:3:kept=0@x",
    ";",
  ]) {
    assert.throws(() => parseHold(text), /such as 0:3,7-9:kept=0, got|whole numbers and ranges/u);
  }
  for (const text of ["0:9-7:kept=0", "0:1,,2:kept=0", "0:0-999999:kept=0", "0:1-2-3:kept=0"]) {
    assert.throws(() => parseHold(text), /whole numbers and ranges/u);
  }
  for (const values of [
    "kept=x",
    "kept=NaN",
    "update=0",
    "kept=0,kept=1",
    "kept= ",
    "kept=1e999",
  ]) {
    assert.throws(() => parseHold(`0:1:${values}`), /once, a number, got/u);
  }
});

test("a network says what it has to hold", () => {
  const can = (/** @type {string} */ kind, reset = "after") =>
    /** @type {const} */ (["reset", "kept", "state"]).filter((name) =>
      canHold(networkOf(kind, reset), name),
    );
  assert.deepEqual(can("feedforward"), []);
  assert.deepEqual(can("srn"), ["state"]);
  assert.deepEqual(can("lstm"), ["kept", "state"]);
  assert.deepEqual(can("gru"), ["reset", "kept", "state"]);
  assert.deepEqual(can("gru", "none"), ["kept", "state"]);
  assert.deepEqual(rangeOf(networkOf("gru"), "kept"), [0, 1]);
  assert.deepEqual(rangeOf(networkOf("srn"), "state"), [-1, 1]);
  assert.deepEqual(rangeOf(networkOf("lstm"), "state"), [-Math.tanh(1), Math.tanh(1)]);
});

test("a hold that does not fit is refused in one sentence, as glassgate.clamp refuses it", () => {
  /** @type {Hold} */
  const fits = { layer: 0, units: [0], kept: 0.5, from: 0 };
  const gru = networkOf("gru");
  assert.equal(holdFault(gru, fits), null);
  assert.equal(holdFault(gru, { ...fits, units: "all" }), null);
  /** @type {[string, Partial<Hold>, RegExp][]} */
  const bad = [
    ["gru", { layer: 1 }, /layer must lie in 0\.\.0, got 1/u],
    ["gru", { layer: NaN }, /layer/u],
    ["gru", { units: [4] }, /units must lie in 0\.\.3, got 4/u],
    ["gru", { units: [-1] }, /units/u],
    ["gru", { kept: 1.5 }, /kept must lie in 0\.\.1, got 1.5/u],
    ["gru", { kept: NaN }, /kept must lie in/u],
    ["gru", { state: 0 }, /kept and state hold the same/u],
    ["lstm", { reset: 0 }, /lstm has no reset to hold, only kept and state/u],
    ["lstm", { kept: undefined, state: 0.9 }, /state must lie in/u],
    ["srn", {}, /srn has no kept to hold, only state/u],
    ["feedforward", {}, /feedforward has no kept to hold/u],
  ];
  for (const [kind, change, message] of bad) {
    const hold = { ...fits, ...change };
    assert.match(holdFault(networkOf(kind), hold) ?? "nothing", message);
    assert.throws(() => heldAt(networkOf(kind), [hold]), message);
  }
});

test("the later hold counts, and each from its word on", () => {
  const held = heldAt(networkOf("gru"), parseHolds("0:1:kept=0.5@2;0:all:kept=0;0:2:state=0.1@3"));
  const keptAt = (/** @type {number} */ word) => [...(held(word)?.[0]?.kept ?? [])];
  assert.deepEqual(keptAt(0), [0, 0, 0, 0]);
  assert.deepEqual(keptAt(2), [0, 0, 0, 0]); // the second hold is the later one
  assert.deepEqual(keptAt(3), [0, 0, NaN, 0]);
  assert.equal(held(7)?.[0]?.state[2], 0.1);
  assert.equal(heldAt(networkOf("gru"), [])(0), null);
  assert.equal(heldAt(networkOf("gru"), parseHolds("0:1:kept=1@5"))(4), null);
});
