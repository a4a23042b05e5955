/** What is held of one unit at one step. */

/**
 * @typedef {import("../../core/model.js").Run} Run
 * @typedef {import("./readings/equation.js").Held} Held
 */

/**
 * Return the values at which one unit is held at a step; none where it is free.
 *
 * @param {Run} run
 * @param {number} step
 * @param {number} layer
 * @param {number} unit
 * @returns {Held}
 */
export function heldOf(run, step, layer, unit) {
  const own = run.held[step]?.[layer];
  /** @type {Held} */
  const held = {};
  if (!own) return held;
  for (const name of /** @type {const} */ (["reset", "kept", "state"])) {
    if (!Number.isNaN(own[name][unit])) held[name] = own[name][unit];
  }
  return held;
}
