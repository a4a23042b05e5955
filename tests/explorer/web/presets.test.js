// The holds that sliders and presets make.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  PRESETS,
  presetsFor,
  replaceHold,
} from "../../../src/glassgate/explorer/web/views/hold/presets.js";

/** @typedef {import("../../../src/glassgate/explorer/web/core/holds.js").Hold} Hold */

const PLACE = { layer: 0, units: [3, 7], from: 0 };

test("presets are the seed's words", () => {
  const values = Object.fromEntries(PRESETS.map(({ name, gates }) => [name, gates]));
  assert.deepEqual(values["as is"], { kept: 1 });
  assert.deepEqual(values.reset, { kept: 0, reset: 0 });
  assert.deepEqual(values["in between"], { kept: 0.5, reset: 0.5 });
  assert.deepEqual(values["only up"], { reset: 1 });
  assert.deepEqual(values["only down"], { kept: 0 });
});

test("a network with one gate alone is held by it", () => {
  const presets = presetsFor(["kept"]).map(({ name, gates }) => [name, gates]);
  assert.deepEqual(presets, [
    ["as is", { kept: 1 }],
    ["reset", { kept: 0 }],
    ["in between", { kept: 0.5 }],
  ]);
  assert.deepEqual(presetsFor(["kept", "reset"]), PRESETS);
  assert.deepEqual(presetsFor([]), []);
});

test("a hold is added, changed in place of the old one, and taken away", () => {
  /** @type {Hold} */
  const other = { layer: 0, units: "all", kept: 1, from: 0 };
  const added = replaceHold([other], PLACE, { kept: 0 });
  assert.deepEqual(added, [other, { ...PLACE, kept: 0 }]);
  const changed = replaceHold(added, PLACE, { kept: 0.25, reset: 1 });
  assert.deepEqual(changed, [other, { ...PLACE, kept: 0.25, reset: 1 }]);
  assert.deepEqual(replaceHold(changed, PLACE, { kept: undefined }), [other]);
});

test("holds of other units, layers and words stay", () => {
  const others = [
    { layer: 1, units: [3, 7], kept: 1, from: 0 },
    { layer: 0, units: [3], kept: 1, from: 0 },
    { layer: 0, units: [3, 7], kept: 1, from: 2 },
  ];
  assert.deepEqual(replaceHold(others, PLACE, { kept: 0 }).slice(0, 3), others);
});
