// A sequence that the networks were not trained on, and what they answer after its last step.

import { h, repeat, setAttributes, setText } from "../../app/dom.js";
import { percent } from "../../app/scales.js";
import { answer, readState } from "../../learning/reader.js";

/** @import {Learner} from "../../learning/learner.js" */
/** @import {RecurrentStep} from "../../learning/reader.js" */
/** @import {Sequence, Task} from "../../learning/tasks.js" */

/**
 * @typedef {object} Asked
 * @property {Task} task
 * @property {Sequence} sequence
 * @property {{name: string, colour: string, learner: Learner, steps: RecurrentStep[]}[]} networks
 * @property {number} word  the chosen one, from 1
 */

/**
 * @param {(word: number) => void} choose
 * @returns {{element: HTMLElement, update: (asked: Asked) => void}}
 */
export function answers(choose) {
  const words = h("div", { class: "learn-words", role: "group", "aria-label": "Steps" });
  const list = h("ul", { class: "learn-answers" });
  return {
    element: h("div", {}, words, list),
    update({ task, sequence, networks, word }) {
      repeat(
        words,
        task.words(sequence),
        (place) => h("button", { type: "button", on: { click: () => choose(place + 1) } }),
        (button, text, place) => {
          setText(button, text);
          setAttributes(button, {
            "aria-current": place + 1 === word ? "true" : null,
            "data-relevant": sequence.relevant.includes(place),
            "aria-label": sequence.relevant.includes(place) ? `${text}, which decides` : null,
          });
        },
      );
      repeat(
        list,
        networks,
        () => h("li", {}, h("b"), h("span")),
        (item, network) => {
          const [name, says] = item.children;
          const last = network.steps[network.steps.length - 1].hidden;
          const values = answer(task, readState(network.learner.reader, last));
          const [text, right] = say(task, values, sequence.target);
          item.style.setProperty("--network", network.colour);
          setAttributes(item, { "data-right": String(right) });
          setText(name, network.name);
          setText(says, ` ${text}`);
        },
      );
    },
  };
}

/**
 * @param {Task} task
 * @param {Float64Array} values  probabilities, or the number
 * @param {number} target
 * @returns {[string, boolean]} the answer as a sentence, and whether it is right
 */
function say(task, values, target) {
  if (!task.answers) {
    const error = Math.abs(values[0] - target);
    const off = `off by ${error.toFixed(2)}`;
    return [`says ${values[0].toFixed(2)}; right is ${target.toFixed(2)}, ${off}.`, error < 0.08];
  }
  const best = values.indexOf(Math.max(...values));
  const sure = `${task.answers[best]} with ${percent(values[best])}`;
  return best === target
    ? [`says ${sure}, which is right.`, true]
    : [`says ${sure}; right is ${task.answers[target]}.`, false];
}
