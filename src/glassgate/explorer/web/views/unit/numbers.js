/**
 * Numbers as a person reads them: two decimals, a true minus sign, and more digits where two
 * would say "0" or "1" of a share that is neither.
 */

/**
 * Write a number of any size: "−0.31", "1.92", "12.4".
 *
 * @param {number} value
 * @returns {string}
 */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 10 ? 1 : 2;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/**
 * Write a share of 0..1; 0.998 and 0.002 keep the digit that tells them from 1 and 0.
 *
 * @param {number} value
 * @returns {string}
 */
export function formatShare(value) {
  if (value === 0 || value === 1) return String(value);
  const rest = Math.min(value, 1 - value);
  if (rest >= 0.01) return value.toFixed(2);
  return rest >= 0.0005 ? value.toFixed(3) : value.toFixed(2);
}

/**
 * Write a probability as a person says it: "99.5%", "0.3%", "under 0.1%".
 *
 * @param {number} value
 * @returns {string}
 */
export function formatPercent(value) {
  if (value > 0 && value < 0.001) return "under 0.1%";
  if (value < 1 && value > 0.999) return "over 99.9%";
  const percent = 100 * value;
  if (percent === 0 || percent === 100) return `${percent}%`;
  return `${percent.toFixed(percent >= 10 && percent <= 90 ? 0 : 1)}%`;
}
