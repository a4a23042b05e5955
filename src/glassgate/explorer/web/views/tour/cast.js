/**
 * What the tour talks about: the networks, one unit that matters, and numbers. Everything is
 * computed from the models of this page, so that each statement is true of them.
 */

import { gradientByWord } from "../../core/gradient.js";
import { nextWords, run, stepOf } from "../../core/model.js";

/**
 * @typedef {import("../../core/model.js").Model} Model
 * @typedef {import("../../core/holds.js").Hold} Hold
 * @typedef {import("../../core/grammar.js").Grammar} Grammar
 */

export const SENTENCE = "the boy fell down and hurt";
export const TWIN = "the girl fell down and hurt";
export const LONG = "the boy who the dogs near the house chased fell down and hurt";
const KINDS = /** @type {const} */ (["feedforward", "srn", "gru"]);

/**
 * Holds that let nothing of the past through.
 *
 * @param {Hold["units"]} units
 * @returns {Hold[]}
 */
export function forgetting(units) {
  return [{ layer: 0, units, kept: 0, reset: 0, from: 0 }];
}

export class Cast {
  /**
   * @param {Record<"feedforward"|"srn"|"gru", Model>} models
   * @param {Grammar|null} grammar
   */
  constructor(models, grammar) {
    this.models = models;
    this.grammar = grammar;
    /** @type {number|null} */
    this.foundCarrier = null;
  }

  /**
   * Choose the networks that the tour needs: a feedforward network, an SRN and a GRU that know its
   * sentences.
   *
   * @param {Map<string, Model>} models
   * @param {Grammar|null} grammar
   * @returns {Cast|null} null where one is missing
   */
  static choose(models, grammar) {
    /** @type {Record<string, Model>} */
    const found = {};
    for (const model of models.values()) {
      if (!(model.kind in found) && knowsTour(model)) found[model.kind] = model;
    }
    if (KINDS.some((kind) => !(kind in found))) return null;
    return new Cast({ feedforward: found.feedforward, srn: found.srn, gru: found.gru }, grammar);
  }

  /**
   * The probability of a next word after a text.
   *
   * @param {"feedforward"|"srn"|"gru"} kind
   * @param {string} next
   * @param {string} text
   * @param {Hold[]} [holds]
   * @returns {number} 0..1
   */
  chance(kind, next, text, holds = []) {
    const { probabilities, model } = this.predict(kind, text, holds);
    return probabilities[model.vocabulary.words.indexOf(next)];
  }

  /**
   * The share of a class of words among the next words after a text.
   *
   * @param {string} name
   * @param {string} text
   * @param {Hold[]} [holds]
   * @returns {number} 0..1
   */
  share(name, text, holds = []) {
    const { probabilities, model } = this.predict("gru", text, holds);
    const own = model.vocabulary.words.map((word) => this.grammar?.wordClass(word) === name);
    return probabilities.reduce((sum, probability, id) => sum + (own[id] ? probability : 0), 0);
  }

  /**
   * @param {"feedforward"|"srn"|"gru"} kind
   * @param {string} text
   * @param {Hold[]} holds
   */
  predict(kind, text, holds) {
    const model = this.models[kind];
    const done = run(model, model.vocabulary.encode(text), holds);
    return { model, probabilities: nextWords(done, done.steps.length - 1) };
  }

  /** The unit of the GRU whose loss most turns "his" into "her" after the boy. */
  get carrier() {
    if (this.foundCarrier !== null) return this.foundCarrier;
    const units = [...Array(this.models.gru.hiddenSize).keys()];
    const shares = units.map((unit) => {
      const [his, her] = ["his", "her"].map((next) =>
        this.chance("gru", next, SENTENCE, forgetting([unit])),
      );
      return his / (his + her);
    });
    this.foundCarrier = shares.indexOf(Math.min(...shares));
    return this.foundCarrier;
  }

  /**
   * The first layer's step of the GRU that reads a word.
   *
   * @param {string} text
   * @param {number} word
   */
  step(text, word) {
    const model = this.models.gru;
    const done = run(model, model.vocabulary.encode(text));
    const [step] = done.steps[stepOf(done, word)];
    if (step.kind !== "gru") throw new Error(`the network ${model.name} is not a GRU`);
    return step;
  }

  /**
   * The units that keep the most, the least, and most nearly half at a word.
   *
   * @param {string} text
   * @param {number} word
   * @returns {{kept: Float64Array, most: number, least: number, between: number}}
   */
  examples(text, word) {
    const { kept } = this.step(text, word);
    const shares = [...kept];
    const distances = shares.map((share) => Math.abs(share - 0.5));
    return {
      kept,
      most: shares.indexOf(Math.max(...shares)),
      least: shares.indexOf(Math.min(...shares)),
      between: distances.indexOf(Math.min(...distances)),
    };
  }

  /**
   * The size of the gradient of a prediction at an earlier word, as a multiple of its size at the
   * last word.
   *
   * @param {"srn"|"gru"} kind
   * @param {string} text
   * @param {number} word
   * @param {string} next
   * @returns {number}
   */
  reach(kind, text, word, next) {
    const model = this.models[kind];
    const done = run(model, model.vocabulary.encode(text));
    const last = done.steps.length - 1;
    const sizes = gradientByWord(done, last, model.vocabulary.words.indexOf(next));
    return sizes[stepOf(done, word)] / sizes[last];
  }
}

/**
 * @param {Model} model
 * @returns {boolean} whether it predicts next words and knows those of the tour
 */
function knowsTour({ task, level, vocabulary }) {
  if (task !== "language" || level !== "words") return false;
  const words = `${SENTENCE} ${TWIN} ${LONG} his her`;
  return vocabulary.encode(words).every((id) => id !== vocabulary.unk);
}
