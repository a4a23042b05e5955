/**
 * What a unit's numbers say: values by name, for the drawing, and equations with the same values
 * put in.
 */

/**
 * @typedef {import("../formula.js").Wire} Wire
 *
 * @typedef {object} Term a number in an equation
 * @property {number} value
 * @property {Wire} [wire] whose wire carries it
 * @property {"number"|"share"} [format]
 * @property {"first"|"added"|"factor"} [role] a negative number that is added reads "− 0.50", one
 *   that multiplies "(−0.50)"
 * @property {string} [gate] the gate that it is the value of
 *
 * @typedef {object} Equation
 * @property {string} name
 * @property {string} title
 * @property {string} symbols the formula
 * @property {Record<string, Wire>} wires the wire that each letter names
 * @property {(string|Term)[]} numbers the formula with numbers put in
 * @property {number} stage when the unit computes it
 * @property {boolean} held
 *
 * @typedef {object} Reading
 * @property {Record<string, number>} values NaN where a held value takes the place of a sum
 * @property {Equation[]} equations
 * @property {Set<string>} held names of held values
 *
 * @typedef {{reset?: number, kept?: number, state?: number}} Held what is held of one unit at one word
 */

/** Names of the curves as the equations call them. */
export const CURVE_NAMES = {
  sigmoid: "sigmoid",
  hard_sigmoid_fifth: "hard sigmoid",
  hard_sigmoid_sixth: "hard sigmoid",
  tanh: "tanh",
  relu: "relu",
  linear: "",
};

/**
 * A number that comes first, or after a sign that the text already has.
 *
 * @param {number} value
 * @param {Wire} wire
 * @returns {Term}
 */
export const first = (value, wire) => ({ value, wire, role: "first" });

/**
 * A number that is added.
 *
 * @param {number} value
 * @param {Wire} wire
 * @returns {Term}
 */
export const added = (value, wire) => ({ value, wire, role: "added" });

/**
 * A number that multiplies.
 *
 * @param {number} value
 * @param {Wire} wire
 * @returns {Term}
 */
export const factor = (value, wire) => ({ value, wire, role: "factor" });

/**
 * A share between 0 and 1.
 *
 * @param {number} value
 * @param {Wire} wire
 * @param {string} [gate]
 * @returns {Term}
 */
export const share = (value, wire, gate) => ({ value, wire, format: "share", role: "first", gate });

/**
 * The equation of a gate: a curve of a sum, or the value at which it is held.
 *
 * @param {{name: string, title: string, letter: string, row: string, wire: Wire, curve: string,
 *   input: number, hidden: number, value: number, stage: number, held: boolean,
 *   wires: Record<string, Wire>}} gate
 * @returns {Equation}
 */
export function gateEquation(gate) {
  const { name, title, letter, row, wire, curve, input, hidden, value, stage, held, wires } = gate;
  const sums = `W_${row} x_t + b_${row} + U_${row} h_{t−1} + c_${row}`;
  const result = share(value, wire, name);
  const numbers = held
    ? [`${letter} = `, result, " (held)"]
    : [`${letter} = ${curve}(`, first(input, "input"), added(hidden, "hidden"), ") = ", result];
  const symbols = `${letter}_t = ${curve}(${sums})`;
  return { name, title, symbols, wires, numbers, stage, held };
}

/**
 * The equation of new content: a squashing curve of a sum.
 *
 * @param {string} curve
 * @param {(string|Term)[]} sum
 * @returns {(string|Term)[]} "tanh(...)", or the sum alone where the curve is linear
 */
export const squashed = (curve, sum) => (curve ? [`${curve}(`, ...sum, ")"] : sum);
