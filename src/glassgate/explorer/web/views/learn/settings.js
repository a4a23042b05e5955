/** What a person chooses to learn, and what the networks of a race are called. No DOM. */

import { FORMS, MAX_UNITS, MIN_UNITS } from "../../learning/forms.js";
import { makeLearner } from "../../learning/learner.js";
import { makeRace } from "../../learning/race.js";
import { MAX_STEPS, MIN_STEPS, TASKS } from "../../learning/tasks.js";

/** @import {Choice} from "../../learning/forms.js" */
/** @import {Race} from "../../learning/race.js" */
/** @import {Task} from "../../learning/tasks.js" */

/**
 * @typedef {object} Settings
 * @property {string} task
 * @property {number} T  steps of a sequence
 * @property {number} seed
 * @property {Choice[]} choices  one network, or two in a race
 */

/** @type {Record<"units" | "T" | "seed", [number, number]>} */
export const RANGES = {
  units: [MIN_UNITS, MAX_UNITS],
  T: [MIN_STEPS, MAX_STEPS],
  seed: [0, 9999],
};

/** @type {Settings} */
export const START = {
  task: "first",
  T: 10,
  seed: 1,
  choices: [
    { form: "gru", units: 16, gate: "reset", value: 1 },
    { form: "srn", units: 16, gate: "reset", value: 1 },
  ],
};

/**
 * @param {Settings} settings
 * @returns {Task}
 */
export function taskOf({ task }) {
  return /** @type {Task} */ (TASKS.get(task));
}

/**
 * Put the networks at the start: nothing learned.
 *
 * @param {Settings} settings
 * @returns {Race}
 */
export function startRace(settings) {
  const { choices, T, seed } = settings;
  return makeRace(choices.map((choice) => makeLearner(choice, taskOf(settings), T, seed)));
}

/**
 * The names of the networks in charts and sentences: as short as tells them apart.
 *
 * @param {Choice[]} choices
 * @returns {string[]}
 */
export function namesOf(choices) {
  const ways = [
    (/** @type {Choice} */ choice) => shortName(choice),
    (/** @type {Choice} */ choice) => `${shortName(choice)}, ${choice.units} units`,
    (/** @type {Choice} */ choice, /** @type {number} */ i) => `${shortName(choice)} ${"AB"[i]}`,
  ];
  const found = ways.map((way) => choices.map(way));
  return found.find((names) => new Set(names).size === names.length) ?? found[0];
}

/** @param {Choice} choice */
function shortName({ form, gate, value }) {
  return form === "gru-held" ? `GRU, ${gate} ${value}` : FORMS[form].title;
}

/**
 * The colours of the networks: those of their kinds, and another one for a second of the same kind.
 *
 * @param {Choice[]} choices
 * @returns {string[]} CSS
 */
export function coloursOf(choices) {
  return choices.map(({ form }, i) => {
    const { kind } = FORMS[form];
    const taken = i > 0 && FORMS[choices[0].form].kind === kind;
    return taken ? "var(--network-other)" : `var(--network-${kind})`;
  });
}
