// What the gates do at each step, as the mean over sequences: of all units, and of the chosen one.

import { lineChart } from "../../app/charts.js";
import { GATES_OF } from "../../learning/learner.js";

/** @import {Evaluation, Learner} from "../../learning/learner.js" */

/** What the gates are called, and the colours of their wires. @type {Record<string, [string, string]>} */
const GATES = {
  kept: ["kept", "var(--wire-hidden)"],
  reset: ["reset", "var(--wire-reset)"],
  inputGate: ["input gate", "var(--wire-written)"],
  outputGate: ["output gate", "var(--network-lstm)"],
};

/**
 * @typedef {object} Shown
 * @property {string} name  of the network
 * @property {Learner} learner
 * @property {Evaluation} evaluation
 * @property {number} unit
 * @property {number} word  from 1
 */

/** @returns {{element: HTMLElement, update: (shown: Shown) => void}} */
export function gatesByPosition() {
  const chart = lineChart();
  return {
    element: chart.element,
    update({ name, learner, evaluation, unit, word }) {
      const names = GATES_OF[learner.reader.form.kind];
      chart.element.hidden = names.length === 0;
      if (!names.length) return;
      const H = learner.choice.units;
      const T = learner.T;
      const lines = names.flatMap((gate) => {
        const [title, colour] = GATES[gate];
        const values = evaluation.gates[gate];
        const all = points(T, (t) => mean(values.subarray(t * H, (t + 1) * H)));
        const own = points(T, (t) => values[t * H + unit]);
        return [
          { name: title, colour, points: all },
          { name: `unit ${unit}`, colour, points: own, dashed: true },
        ];
      });
      chart.update({
        name: `Gates of ${name} by step: ${names.map((gate) => GATES[gate][0]).join(", ")}`,
        x: { label: "step", domain: [1, T] },
        y: { label: "gates, mean over 100 new sequences", domain: [0, 1] },
        lines,
        mark: word,
      });
    },
  };
}

/**
 * @param {number} T
 * @param {(t: number) => number} value
 * @returns {[number, number][]} steps from 1, and their values
 */
function points(T, value) {
  return Array.from({ length: T }, (_, t) => [t + 1, value(t)]);
}

/** @param {Float64Array} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
