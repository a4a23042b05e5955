// The state of the page: what it is at the start, and what makes it possible for the models at hand.

import { holdFault } from "../core/holds.js";

/** @typedef {import("./app.js").State} State */
/** @typedef {import("../core/model.js").Model} Model */
/** @typedef {import("../core/holds.js").Hold} Hold */

export const MAX_WORDS = 200; // or characters, of a sentence that the page reads

const SEED_SENTENCE = "the boy fell down and hurt";

/**
 * @param {Map<string, Model>} models
 * @param {string} text that the page opens with; if empty, a sentence that the models know
 * @returns {State}
 */
export function firstState(models, text) {
  const [first] = models.values();
  const shown = text || (knows(first, SEED_SENTENCE) ? SEED_SENTENCE : "");
  return {
    text: shown,
    word: Number.MAX_SAFE_INTEGER, // the last one
    network: models.has("gru") ? "gru" : first.name,
    layer: 0,
    unit: 0,
    units: [],
    holds: [],
    convention: "keeps",
    measure: "kept",
    sort: "span",
    target: null,
    distance: 0,
    cue: "",
    learn: "",
    tour: 0,
  };
}

/**
 * Return the state with every number in the range that the chosen network and sentence allow.
 *
 * @param {State} state
 * @param {Map<string, Model>} models
 * @returns {State}
 */
export function fitState(state, models) {
  const [first] = models.values();
  const model = models.get(state.network) ?? first;
  const layers = model.network.layers.length;
  const words = Math.min(model.vocabulary.split(state.text).length, MAX_WORDS);
  const possible = (/** @type {Hold} */ hold) => holdFault(model.network, hold) === null;
  const within = (/** @type {number} */ unit) => unit >= 0 && unit < model.hiddenSize;
  return {
    ...state,
    network: model.name,
    word: clip(state.word, 0, words),
    layer: clip(state.layer, 0, layers - 1),
    unit: clip(state.unit, 0, model.hiddenSize - 1),
    units: state.units.every(within) ? state.units : state.units.filter(within),
    holds: state.holds.every(possible) ? state.holds : state.holds.filter(possible),
  };
}

/**
 * @param {Model} model
 * @param {string} text
 * @returns {boolean} whether every word of the text is in the vocabulary
 */
export function knows(model, text) {
  const { vocabulary } = model;
  return vocabulary.encode(text).every((id) => id !== vocabulary.unk);
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clip(value, least, most) {
  return Math.min(Math.max(Math.round(value) || 0, least), Math.max(most, least));
}
