// Memory spans, and the units that remember longest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { longest, meanKept, memorySpans } from "../../../src/glassgate/explorer/web/core/memory.js";
import { assertClose } from "./golden.js";

test("a span is -1 / ln of the mean share kept", () => {
  const steps = [Float64Array.of(0.5, 1, 0, 0.8), Float64Array.of(0.5, 1, 0, 1)];
  assertClose(meanKept(steps), [0.5, 1, 0, 0.9], 1e-15, "mean");
  const [half, all, none, most] = memorySpans(steps);
  assertClose([half, most], [1 / Math.log(2), -1 / Math.log(0.9)], 1e-14, "span");
  assert.equal(all, Infinity);
  assert.equal(none, 0);
});

test("a fifth of the units, at least one, the longest first", () => {
  assert.deepEqual(longest([1, 5, 3, 5, 2, 0, 9, 1, 1, 1]), [6, 1]);
  assert.deepEqual(longest([1, Infinity, Infinity], 2 / 3), [1, 2]);
  assert.deepEqual(longest([1, 2]), [1]);
  assert.equal(longest(new Float64Array(64)).length, 13); // as glassgate.experiments.spans counts
});
