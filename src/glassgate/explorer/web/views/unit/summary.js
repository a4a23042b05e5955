/** One sentence that says what a unit does at a word. */

import { formatNumber, formatPercent } from "./numbers.js";

/**
 * @param {"feedforward"|"srn"|"gru"|"lstm"} kind
 * @param {Record<string, number>} values of the unit
 * @param {{unit: number, text: string}} place
 * @param {Set<string>} held
 * @returns {string}
 */
export function summarise(kind, values, { unit, text }, held) {
  const start = `At ${text}, unit ${unit}`;
  if (held.has("hidden")) return `${start} is held at ${formatNumber(values.hidden)}.`;
  const changed = `from ${formatNumber(values.previous)} to ${formatNumber(values.hidden)}`;
  if (kind === "feedforward") {
    return `${start} is ${formatNumber(values.hidden)}, whatever came before.`;
  }
  if (kind === "srn") return `${start} goes ${changed}: its old value is mixed into the sum.`;
  const memory = kind === "gru" ? "state" : "cell";
  const share = formatPercent(values.kept);
  const suffix = held.has("kept") ? " (held)" : "";
  const result =
    kind === "gru"
      ? `goes ${changed}`
      : `its cell goes from ${formatNumber(values.previousCell)} to ${formatNumber(values.cell)}`;
  return `${start} keeps ${share} of its ${memory}${suffix}${describe(values.kept)}; ${result}.`;
}

/**
 * Say in the words of texts for beginners what a share kept amounts to.
 *
 * @param {number} kept
 * @returns {string}
 */
function describe(kept) {
  if (kept > 0.95) return ": nearly as it was";
  if (kept < 0.05) return ": it starts anew";
  return ": something in between";
}
