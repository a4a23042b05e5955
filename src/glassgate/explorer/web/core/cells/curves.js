/**
 * The curves of gates and candidates, their slopes, and the arguments at which they have a value.
 *
 * Names are those of `glassgate.Formulation`.
 */

/** @typedef {"sigmoid" | "hard_sigmoid_fifth" | "hard_sigmoid_sixth"} Gate */
/** @typedef {"tanh" | "relu" | "linear"} Squash */
/** @typedef {(value: number) => number} Curve */

/** @type {Curve} */
const clip = (x) => Math.min(Math.max(x, 0), 1);

/** @type {Record<Gate, Curve>} */
export const GATES = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hard_sigmoid_fifth: (x) => clip(x / 5 + 0.5),
  hard_sigmoid_sixth: (x) => clip(x / 6 + 0.5),
};

/** @type {Record<Squash, Curve>} */
export const SQUASHES = {
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  linear: (x) => x,
};

/**
 * The slope of each curve as a function of its value: dy/dx in terms of y.
 *
 * @type {Record<Gate, Curve>}
 */
export const GATE_SLOPES = {
  sigmoid: (y) => y * (1 - y),
  hard_sigmoid_fifth: (y) => (y > 0 && y < 1 ? 1 / 5 : 0),
  hard_sigmoid_sixth: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
};

/** @type {Record<Squash, Curve>} */
export const SQUASH_SLOPES = {
  tanh: (y) => 1 - y * y,
  relu: (y) => (y > 0 ? 1 : 0),
  linear: () => 1,
};

/** At this argument every curve is exactly at its limit. */
export const SATURATING = 1e4;

/** @type {Record<Gate, Curve>} */
const GATE_INVERSES = {
  sigmoid: (y) => Math.log(y) - Math.log1p(-y),
  hard_sigmoid_fifth: (y) => 5 * (y - 0.5),
  hard_sigmoid_sixth: (y) => 6 * (y - 0.5),
};

/**
 * The argument at which a gate has the value y, 0..1.
 *
 * @param {Gate} gate
 * @param {number} y
 * @returns {number}
 */
export function gateArgument(gate, y) {
  if (y <= 0) return -SATURATING;
  return y >= 1 ? SATURATING : GATE_INVERSES[gate](y);
}

/**
 * The argument at which a candidate has the value y, within the range of its curve.
 *
 * @param {Squash} squash
 * @param {number} y
 * @returns {number}
 */
export function squashArgument(squash, y) {
  if (squash !== "tanh") return y;
  return Math.abs(y) >= 1 ? SATURATING * Math.sign(y) : Math.atanh(y);
}
