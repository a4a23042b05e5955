// One of the learning networks at one sequence: each unit at each step, as `layer` shows a trained one.

import { h, setText } from "../../app/dom.js";
import { Matrix } from "../layer/matrix.js";
import { MEASURE_NAMES, measureFor, measuresOf } from "../layer/values.js";
import { selection } from "./controls.js";

/** @import {RecurrentStep} from "../../learning/reader.js" */
/** @import {Learner} from "../../learning/learner.js" */
/** @import {Measure} from "../layer/values.js" */

/** @type {Record<Measure, string>} */
const COLOURS = {
  kept: "var(--wire-hidden)",
  reset: "var(--wire-reset)",
  candidate: "var(--wire-candidate)",
  hidden: "var(--state-positive)",
};

/**
 * @typedef {object} Inside
 * @property {string} name  of the network
 * @property {Learner} learner
 * @property {RecurrentStep[]} steps
 * @property {string[]} words
 * @property {number} unit
 * @property {number} word  from 1
 */

/**
 * @param {(unit: number, word: number) => void} choose
 * @returns {{element: HTMLElement, update: (inside: Inside) => void}}
 */
export function unitsBySteps(choose) {
  /** @type {string} */
  let wanted = "kept";
  /** @type {Inside | null} */
  let shown = null;
  const measure = selection("Show", (value) => {
    wanted = value;
    if (shown) update(shown);
  });
  const matrix = new Matrix({ choose, brush: () => {} });
  const reading = h("p", { class: "matrix-reading" });
  const element = h("div", {}, measure.element, matrix.element, reading);

  /** @param {Inside} inside */
  function update(inside) {
    shown = inside;
    const { name, learner, steps, words, unit, word } = inside;
    const { layer } = learner.reader;
    const gate = measureFor(layer, wanted);
    measure.update(
      measuresOf(layer).map((one) => [one, MEASURE_NAMES[one]]),
      gate,
    );
    const values = (/** @type {number} */ place) => valuesOf(steps[place - 1], gate);
    matrix.update({
      name: `${MEASURE_NAMES[gate]} of the units of the learning ${name}, a row a unit, a column a step`,
      units: steps[0].hidden.reduce((/** @type {number[]} */ units, _, i) => [...units, i], []),
      words: words.map((_, t) => t + 1),
      labels: words,
      values,
      gate,
      measure: MEASURE_NAMES[gate],
      colour: COLOURS[gate],
      unit,
      word,
      brushed: new Set(),
      held: () => learner.reader.held !== null && gate === learner.choice.gate,
    });
    const value = values(word)[unit].toFixed(2).replace("-", "\u2212");
    setText(
      reading,
      `Unit ${unit} at step ${word}, “${words[word - 1]}”: ${MEASURE_NAMES[gate]} ${value}.`,
    );
  }
  return { element, update };
}

/**
 * @param {RecurrentStep} step
 * @param {Measure} gate
 * @returns {Float64Array}
 */
function valuesOf(step, gate) {
  return /** @type {any} */ (step)[gate];
}
