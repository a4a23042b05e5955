// From numbers to places and colours, and numbers as people read them.

/**
 * @param {[number, number]} domain smallest and largest value
 * @param {[number, number]} range their places
 * @returns {(value: number) => number}
 */
export function linear([least, most], [start, end]) {
  const span = most - least || 1;
  return (value) => start + ((value - least) / span) * (end - start);
}

/**
 * As `linear`, of the logarithms of positive values; smaller ones stand at the start.
 *
 * @param {[number, number]} domain
 * @param {[number, number]} range
 * @returns {(value: number) => number}
 */
export function logarithmic([least, most], range) {
  const place = linear([Math.log10(least), Math.log10(most)], range);
  return (value) => place(Math.log10(Math.max(value, least)));
}

/**
 * @param {[number, number]} domain
 * @param {number} count about how many
 * @returns {number[]} round numbers within the domain
 */
export function ticks([least, most], count = 5) {
  const raw = (most - least) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(most / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/**
 * @param {[number, number]} domain of positive numbers
 * @returns {number[]} powers of ten within it, at most about six
 */
export function powers([least, most]) {
  const first = Math.ceil(Math.log10(least) - 1e-9);
  const last = Math.floor(Math.log10(most) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first) / 6));
  const found = [];
  for (let power = last; power >= first; power -= step) found.unshift(10 ** power);
  return found;
}

/**
 * @param {number} value
 * @param {number} digits after the point
 * @returns {string} with a true minus sign
 */
export function decimals(value, digits = 2) {
  const text = value.toFixed(digits);
  const zero = Number(text) === 0;
  return zero ? (0).toFixed(digits) : text.replace("-", "\u2212");
}

/**
 * @param {number} share from 0 to 1
 * @returns {string} in percent, with more digits where it is small
 */
export function percent(share) {
  const value = 100 * share;
  if (value === 0) return "0%";
  if (value < 0.1) return "<0.1%";
  return `${value.toFixed(value < 10 ? 1 : 0)}%`;
}

/**
 * Colour of a value between 0 and 1 on the scale from paper to ink, as a CSS colour.
 *
 * @param {number} share from 0 to 1
 * @param {string} colour a CSS colour, such as "var(--network-gru)"
 */
export function shade(share, colour) {
  const part = Math.round(100 * Math.min(Math.max(share, 0), 1));
  return `color-mix(in srgb, ${colour} ${part}%, var(--paper))`;
}

/**
 * Colour of a value between -1 and 1, from negative over zero to positive.
 *
 * @param {number} value
 */
export function signed(value) {
  const side = value < 0 ? "var(--state-negative)" : "var(--state-positive)";
  const part = Math.round(100 * Math.min(Math.abs(value), 1));
  return `color-mix(in srgb, ${side} ${part}%, var(--state-zero))`;
}

/**
 * @param {string} name of a network
 * @returns {string} its colour as a CSS colour; others, brought or renamed, have a common one
 */
export function networkColour(name) {
  return `var(--network-${CSS.escape(name)}, var(--network-other))`;
}
