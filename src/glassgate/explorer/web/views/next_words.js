// What comes next: the ten likeliest next words of every network, beside the grammar's own.

import { h, setText } from "../app/dom.js";
import { networkColour } from "../app/scales.js";
import { targetOf } from "../app/target.js";
import { COUNT, Column } from "./next_words/bars.js";
import { divergence, mostLikely, mostLikelyInTruth } from "./next_words/compare.js";
import { mountShares } from "./next_words/shares.js";

/** @typedef {import("../app/app.js").App} App */
/** @typedef {import("../app/app.js").State} State */
/** @typedef {import("../app/app.js").Derived} Derived */
/** @typedef {import("./next_words/compare.js").NextWord} NextWord */

const WORTH_NAMING = 0.01; // the least probability of a word that a hold took from the list
const EXPLANATION =
  "After each word, a network gives every word of its vocabulary a probability of coming next. " +
  "The ten likeliest are shown; choose one to ask about it below.";
const WITH_GRAMMAR =
  "The sentences come from a grammar, so we know the true probabilities. The divergence says how " +
  "far a network is from them: 0 bits is perfect. A striped bar is a word that the grammar never " +
  "says here.";
const CLASSES =
  "After each word, a classifier gives every class a probability, from what it has read so far.";

/** @type {import("../app/app.js").Mount} */
export function mountNextWords(section, app) {
  const place = h("p", { class: "next-place", "aria-live": "polite" });
  const grid = h("div", { class: "next-columns" });
  const truth = new Column("grammar", "The grammar", "var(--ink)", choose);
  /** @type {Map<string, Column>} */
  const columns = new Map();
  section.append(explanation(app), place, grid);
  const updateShares = mountShares(section, app);

  /** @param {string} next */
  function choose(next) {
    app.store.set({ target: { word: app.store.state.word, next } });
  }

  return (state, derived) => {
    addColumns(app, columns, grid, truth, choose);
    setText(place, placeText(state, derived));
    const lists = new Map([...columns.keys()].map((name) => [name, likeliest(derived, name)]));
    const expected = derived.truth ? mostLikelyInTruth(derived.truth, COUNT) : [];
    const scale = fullScale([...lists.values(), expected]);
    const target = targetOf(state, derived);
    for (const [name, column] of columns) {
      const { next, ghostNext, truth: expectation } = derived;
      if (!column.changes(next[name], ghostNext[name], expectation, scale, target)) continue;
      const words = lists.get(name) ?? [];
      column.update({ words, scale, target, ...facts(app, derived, name, words) });
    }
    truth.element.hidden = !app.grammar;
    const note = derived.truth ? "" : "does not allow the words so far";
    truth.update({
      words: expected,
      scale,
      note,
      target,
      ghost: null,
      gone: [],
      possible: () => true,
    });
    updateShares(state, derived);
  };
}

/** @param {App} app */
function explanation(app) {
  const classifiers = [...app.models.values()].every((model) => model.task === "classifier");
  if (classifiers) return h("p", {}, CLASSES);
  return h("p", {}, EXPLANATION, app.grammar && ` ${WITH_GRAMMAR}`);
}

/**
 * Models may come later, dropped on the page.
 *
 * @param {App} app
 * @param {Map<string, Column>} columns
 * @param {HTMLElement} grid
 * @param {Column} truth
 * @param {(next: string) => void} choose
 */
function addColumns(app, columns, grid, truth, choose) {
  for (const name of app.models.keys()) {
    if (columns.has(name)) continue;
    const column = new Column(name, name, networkColour(name), choose);
    columns.set(name, column);
    grid.append(column.element, truth.element);
  }
}

/** @param {State} state @param {Derived} derived */
function placeText(state, derived) {
  const read = derived.words.slice(0, state.word);
  if (!read.length) return "Before the first word:";
  const gap = derived.model.level === "characters" ? "" : " ";
  return `After “${read.length > 8 ? "… " : ""}${read.slice(-8).join(gap)}”:`;
}

/** @param {Derived} derived @param {string} name */
function likeliest(derived, name) {
  return mostLikely(derived.next[name], derived.outcomes[name], COUNT);
}

/**
 * The probability that fills a bar, the same in all columns.
 *
 * @param {NextWord[][]} lists
 */
function fullScale(lists) {
  const highest = Math.max(...lists.map((words) => words[0]?.probability ?? 0));
  return [0.1, 0.2, 0.4, 0.6, 0.8].find((scale) => scale >= highest) ?? 1;
}

/**
 * What a column says beside its words.
 *
 * @param {App} app
 * @param {Derived} derived
 * @param {string} name
 * @param {NextWord[]} words
 */
function facts(app, derived, name, words) {
  const { truth, next, ghostNext, outcomes } = derived;
  const held = next[name] !== ghostNext[name];
  const most = held ? mostLikely(ghostNext[name], outcomes[name], 3) : [];
  const before = most.filter(({ probability }) => probability >= WORTH_NAMING);
  const shown = new Set(words.map((one) => one.word));
  const language = app.models.get(name)?.task === "language";
  const known = language ? truth : null;
  return {
    note: known ? bits(app, derived, name) : "",
    ghost: held
      ? (/** @type {string} */ word) => ghostNext[name][outcomes[name].indexOf(word)]
      : null,
    gone: before.filter((one) => !shown.has(one.word)),
    possible: (/** @type {string} */ word) => !known || known.has(word),
  };
}

/** @param {App} app @param {Derived} derived @param {string} name */
function bits(app, derived, name) {
  const { truth, next, ghostNext } = derived;
  const model = app.models.get(name);
  if (!truth || !model) return "";
  const { words, unk } = model.vocabulary;
  const idOf = (/** @type {string} */ word) => {
    const id = words.indexOf(word);
    return id < 0 ? unk : id;
  };
  const now = divergence(truth, next[name], idOf).toFixed(3);
  if (next[name] === ghostNext[name]) return `${now} bits`;
  return `${now} bits, before ${divergence(truth, ghostNext[name], idOf).toFixed(3)}`;
}
