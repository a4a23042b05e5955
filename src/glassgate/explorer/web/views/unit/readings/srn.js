/** The numbers of one plain unit at one word: of a simple recurrent network or a feedforward one. */

import { STAGES } from "../drawings/srn.js";
import { added, first } from "./equation.js";

/**
 * @typedef {import("./equation.js").Held} Held
 * @typedef {import("./equation.js").Reading} Reading
 * @typedef {import("../formula.js").Wire} Wire
 */

/** @type {Record<string, Wire>} */
const WIRES = { h: "hidden", x: "input" };

/**
 * Read a unit's numbers off a step.
 *
 * @param {import("../../../core/cells.js").SRNStep|import("../../../core/cells.js").FeedforwardStep} step
 * @param {number} unit
 * @param {Held} held
 * @returns {Reading}
 */
export function readPlain(step, unit, held) {
  const recurrent = step.kind === "srn";
  const inputSum = step.inputSums[unit];
  const hiddenSum = recurrent ? step.hiddenSums[unit] : 0;
  const previous = recurrent ? step.previous[unit] : NaN;
  const hidden = step.hidden[unit];
  const isHeld = held.state !== undefined;
  const result = { ...first(hidden, "hidden"), gate: "hidden" };
  const sum = [first(inputSum, "input"), ...(recurrent ? [added(hiddenSum, "hidden")] : [])];
  const past = recurrent ? " + U h_{t−1} + c" : "";
  return {
    values: { inputSum, hiddenSum, previous, sum: inputSum + hiddenSum, hidden },
    equations: [
      {
        ...{ name: "hidden", title: "New state", wires: WIRES, stage: STAGES.result, held: isHeld },
        symbols: `h_t = tanh(W x_t + b${past})`,
        numbers: isHeld ? ["h = ", result, " (held)"] : ["h = tanh(", ...sum, ") = ", result],
      },
    ],
    held: new Set(isHeld ? ["hidden"] : []),
  };
}
