/** What the matrix of a layer shows: which measures a network has, their values, the order. No DOM. */

/** @typedef {"kept" | "reset" | "candidate" | "hidden"} Measure */
/** @typedef {"span" | "index" | "word"} Sort */

/** @type {Record<Measure, string>} */
export const MEASURE_NAMES = {
  kept: "kept",
  reset: "reset",
  candidate: "candidate",
  hidden: "state",
};

/** Gates lie in 0..1; candidate and state mostly in -1..1. */
export const GATE_MEASURES = new Set(["kept", "reset"]);

/**
 * The measures that a layer has.
 * @param {{kind: string, formulation?: {reset: string}}} layer
 * @returns {Measure[]}
 */
export function measuresOf(layer) {
  if (layer.kind === "gru") {
    const gates = /** @type {Measure[]} */ (["kept", "reset", "candidate", "hidden"]);
    return layer.formulation?.reset === "none" ? gates.filter((name) => name !== "reset") : gates;
  }
  return layer.kind === "lstm" ? ["kept", "candidate", "hidden"] : ["hidden"];
}

/**
 * The measure that is asked for, or the first that the layer has.
 * @param {{kind: string, formulation?: {reset: string}}} layer
 * @param {string} wanted
 * @returns {Measure}
 */
export function measureFor(layer, wanted) {
  const measures = measuresOf(layer);
  return measures.find((name) => name === wanted) ?? measures[0];
}

/**
 * The units in the order in which they are shown. A stable sort: equal units stay in order of index.
 * @param {Sort} sort
 * @param {number} size
 * @param {ArrayLike<number> | null} spans in steps; null where the network has no gates
 * @param {ArrayLike<number>} values at the chosen word
 * @returns {number[]}
 */
export function orderUnits(sort, size, spans, values) {
  const units = Array.from({ length: size }, (_, unit) => unit);
  if (sort === "word") return units.sort((one, other) => values[other] - values[one]);
  if (sort === "span" && spans) return units.sort((one, other) => difference(spans, other, one));
  return units;
}

/** @param {ArrayLike<number>} values @param {number} one @param {number} other */
function difference(values, one, other) {
  return values[one] === values[other] ? 0 : values[one] - values[other]; // inf - inf is NaN
}

/**
 * The part of a row of `count` things that is shown: a page of at most `size` that holds `chosen`.
 * @param {number} count
 * @param {number} chosen
 * @param {number} size
 * @returns {{start: number, stop: number}}
 */
export function page(count, chosen, size) {
  const start = Math.floor(Math.min(Math.max(chosen, 0), Math.max(count - 1, 0)) / size) * size;
  return { start, stop: Math.min(count, start + size) };
}
