// Files of weights, whole and damaged.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readSafetensors } from "../../../src/glassgate/explorer/web/core/safetensors.js";

const NUMBERS = Float32Array.of(1, -2.5, 3, 0.1);

/**
 * @param {unknown} header
 * @param {Uint8Array} [data]
 */
function file(header, data = new Uint8Array(NUMBERS.buffer)) {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (/** @type {object} */ change = {}) => ({
  dtype: "F32",
  shape: [2, 2],
  data_offsets: [0, 16],
  ...change,
});

test("numbers are read wherever the file lies in its buffer", () => {
  for (let before = 0; before < 8; before++) {
    const bytes = file({ __metadata__: { format: "pt" }, a: entry() });
    const larger = new Uint8Array(bytes.length + before);
    larger.set(bytes, before);
    const tensors = readSafetensors(larger.subarray(before));
    assert.deepEqual([...tensors.keys()], ["a"]);
    assert.deepEqual(tensors.get("a")?.shape, [2, 2]);
    assert.deepEqual(tensors.get("a")?.read(), Float64Array.from(NUMBERS));
  }
});

test("names are no more than names", () => {
  const tensors = readSafetensors(file(`{"__proto__": ${JSON.stringify(entry())}}`));
  assert.deepEqual([...tensors.keys()], ["__proto__"]);
});

test("other files are refused in one sentence", () => {
  const long = file({ a: entry() });
  new DataView(long.buffer).setBigUint64(0, 2n ** 63n, true);
  /** @type {[Uint8Array, RegExp][]} */
  const bad = [
    [new Uint8Array(0), /only 0 bytes/u],
    [new Uint8Array(7), /only 7 bytes/u],
    [long, /longer than the file/u],
    [file("not JSON"), /its header is not JSON/u],
    [file("[]"), /not a JSON object/u],
    [file("null"), /not a JSON object/u],
    [file({ a: null }), /no shape or no place/u],
    [file({ a: entry({ shape: [-2, -2] }) }), /no shape or no place/u],
    [file({ a: entry({ shape: [2, 1.5] }) }), /no shape or no place/u],
    [file({ a: entry({ data_offsets: [0] }) }), /no shape or no place/u],
    [file({ a: entry({ dtype: "F16" }) }), /float32 \(F32\), got F16/u],
    [file({ a: entry({ shape: [2 ** 30, 2 ** 30] }) }), /does not fit its shape/u],
    [file({ a: entry({ shape: [2, 3] }) }), /does not fit its shape/u],
    [file({ a: entry({ data_offsets: [8, 24] }) }), /lies outside/u],
    [file({ a: entry({ shape: [2], data_offsets: [0, 8] }) }), /must end with its last tensor/u],
    [file({ a: entry() }).subarray(0, -1), /lies outside/u],
  ];
  for (const [bytes, message] of bad) {
    assert.throws(
      () => readSafetensors(bytes),
      (/** @type {Error} */ error) => message.test(error.message) && !error.message.includes("\n"),
      String(message),
    );
  }
});
