/**
 * Read a file of weights in the format of https://huggingface.co/docs/safetensors: the length of a
 * header (8 bytes), the header in JSON, then the numbers.
 */

/**
 * @typedef {object} Tensor
 * @property {number[]} shape
 * @property {() => Float64Array} read the numbers, row after row, as float64
 */

const LENGTH_BYTES = 8;
const FLOAT_BYTES = 4;

/**
 * Return the tensors by name. All sizes are checked against the file before a number is read.
 *
 * @param {Uint8Array} bytes the file
 * @returns {Map<string, Tensor>}
 * @throws {Error} in one sentence, where it is not such a file or a tensor is not of float32
 */
export function readSafetensors(bytes) {
  const header = readHeader(bytes);
  const start = LENGTH_BYTES + header.length;
  const tensors = new Map();
  let end = 0;
  for (const [name, entry] of Object.entries(header.entries)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    const place = `the tensor ${JSON.stringify(name)} of the file of weights`;
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
      throw new Error(`${place} has no shape or no place in the file`);
    }
    if (dtype !== "F32") throw new Error(`${place} must be of float32 (F32), got ${String(dtype)}`);
    const size = shape.reduce((product, axis) => product * axis, 1);
    const [first, last] = offsets;
    if (last - first !== size * FLOAT_BYTES || start + last > bytes.length) {
      throw new Error(`${place} does not fit its shape [${shape.join(", ")}], or lies outside it`);
    }
    end = Math.max(end, last);
    tensors.set(name, { shape, read: () => readFloats(bytes, start + first, size) });
  }
  if (start + end !== bytes.length) {
    throw new Error(
      `the file of weights must end with its last tensor, at byte ${start + end}, ` +
        `got ${bytes.length} bytes`,
    );
  }
  return tensors;
}

/**
 * @param {Uint8Array} bytes
 * @returns {{length: number, entries: Record<string, any>}}
 */
function readHeader(bytes) {
  const fault = "the file of weights is not a safetensors file";
  if (bytes.length < LENGTH_BYTES) throw new Error(`${fault}: it has only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - LENGTH_BYTES) {
    throw new Error(`${fault}: its header would be longer than the file`);
  }
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  let entries;
  try {
    entries = JSON.parse(text);
  } catch {
    throw new Error(`${fault}: its header is not JSON`);
  }
  if (typeof entries !== "object" || entries === null || Array.isArray(entries)) {
    throw new Error(`${fault}: its header is not a JSON object`);
  }
  return { length, entries };
}

/**
 * @param {unknown} value
 * @returns {value is number[]}
 */
function isCounts(value) {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} size
 * @returns {Float64Array}
 */
function readFloats(bytes, start, size) {
  const aligned = new Uint8Array(size * FLOAT_BYTES); // a Float32Array must start at a multiple of 4
  aligned.set(bytes.subarray(start, start + aligned.length));
  return new Float64Array(new Float32Array(aligned.buffer));
}
