/** The numbers of one LSTM unit at one word. */

import { STAGES } from "../drawings/lstm.js";
import { factor, first, gateEquation, share, added } from "./equation.js";

/**
 * @typedef {import("./equation.js").Equation} Equation
 * @typedef {import("./equation.js").Held} Held
 * @typedef {import("./equation.js").Reading} Reading
 * @typedef {import("../formula.js").Wire} Wire
 * @typedef {Record<string, number>} Values
 */

/** @type {Record<string, Wire>} */
const WIRES = { h: "hidden", x: "input", f: "update", i: "written", o: "output", g: "candidate" };

/**
 * Read a unit's numbers off a step.
 *
 * @param {import("../../../core/cells.js").LSTMLayer} layer
 * @param {import("../../../core/cells.js").LSTMStep} step
 * @param {number} unit
 * @param {Held} held
 * @returns {Reading}
 */
export function readLSTM(layer, step, unit, held) {
  const values = readValues(layer, step, unit);
  const names = new Set();
  if (held.kept !== undefined) {
    names.add("kept");
    values.keptInput = values.keptHidden = NaN;
  }
  if (held.state !== undefined) names.add("hidden");
  const equations = [...gateEquations(values, names), ...cellEquations(values, names)];
  return { values, equations, held: names };
}

/**
 * @param {import("../../../core/cells.js").LSTMLayer} layer
 * @param {import("../../../core/cells.js").LSTMStep} step
 * @param {number} unit
 * @returns {Values}
 */
function readValues({ hiddenSize: H }, step, unit) {
  const [input, kept] = [step.inputGate[unit], step.kept[unit]];
  const [previousCell, candidate] = [step.previousCell[unit], step.candidate[unit]];
  /** @type {Values} */
  const values = {
    previous: step.previous[unit],
    previousCell,
    input,
    kept,
    candidate,
    output: step.outputGate[unit],
    keptCell: kept * previousCell,
    writtenCandidate: input * candidate,
    cell: step.cell[unit],
    squashedCell: Math.tanh(step.cell[unit]),
    hidden: step.hidden[unit],
  };
  for (const [block, name] of ["input", "kept", "candidate", "output"].entries()) {
    values[`${name}Input`] = step.inputSums[block * H + unit];
    values[`${name}Hidden`] = step.hiddenSums[block * H + unit];
  }
  return values;
}

/**
 * @param {Values} values
 * @param {Set<string>} held
 * @returns {Equation[]}
 */
function gateEquations(values, held) {
  const gates = /** @type {[string, string, string, Wire][]} */ ([
    ["kept", "Forget gate (the share kept)", "f", "update"],
    ["input", "Input gate (the share written)", "i", "written"],
    ["output", "Output gate", "o", "output"],
  ]);
  return gates.map(([name, title, letter, wire]) =>
    gateEquation({
      ...{ name, title, letter, row: letter, wire, curve: "sigmoid", value: values[name] },
      ...{ input: values[`${name}Input`], hidden: values[`${name}Hidden`] },
      ...{ stage: STAGES.gates, held: held.has(name), wires: WIRES },
    }),
  );
}

/**
 * @param {Values} values
 * @param {Set<string>} held
 * @returns {Equation[]}
 */
function cellEquations(values, held) {
  const candidate = { ...first(values.candidate, "candidate"), gate: "candidate" };
  const sum = [first(values.candidateInput, "input"), added(values.candidateHidden, "hidden")];
  const kept = [share(values.kept, "update"), " × ", factor(values.previousCell, "hidden")];
  const written = [share(values.input, "written"), " × ", factor(values.candidate, "candidate")];
  const cell = { ...first(values.cell, "hidden"), gate: "cell" };
  const shown = [share(values.output, "output"), " × tanh(", first(values.cell, "hidden"), ") = "];
  const hidden = { ...first(values.hidden, "hidden"), gate: "hidden" };
  const common = { wires: WIRES, held: false };
  return [
    {
      ...{ ...common, name: "candidate", title: "Candidate", stage: STAGES.candidate },
      symbols: "g_t = tanh(W_g x_t + b_g + U_g h_{t−1} + c_g)",
      numbers: ["g = tanh(", ...sum, ") = ", candidate],
    },
    {
      ...{ ...common, name: "cell", title: "New cell", stage: STAGES.cell },
      symbols: "C_t = f_t × C_{t−1} + i_t × g_t",
      numbers: ["C = ", ...kept, " + ", ...written, " = ", cell],
    },
    {
      ...{ ...common, name: "hidden", title: "New state", stage: STAGES.result },
      symbols: "h_t = o_t × tanh(C_t)",
      numbers: held.has("hidden") ? ["h = ", hidden, " (held)"] : ["h = ", ...shown, hidden],
      held: held.has("hidden"),
    },
  ];
}
