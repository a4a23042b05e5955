// What follows from the state: each network's run over the sentence, and what it predicts. Nothing is
// computed twice, so that a slider that moves recomputes the network whose gate it holds and no other.

import { outcomes, run, stepOf } from "../core/model.js";
import { MAX_WORDS } from "./state.js";

/** @typedef {import("../core/model.js").Model} Model */
/** @typedef {import("../core/model.js").Run} Run */
/** @typedef {import("../core/holds.js").Hold} Hold */
/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").State} State */
/** @typedef {{text: string, start: number, stop: number}} Token */

/**
 * @typedef {object} Derived
 * @property {Model} model the chosen network
 * @property {Token[]} tokens of the sentence, as the chosen network splits it; words count from 1
 * @property {string[]} words the same as the text spells them: word w is `words[w - 1]`
 * @property {boolean[]} unknown whether the chosen network does not know the word
 * @property {boolean} cut whether the text goes on after the words that are read
 * @property {Record<string, number[]>} ids of the words in each network's vocabulary, as `run` takes
 *   them: without `<bos>`
 * @property {Record<string, number>} at the step of each network after which the chosen word is read;
 *   -1 where there is none (a classifier before its first word)
 * @property {boolean} held whether something is held
 * @property {Record<string, Run>} runs with what is held
 * @property {Record<string, Run>} ghosts with nothing held: the same object where nothing is
 * @property {Record<string, Float64Array>} next probability of each outcome after the chosen word
 * @property {Record<string, Float64Array>} ghostNext the same with nothing held
 * @property {Record<string, string[]>} outcomes the words of the vocabulary, or the classes
 * @property {Map<string, number> | null} truth the grammar's own next words; null where there is no
 *   grammar or it does not allow the words so far
 */

/**
 * @param {Pick<App, "models" | "grammar">} app models may be added later
 * @returns {(state: State) => Derived}
 */
export function createDerive(app) {
  /** @type {Map<string, Reader>} */
  const readers = new Map();
  const truthOf = createTruth(app.grammar);
  const readerOf = (/** @type {Model} */ model) => {
    const known = readers.get(model.name);
    if (known?.model === model) return known;
    const reader = createReader(model);
    readers.set(model.name, reader);
    return reader;
  };

  return (state) => {
    const model = /** @type {Model} */ (app.models.get(state.network));
    const own = readerOf(model).read(state.text);
    const stop = state.word > 0 ? own.tokens[state.word - 1].stop : 0;
    const words = own.tokens.map(({ start, stop }) => state.text.slice(start, stop));
    /** @type {Derived} */
    const derived = {
      model,
      tokens: own.tokens,
      words,
      unknown: own.unknown,
      cut: own.cut,
      held: state.holds.length > 0,
      truth: truthOf(words, state.word),
      ids: {},
      at: {},
      runs: {},
      ghosts: {},
      next: {},
      ghostNext: {},
      outcomes: {},
    };
    for (const [name, other] of app.models) {
      const reader = readerOf(other);
      const holds = other === model ? state.holds : NONE;
      const { ids, tokens } = reader.read(state.text);
      const read = other === model ? state.word : tokens.filter((one) => one.stop <= stop).length;
      const done = reader.run(state.text, holds);
      const at = stepOf(done, read);
      derived.ids[name] = ids;
      derived.at[name] = at;
      derived.ghosts[name] = reader.run(state.text, NONE);
      derived.runs[name] = done;
      derived.ghostNext[name] = reader.predict(derived.ghosts[name], at);
      derived.next[name] = reader.predict(derived.runs[name], at);
      derived.outcomes[name] = reader.outcomes;
    }
    return derived;
  };
}

/** @type {Hold[]} */
const NONE = [];

/** @typedef {ReturnType<typeof createReader>} Reader */

/**
 * Remembers the last sentence of one model, its run with nothing held, and its last run with holds.
 *
 * @param {Model} model
 */
function createReader(model) {
  const { vocabulary } = model;
  const names = model.task === "classifier" ? model.classes : vocabulary.words;
  const read = remember((/** @type {string} */ text) => {
    const all = vocabulary.split(text);
    const ids = vocabulary.encode(text).slice(0, MAX_WORDS);
    return {
      tokens: all.slice(0, MAX_WORDS),
      cut: all.length > MAX_WORDS,
      unknown: ids.map((id) => id === vocabulary.unk),
      ids,
    };
  });
  const free = remember((/** @type {string} */ text) => run(model, read(text).ids, NONE));
  const held = remember((/** @type {string} */ text, /** @type {Hold[]} */ holds) =>
    run(model, read(text).ids, holds),
  );
  /** @type {WeakMap<Run, Map<number, Float64Array>>} */
  const predictions = new WeakMap();

  return {
    model,
    outcomes: names,
    read,
    /**
     * @param {string} text
     * @param {Hold[]} holds
     * @returns {Run}
     */
    run: (text, holds) => (holds.length ? held(text, holds) : free(text)),
    /**
     * @param {Run} done
     * @param {number} at
     * @returns {Float64Array} empty before the first step
     */
    predict(done, at) {
      if (at < 0) return new Float64Array(0);
      const known = predictions.get(done) ?? new Map();
      predictions.set(done, known);
      if (!known.has(at)) {
        known.set(at, outcomes(done, at));
      }
      return /** @type {Float64Array} */ (known.get(at));
    },
  };
}

/**
 * Keeps the last result of a function, for the same arguments.
 *
 * @template {unknown[]} Arguments
 * @template Result
 * @param {(...values: Arguments) => Result} compute
 * @returns {(...values: Arguments) => Result}
 */
export function remember(compute) {
  /** @type {{values: Arguments, result: Result} | null} */
  let last = null;
  return (...values) => {
    if (!last || values.some((value, place) => value !== last?.values[place])) {
      last = { values, result: compute(...values) };
    }
    return last.result;
  };
}

/** @param {import("../core/grammar.js").Grammar | null} grammar */
function createTruth(grammar) {
  /**
   * @param {string} sentence
   * @param {number} word
   */
  const compute = (sentence, word) => {
    if (!grammar) return null;
    let prefix = grammar.begin();
    for (const next of sentence.split("\n").slice(0, word)) {
      if (!grammar.nextWords(prefix).has(next.toLowerCase())) return null;
      prefix = grammar.read(prefix, next.toLowerCase());
    }
    return grammar.nextWords(prefix);
  };
  const remembered = remember(compute);
  return (/** @type {string[]} */ words, /** @type {number} */ word) =>
    remembered(words.join("\n"), word);
}
