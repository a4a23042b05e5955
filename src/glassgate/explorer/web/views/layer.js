// The layer: all units at all words, and the words of the example text at which they do the same.

import { h, repeat, setAttributes, setStyle, setText, showOptions } from "../app/dom.js";
import { Matrix } from "./layer/matrix.js";
import { spansOf } from "./layer/sample.js";
import { mountSearch } from "./layer/search.js";
import {
  GATE_MEASURES,
  MEASURE_NAMES,
  measureFor,
  measuresOf,
  orderUnits,
  page,
} from "./layer/values.js";

/** @typedef {import("../app/app.js").App} App */
/** @typedef {import("../app/app.js").State} State */
/** @typedef {import("../app/app.js").Derived} Derived */
/** @typedef {import("../core/model.js").Run} Run */
/** @typedef {import("./layer/values.js").Measure} Measure */

const EXPLANATION =
  "Each row is a unit, each column a word, and the colour says what the unit does there. Choose a " +
  "cell to look into that unit at that word; drag over rows to brush units, and hold them or look " +
  "up where else they do the same.";
const KEYS =
  "Keys: arrows move, Page Up and Page Down jump ten units, Space brushes a unit, Shift with an " +
  "arrow brushes on, Escape brushes none.";
const NO_GATES = "This network has no gates: its units have a state alone.";

/** @type {Record<Measure, string>} */
const COLOURS = {
  kept: "var(--wire-hidden)",
  reset: "var(--wire-reset)",
  candidate: "var(--wire-candidate)",
  hidden: "var(--state-positive)",
};
const START = "\u2022"; // stands for the start of the text, as in the sentence
const SORTS = { span: "memory span", index: "index", word: "value at the chosen word" };
const MOST = { units: 128, words: 60 }; // rows and columns that are shown at once

/** @type {import("../app/app.js").Mount} */
export function mountLayer(section, app) {
  const { store } = app;
  const measure = selection("Show", (value) =>
    store.set({ measure: /** @type {Measure} */ (value) }),
  );
  const sort = selection("Sort by", (value) =>
    store.set({ sort: /** @type {keyof typeof SORTS} */ (value) }),
  );
  const layer = selection("Layer", (value) => store.set({ layer: Number(value) }));
  const clear = h(
    "button",
    { type: "button", on: { click: () => store.set({ units: [] }) } },
    "Brush none",
  );
  const matrix = new Matrix({
    choose: (unit, word) => store.set({ unit, word }),
    brush: (units) => store.set({ units }),
  });
  const reading = h("p", { class: "matrix-reading", role: "status" });
  const legend = h("div", { class: "matrix-legend soft" });
  section.append(
    h("p", {}, EXPLANATION),
    h("div", { class: "row" }, measure.element, sort.element, layer.element, clear),
    legend,
    matrix.element,
    reading,
    h("p", { class: "soft" }, KEYS),
  );
  const updateSearch = mountSearch(section, app);

  return (state, derived) => {
    const view = viewOf(app, state, derived);
    measure.update(
      measuresOf(view.layer).map((name) => [name, MEASURE_NAMES[name]]),
      view.measure,
    );
    sort.update(
      Object.entries(SORTS).filter(([name]) => name !== "span" || view.spans),
      view.sort,
    );
    const layers = derived.model.network.layers.map((_, place) => [`${place}`, `${place}`]);
    layer.update(/** @type {[string, string][]} */ (layers), String(state.layer));
    layer.element.hidden = layers.length < 2;
    clear.disabled = !state.units.length;
    matrix.update(shownOf(state, derived, view));
    showLegend(legend, view);
    setText(reading, readingText(state, derived, view));
    updateSearch(state, derived);
  };
}

/**
 * @typedef {object} View
 * @property {import("../core/cells.js").Layer} layer
 * @property {Measure} measure
 * @property {string} sort
 * @property {ArrayLike<number> | null} spans of the units, in steps
 * @property {number[]} order of all units
 * @property {(word: number) => ArrayLike<number>} values
 */

/**
 * @param {App} app
 * @param {State} state
 * @param {Derived} derived
 * @returns {View}
 */
function viewOf(app, state, derived) {
  const { model } = derived;
  const layer = model.network.layers[state.layer];
  const measure = measureFor(layer, state.measure);
  const spans = spansOf(app, model, state.layer);
  const sort = state.sort === "span" && !spans ? "index" : state.sort;
  const run = derived.runs[model.name];
  const values = (/** @type {number} */ word) => valuesAt(run, word, state.layer, measure);
  const chosen = values(Math.max(state.word, run.firstWord));
  return {
    layer,
    measure,
    sort,
    spans,
    values,
    order: orderUnits(sort, layer.hiddenSize, spans, chosen),
  };
}

/** @param {Run} run @param {number} word @param {number} layer @param {Measure} measure */
function valuesAt(run, word, layer, measure) {
  const step = /** @type {any} */ (run.steps[word - run.firstWord]?.[layer]);
  return step ? step[measure] : [];
}

/** @param {State} state @param {Derived} derived @param {View} view */
function shownOf(state, derived, { measure, order, values }) {
  const run = derived.runs[state.network];
  const rows = page(order.length, order.indexOf(state.unit), MOST.units);
  const columns = page(run.steps.length, state.word - run.firstWord, MOST.words);
  const words = range(columns).map((step) => step + run.firstWord);
  const held = new Set(
    state.holds
      .filter((hold) => hold.layer === state.layer)
      .flatMap((hold) => (hold.units === "all" ? [] : hold.units)), // all need no mark
  );
  return {
    name: `${MEASURE_NAMES[measure]} of the units of ${state.network}, a row a unit, a column a word`,
    units: order.slice(rows.start, rows.stop),
    words,
    labels: words.map((word) => (word ? derived.words[word - 1] : START)),
    values,
    gate: measure,
    measure: MEASURE_NAMES[measure],
    colour: COLOURS[measure],
    unit: state.unit,
    word: state.word,
    brushed: new Set(state.units),
    held: (/** @type {number} */ unit) => held.has(unit),
  };
}

/** @param {{start: number, stop: number}} part */
function range({ start, stop }) {
  return Array.from({ length: stop - start }, (_, place) => start + place);
}

/** @param {HTMLElement} parent @param {View} view */
function showLegend(parent, { layer, measure, sort, spans }) {
  const signed = !GATE_MEASURES.has(measure);
  const parts = [signed ? "\u22121" : "0", "", "1"];
  repeat(
    parent,
    [...parts, ""],
    () => h("span", {}),
    (part, text, place) => {
      setText(part, text);
      if (place === 1) {
        setAttributes(part, { class: signed ? "scale signed" : "scale" });
        setStyle(part, "--positive", COLOURS[measure]);
      }
    },
  );
  const order = sort === "span" ? "The unit with the longest memory comes first." : "";
  const none = layer.kind === "gru" || layer.kind === "lstm" ? "" : NO_GATES;
  setText(/** @type {Element} */ (parent.lastElementChild), spans ? order : none);
}

/** @param {State} state @param {Derived} derived @param {View} view */
function readingText(state, derived, { layer, spans }) {
  const run = derived.runs[state.network];
  const word = state.word ? `“${derived.words[state.word - 1]}”` : "the start";
  const parts = measuresOf(layer).map((name) => {
    const value = valuesAt(run, state.word, state.layer, name)[state.unit];
    return value === undefined
      ? ""
      : `${MEASURE_NAMES[name]} ${value.toFixed(2)}`.replace("-", "\u2212");
  });
  const span = spans ? `, memory span ${spanText(spans[state.unit])}` : "";
  return `Unit ${state.unit} at ${word}: ${parts.filter(Boolean).join(", ")}${span}.`;
}

/** @param {number} steps */
function spanText(steps) {
  return Number.isFinite(steps) ? `${steps.toFixed(1)} words` : "without end";
}

/**
 * A labelled select.
 *
 * @param {string} label
 * @param {(value: string) => void} choose
 */
function selection(label, choose) {
  const select = h("select", { on: { change: () => choose(select.value) } });
  const element = h("label", { class: "labelled" }, `${label} `, select);
  /** @param {[string, string][]} options value and text @param {string} chosen */
  const update = (options, chosen) => showOptions(select, options, chosen);
  return { element, update };
}
