// How well the networks do, by the updates they have had.

import { lineChart } from "../../app/charts.js";
import { h } from "../../app/dom.js";
import { percent } from "../../app/scales.js";
import { BATCH } from "../../learning/learner.js";
import { taskOf } from "../../learning/settings.js";
import { coloursOf, namesOf } from "./names.js";

/** @import {Mark, Race} from "../../learning/race.js" */
/** @import {Settings} from "../../learning/settings.js" */

const SHORTEST = 200; // updates that the axis has room for at the start
const GUESSING = "guessing";

/** @returns {{element: HTMLElement, update: (settings: Settings, race: Race) => void}} */
export function learningCurves() {
  const [loss, right] = [lineChart(), lineChart()];
  return {
    element: h("div", { class: "learn-curves" }, right.element, loss.element),
    update(settings, race) {
      const task = taskOf(settings);
      const names = namesOf(settings.choices);
      const end = axisEnd(race.updates());
      const x = {
        label: `updates, of ${BATCH} sequences each`,
        domain: /** @type {[number, number]} */ ([0, end]),
      };
      /** @param {(mark: Mark, i: number) => number} value @param {number} guess */
      const lines = (value, guess) => [
        { name: GUESSING, colour: "var(--soft)", dashed: true, points: level(guess, end) },
        ...names.map((name, i) => ({
          name,
          colour: coloursOf(settings.choices)[i],
          points: race.marks.map(
            (mark) => /** @type {[number, number]} */ ([mark.updates, value(mark, i)]),
          ),
        })),
      ];
      right.update({
        name: `Share of answers that are right, by updates: ${names.join(" and ")}`,
        x,
        y: { label: "answers that are right", domain: [0, 1], format: percent },
        lines: lines(({ evaluations }, i) => evaluations[i].right, task.guessRight),
      });
      const most = 1.2 * task.guessLoss;
      loss.update({
        name: `Loss by updates: ${names.join(" and ")}`,
        x,
        y: { label: task.answers ? "loss, nats" : "loss, squared error", domain: [0, most] },
        lines: lines(({ evaluations }, i) => Math.min(evaluations[i].loss, most), task.guessLoss),
      });
    },
  };
}

/**
 * @param {number} value
 * @param {number} end
 * @returns {[number, number][]} a line at one height
 */
function level(value, end) {
  return [
    [0, value],
    [end, value],
  ];
}

/**
 * @param {number} updates
 * @returns {number} a round number beyond them, so that the axis changes seldom
 */
function axisEnd(updates) {
  let end = SHORTEST;
  while (end < updates) end *= String(end).startsWith("2") ? 2.5 : 2;
  return end;
}
