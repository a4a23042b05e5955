/** The numbers of one gated recurrent unit at one word, in either convention of the update gate. */

import { STAGES } from "../drawings/gru.js";
import { added, CURVE_NAMES, factor, first, gateEquation, share, squashed } from "./equation.js";

/**
 * @typedef {import("./equation.js").Equation} Equation
 * @typedef {import("./equation.js").Held} Held
 * @typedef {import("./equation.js").Reading} Reading
 * @typedef {import("../formula.js").Wire} Wire
 * @typedef {Record<string, number>} Values
 */

/** @type {Record<string, Wire>} */
const WIRES = { h: "hidden", x: "input", r: "reset", z: "update", n: "candidate" };

/**
 * Read a unit's numbers off a step.
 *
 * @param {import("../../../core/cells.js").GRULayer} layer
 * @param {import("../../../core/cells.js").GRUStep} step
 * @param {number} unit
 * @param {Held} held
 * @param {"keeps"|"writes"} convention the reader's, not the model's: it changes z, never h
 * @returns {Reading}
 */
export function readGRU(layer, step, unit, held, convention) {
  const { formulation } = layer;
  const turned = convention !== formulation.update;
  const values = readValues(layer, step, unit, turned);
  const names = new Set();
  if (held.reset !== undefined) {
    names.add("reset");
    values.resetInput = values.resetHidden = NaN;
  }
  if (held.kept !== undefined) {
    for (const name of ["kept", "update", "written"]) names.add(name);
    values.updateInput = values.updateHidden = NaN;
  }
  if (held.state !== undefined) names.add("hidden");
  const equations = [
    ...gateEquations(values, formulation, names),
    candidateEquation(values, formulation),
    stateEquation(values, convention, names),
  ];
  return { values, equations, held: names };
}

/**
 * @param {import("../../../core/cells.js").GRULayer} layer
 * @param {import("../../../core/cells.js").GRUStep} step
 * @param {number} unit
 * @param {boolean} turned whether z is the model's 1 - z, and its sum the negated sum
 * @returns {Values}
 */
function readValues({ hiddenSize: H, formulation }, step, unit, turned) {
  const sign = turned ? -1 : 1;
  const [previous, kept] = [step.previous[unit], step.kept[unit]];
  const [reset, candidate] = [step.reset[unit], step.candidate[unit]];
  const recurrent = step.recurrent[unit];
  const through = formulation.reset === "before" ? previous : recurrent;
  return {
    previous,
    resetInput: step.inputSums[unit],
    resetHidden: step.hiddenSums[unit],
    reset,
    updateInput: sign * step.inputSums[H + unit],
    updateHidden: sign * step.hiddenSums[H + unit],
    update: turned ? 1 - step.update[unit] : step.update[unit],
    candidateInput: step.inputSums[2 * H + unit],
    recurrent,
    past: reset * through,
    candidate,
    kept,
    written: 1 - kept,
    keptState: kept * previous,
    writtenCandidate: (1 - kept) * candidate,
    hidden: step.hidden[unit],
  };
}

/**
 * @param {Values} values
 * @param {import("../../../core/cells.js").Formulation} form
 * @param {Set<string>} held
 * @returns {Equation[]}
 */
function gateEquations(values, form, held) {
  const common = { curve: CURVE_NAMES[form.gate], stage: STAGES.gates, wires: WIRES };
  const update = gateEquation({
    ...common,
    ...{ name: "update", title: "Update gate", letter: "z", row: "z", wire: "update" },
    ...{ input: values.updateInput, hidden: values.updateHidden, value: values.update },
    held: held.has("update"),
  });
  if (form.reset === "none") return [update];
  const reset = gateEquation({
    ...common,
    ...{ name: "reset", title: "Reset gate", letter: "r", row: "r", wire: "reset" },
    ...{ input: values.resetInput, hidden: values.resetHidden, value: values.reset },
    held: held.has("reset"),
  });
  return [update, reset];
}

const PAST = {
  after: "r_t × (U_n h_{t−1} + c_n)",
  before: "U_n (r_t × h_{t−1}) + c_n",
  none: "U_n h_{t−1} + c_n",
};

/**
 * @param {Values} values
 * @param {import("../../../core/cells.js").Formulation} form
 * @returns {Equation}
 */
function candidateEquation(values, form) {
  const curve = CURVE_NAMES[form.squash];
  const past =
    form.reset === "after"
      ? [" + ", share(values.reset, "reset"), " × ", factor(values.recurrent, "hidden")]
      : [added(values.recurrent, form.reset === "none" ? "hidden" : "past")];
  const sum = [first(values.candidateInput, "input"), ...past];
  const result = { ...first(values.candidate, "candidate"), gate: "candidate" };
  return {
    name: "candidate",
    title: "Candidate",
    symbols: `n_t = ${curve}(W_n x_t + b_n + ${PAST[form.reset]})`,
    wires: WIRES,
    numbers: ["n = ", ...squashed(curve, sum), " = ", result],
    stage: STAGES.candidate,
    held: false,
  };
}

/**
 * @param {Values} values
 * @param {"keeps"|"writes"} convention
 * @param {Set<string>} held
 * @returns {Equation}
 */
function stateEquation(values, convention, held) {
  const [kept, written] = convention === "keeps" ? ["z_t", "(1 − z_t)"] : ["(1 − z_t)", "z_t"];
  const result = { ...first(values.hidden, "hidden"), gate: "hidden" };
  const mixed = [
    share(values.kept, "update", "kept"),
    " × ",
    factor(values.previous, "hidden"),
    " + ",
    share(values.written, "update"),
    " × ",
    factor(values.candidate, "candidate"),
  ];
  const numbers = held.has("hidden")
    ? ["h = ", result, " (held)"]
    : ["h = ", ...mixed, " = ", result];
  return {
    name: "hidden",
    title: "New state",
    symbols: `h_t = ${kept} × h_{t−1} + ${written} × n_t`,
    wires: WIRES,
    numbers,
    stage: STAGES.result,
    held: held.has("hidden"),
  };
}
