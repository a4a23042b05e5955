/**
 * How long each unit of a layer remembers, as `glassgate.inside.Memory` measures it: a unit that
 * keeps a mean share k has 1/e of a state left after -1 / ln(k) steps (Tallec & Ollivier 2018).
 */

/**
 * Each unit's mean kept share over some steps.
 *
 * @param {Float64Array[]} kept of each step, 0..1, [H] each; at least one
 * @returns {Float64Array} [H]
 */
export function meanKept(kept) {
  const mean = new Float64Array(kept[0].length);
  for (const step of kept) for (let i = 0; i < mean.length; i++) mean[i] += step[i];
  return mean.map((sum) => sum / kept.length);
}

/**
 * Each unit's memory span in steps: 0 where it keeps nothing, infinity where it keeps all.
 *
 * @param {Float64Array[]} kept of each step, 0..1, [H] each; at least one
 * @returns {Float64Array} [H]
 */
export function memorySpans(kept) {
  return meanKept(kept).map((share) => 1 / Math.abs(Math.log(share)));
}

/**
 * The units that remember longest, the longest first; of equal ones the first comes first.
 *
 * @param {ArrayLike<number>} spans [H]
 * @param {number} [share] of the units, rounded, but at least one unit
 * @returns {number[]}
 */
export function longest(spans, share = 1 / 5) {
  const units = Array.from(spans, (_, unit) => unit);
  const order = units.sort((a, b) => (spans[a] === spans[b] ? a - b : spans[b] - spans[a]));
  return order.slice(0, Math.max(1, Math.round(spans.length * share)));
}
