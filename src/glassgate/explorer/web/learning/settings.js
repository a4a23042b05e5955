/**
 * What a person chooses to learn: a task, its length, a seed, one network or two in a race.
 *
 * In an address it reads `first:10:1;gru:16;srn:16`: the task, T and the seed; then each network
 * with its units, and what is held of it: `gru-held:16:reset=0.5`. What is left out is as in START.
 */

import { FORMS, MAX_UNITS, MIN_UNITS } from "./forms.js";
import { makeLearner } from "./learner.js";
import { makeRace } from "./race.js";
import { MAX_STEPS, MIN_STEPS, TASKS } from "./tasks.js";

/** @import {Choice, FormName} from "./forms.js" */
/** @import {Race} from "./race.js" */
/** @import {Task} from "./tasks.js" */

/**
 * @typedef {object} Settings
 * @property {string} task by its name
 * @property {number} T steps of a sequence
 * @property {number} seed
 * @property {Choice[]} choices one network, or two in a race
 */

/** The least and the most of each number. @type {Record<"T" | "seed" | "units", [number, number]>} */
export const RANGES = {
  T: [MIN_STEPS, MAX_STEPS],
  seed: [0, 9999],
  units: [MIN_UNITS, MAX_UNITS],
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
 * @param {Settings} settings
 * @returns {string}
 */
export function formatSettings({ task, T, seed, choices }) {
  const networks = choices.map(({ form, units, gate, value }) => {
    return FORMS[form].holds ? `${form}:${units}:${gate}=${value}` : `${form}:${units}`;
  });
  return [`${task}:${T}:${seed}`, ...networks].join(";");
}

/**
 * @param {string} text as `formatSettings` writes it, or the beginning of that; empty for START
 * @returns {Settings}
 * @throws {Error} in one sentence
 */
export function parseSettings(text) {
  const [first, ...networks] = text.split(";");
  const [task = "", T, seed, ...rest] = first.split(":");
  if (rest.length || networks.length > 2) {
    throw new Error(`learn must read TASK:T:SEED;NETWORK:UNITS, got ${JSON.stringify(text)}.`);
  }
  return {
    task: readName("task", task || START.task, [...TASKS.keys()]),
    T: readNumber("T", T, START.T, RANGES.T),
    seed: readNumber("seed", seed, START.seed, RANGES.seed),
    choices: networks.length ? networks.map(parseChoice) : START.choices,
  };
}

/**
 * @param {string} text
 * @param {number} place
 * @returns {Choice}
 */
function parseChoice(text, place) {
  const standard = START.choices[place];
  const [name, units, held, ...rest] = text.split(":");
  const form = /** @type {FormName} */ (readName("network", name, Object.keys(FORMS)));
  const choice = {
    ...standard,
    form,
    units: readNumber("units", units, standard.units, RANGES.units),
  };
  if (held === undefined) return choice;
  const [, gate, value] = /^(reset|kept)=([\d.]+)$/.exec(held) ?? [];
  if (!FORMS[form].holds || !gate || !(Number(value) <= 1) || rest.length) {
    throw new Error(
      `what a network holds while it learns must read gru-held:16:reset=0.5, got ${JSON.stringify(text)}.`,
    );
  }
  return { ...choice, gate: gate === "kept" ? "kept" : "reset", value: Number(value) };
}

/**
 * @param {string} what
 * @param {string} text
 * @param {string[]} names
 */
function readName(what, text, names) {
  if (names.includes(text)) return text;
  throw new Error(`${what} must be one of ${names.join(", ")}, got ${JSON.stringify(text)}.`);
}

/**
 * @param {string} what
 * @param {string | undefined} text
 * @param {number} standard
 * @param {[number, number]} range
 */
function readNumber(what, text, standard, [least, most]) {
  if (text === undefined) return standard;
  const number = Number(text);
  if (/^\d{1,4}$/.test(text) && number >= least && number <= most) return number;
  throw new Error(
    `${what} must be a whole number from ${least} to ${most}, got ${JSON.stringify(text)}.`,
  );
}
