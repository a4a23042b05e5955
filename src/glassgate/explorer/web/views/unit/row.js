/** The networks as a row of figures, each alive at the chosen word. */

import { h } from "../../app/dom.js";
import { drawNetwork } from "./networks.js";

/**
 * @typedef {import("../../app/app.js").App} App
 * @typedef {import("../../app/app.js").State} State
 * @typedef {import("../../app/app.js").Derived} Derived
 * @typedef {import("../../core/model.js").Model} Model
 * @typedef {import("./networks.js").Live} Live
 * @typedef {import("./networks.js").Kind} Kind
 */

const KINDS = /** @type {Kind[]} */ (["feedforward", "srn", "gru"]);
const SHOWN = 3; // units of a figure, and words that it expects

/**
 * Put the figures in a row.
 *
 * @param {App} app
 * @returns {{element: HTMLElement, update: import("../../app/app.js").Update}}
 */
export function createRow({ models, store }) {
  const figures = KINDS.map((kind) => ({
    kind,
    ...drawNetwork(kind, () => {
      const model = pick(models, kind, store.state.network);
      if (!model || model.name === store.state.network) return;
      store.set({ network: model.name, holds: [], units: [] });
    }),
  }));
  const element = h("div", { class: "network-row" }, ...figures.map((figure) => figure.element));
  return {
    element,
    update: (state, derived) => {
      for (const { kind, update } of figures) {
        const model = pick(models, kind, state.network);
        const live = model && readLive(model, state, derived);
        update(live, model !== null && model.name === state.network);
      }
    },
  };
}

/**
 * Find a network of a kind: the chosen one if it is of that kind, or else the first.
 *
 * @param {Map<string, Model>} models
 * @param {Kind} kind
 * @param {string} chosen
 * @returns {Model|null}
 */
function pick(models, kind, chosen) {
  const own = models.get(chosen);
  if (own && own.kind === kind) return own;
  return [...models.values()].find((model) => model.kind === kind) ?? null;
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Derived} derived
 * @returns {Live|null} null before a classifier's first word
 */
function readLive(model, state, derived) {
  const at = derived.at[model.name];
  if (at < 0) return null;
  const { layers } = model.network;
  const step = derived.runs[model.name].steps[at][Math.min(state.layer, layers.length - 1)];
  const count = Math.min(SHOWN, model.hiddenSize);
  const units = Array.from(
    { length: count },
    (_, place) => (state.unit + place) % model.hiddenSize,
  );
  const gru = step.kind === "gru" ? step : null;
  return {
    word: state.word === 0 ? "(start)" : derived.words[state.word - 1],
    units,
    before: units.map((unit) => step.previous[unit]),
    after: units.map((unit) => step.hidden[unit]),
    gates: gru
      ? units.map((unit) => ({
          reset: gru.reset[unit],
          kept: gru.kept[unit],
          candidate: gru.candidate[unit],
        }))
      : [],
    next: mostLikely(
      derived.next[model.name],
      derived.outcomes[model.name],
      model.task === "language" ? model.vocabulary.eos : -1,
    ),
  };
}

/**
 * @param {Float64Array} probabilities
 * @param {string[]} outcomes
 * @param {number} end where the end of the sentence stands among them
 * @returns {{word: string, probability: number}[]}
 */
function mostLikely(probabilities, outcomes, end) {
  const order = [...probabilities.keys()].sort(
    (one, other) => probabilities[other] - probabilities[one],
  );
  return order.slice(0, SHOWN).map((index) => ({
    word: index === end ? "(end)" : outcomes[index],
    probability: probabilities[index],
  }));
}
