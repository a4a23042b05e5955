/**
 * The unit: the drawing of one unit at one word with its live numbers, the equations beneath it
 * with the same numbers put in, five units as columns of numbers, and the networks that are made
 * of such units.
 */

import { h } from "../app/dom.js";
import { createControls } from "./unit/controls.js";
import { createDiagram } from "./unit/diagram.js";
import { heldOf } from "./unit/held.js";
import { createRow } from "./unit/row.js";
import { chooseUnits, createVectors, meanKept } from "./unit/vectors.js";

/**
 * @typedef {import("../app/app.js").State} State
 * @typedef {import("../app/app.js").Derived} Derived
 * @typedef {import("../core/cells.js").GRUStep} GRUStep
 */

/** @type {import("../app/app.js").Mount} */
export function mountUnit(section, app) {
  const { store } = app;
  const diagram = createDiagram({ onStage: () => controls.showPlayer() });
  const controls = createControls(app, diagram.player);
  const vectors = createVectors((unit) => store.set({ unit }));
  const row = createRow(app);
  const empty = h(
    "p",
    { class: "soft" },
    "Choose a word of the sentence: the unit has not read any yet.",
  );
  const columns = h(
    "div",
    { class: "unit-vectors" },
    h("h3", {}, "Five units side by side"),
    h(
      "p",
      { class: "soft" },
      "The layer does the same for all its units at once. Choose one by its number.",
    ),
    vectors.element,
  );
  const networks = h(
    "div",
    { class: "unit-networks" },
    h("h3", {}, "The networks they make"),
    h(
      "p",
      { class: "soft" },
      "Three units of each, coloured by their state: orange above 0, blue below.",
    ),
    row.element,
  );
  section.append(controls.element, empty, diagram.element, columns, networks);
  /** @type {unknown[]} */
  let shown = [];

  return (state, derived) => {
    const run = derived.runs[state.network];
    const parts = [
      run,
      state.word,
      state.layer,
      state.unit,
      state.units,
      state.convention,
      derived.next,
    ];
    if (parts.every((part, place) => part === shown[place])) return;
    shown = parts;
    controls.update(state, derived);
    const at = derived.at[state.network];
    empty.hidden = at >= 0;
    diagram.element.hidden = at < 0;
    columns.hidden = at < 0 || derived.model.kind !== "gru";
    row.update(state, derived);
    if (at < 0) return;
    showUnit(state, derived, at);
  };

  /**
   * @param {State} state
   * @param {Derived} derived
   * @param {number} at the step
   */
  function showUnit({ network, layer: place, unit, units, word, convention }, derived, at) {
    const run = derived.runs[network];
    const layer = derived.model.network.layers[place];
    const step = run.steps[at][place];
    const held = heldOf(run, at, place, unit);
    const read = word === 0 ? "the start" : `“${derived.words[word - 1]}”`;
    const text = place === 0 ? read : `${read}, through layer ${place - 1}`;
    diagram.show({ layer, step, unit, word, text, held, convention });
    if (step.kind !== "gru") return;
    const steps = /** @type {GRUStep[]} */ (run.steps.map((layers) => layers[place]));
    const shownUnits = chooseUnits(unit, units, meanKept(steps));
    vectors.update(step, shownUnits, { chosen: unit, word, convention });
  }
}
