/**
 * Products of matrices and vectors, the inner loops of every network.
 *
 * A matrix is one Float64Array, row after row. Where only some of its rows take part, `from` and
 * `to` say which (`to` itself does not). Nothing here allocates.
 */

/**
 * out = M v + b, for the rows `from` to `to`.
 *
 * @param {Float64Array} out [rows], of which those from `from` to `to` are written
 * @param {Float64Array} matrix [rows * columns]
 * @param {Float64Array} vector [columns]
 * @param {Float64Array} bias [rows]
 * @param {number} [from]
 * @param {number} [to]
 */
export function affine(out, matrix, vector, bias, from = 0, to = out.length) {
  const columns = vector.length;
  let row = from;
  // Four rows at a time: an addition waits for the one before it in its own row alone.
  for (; row + 4 <= to; row += 4) {
    let one = 0;
    let two = 0;
    let three = 0;
    let four = 0;
    let at = row * columns;
    for (let column = 0; column < columns; column++, at++) {
      const factor = vector[column];
      one += matrix[at] * factor;
      two += matrix[at + columns] * factor;
      three += matrix[at + 2 * columns] * factor;
      four += matrix[at + 3 * columns] * factor;
    }
    out[row] = one + bias[row];
    out[row + 1] = two + bias[row + 1];
    out[row + 2] = three + bias[row + 2];
    out[row + 3] = four + bias[row + 3];
  }
  for (; row < to; row++) {
    let sum = 0;
    for (let column = 0, at = row * columns; column < columns; column++, at++) {
      sum += matrix[at] * vector[column];
    }
    out[row] = sum + bias[row];
  }
}

/**
 * out += Mᵀ v, over the rows `from` to `to`: the way back through `affine`.
 *
 * @param {Float64Array} out [columns]
 * @param {Float64Array} matrix [rows * columns]
 * @param {Float64Array} vector [rows]
 * @param {number} [from]
 * @param {number} [to]
 */
export function addTransposed(out, matrix, vector, from = 0, to = vector.length) {
  const columns = out.length;
  for (let row = from; row < to; row++) {
    const factor = vector[row];
    if (factor === 0) continue;
    let at = row * columns;
    for (let column = 0; column < columns; column++) out[column] += factor * matrix[at++];
  }
}

/**
 * M += v wᵀ, in the rows `from` to `to`: the gradient of a matrix that multiplied w.
 *
 * @param {Float64Array} matrix [rows * columns]
 * @param {Float64Array} vector [rows]
 * @param {Float64Array} other [columns]
 * @param {number} [from]
 * @param {number} [to]
 */
export function addOuter(matrix, vector, other, from = 0, to = vector.length) {
  const columns = other.length;
  for (let row = from; row < to; row++) {
    const factor = vector[row];
    if (factor === 0) continue;
    let at = row * columns;
    for (let column = 0; column < columns; column++) matrix[at++] += factor * other[column];
  }
}

/**
 * out += v.
 *
 * @param {Float64Array} out
 * @param {Float64Array} vector
 */
export function add(out, vector) {
  for (let i = 0; i < out.length; i++) out[i] += vector[i];
}

/**
 * The length of a vector, √Σ vᵢ².
 *
 * @param {Float64Array[]} vectors taken together as one
 * @returns {number}
 */
export function norm(...vectors) {
  let squares = 0;
  for (const vector of vectors) for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}
