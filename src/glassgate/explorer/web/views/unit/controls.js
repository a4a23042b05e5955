/** Which unit is drawn, in which convention, and the player of its computation. */

import { h, repeat, setAttributes } from "../../app/dom.js";

/**
 * @typedef {import("../../app/app.js").App} App
 * @typedef {import("../../app/app.js").State} State
 * @typedef {import("../../app/app.js").Derived} Derived
 * @typedef {import("./player.js").Player} Player
 */

/** Names of the two conventions, and what each says. */
const CONVENTIONS = /** @type {const} */ ([
  ["keeps", "z keeps", "z is the share of the old state that is kept"],
  ["writes", "z writes", "z is the share of the candidate that is written"],
]);

/**
 * Make the controls.
 *
 * @param {App} app
 * @param {Player} player
 */
export function createControls({ store }, player) {
  const unit = h("input", {
    type: "number",
    min: 0,
    class: "unit-number",
    on: { change: () => store.set({ unit: Number(unit.value) }) },
  });
  const step = (/** @type {number} */ by) => store.set({ unit: store.state.unit + by });
  const before = button("−", () => step(-1), { "aria-label": "Previous unit" });
  const after = button("+", () => step(1), { "aria-label": "Next unit" });
  const layer = h("select", { on: { change: () => store.set({ layer: Number(layer.value) }) } });
  const layers = h("label", { class: "unit-choice" }, "Layer ", layer);
  const count = h("span", { class: "soft" });
  const conventions = CONVENTIONS.map(([name, text, title]) =>
    button(text, () => store.set({ convention: name }), { title, "data-convention": name }),
  );
  const group = { class: "choice", role: "group", "aria-label": "Convention of the update gate" };
  const convention = h("div", group, ...conventions);
  const play = button("Play", () => (player.playing ? player.pause() : player.play()), {
    class: "play",
  });
  const next = button("Next operation", () => player.step());
  const whole = button("Show all", () => player.stop());
  const playing = h(
    "div",
    { class: "choice", role: "group", "aria-label": "Computation" },
    play,
    next,
    whole,
  );
  const choice = h(
    "div",
    { class: "unit-choice" },
    h("label", {}, "Unit ", unit),
    before,
    after,
    count,
  );
  const element = h("div", { class: "unit-controls" }, layers, choice, convention, playing);

  function showPlayer() {
    play.textContent = player.playing ? "Pause" : "Play";
    whole.disabled = player.stage === null;
  }
  showPlayer();

  /**
   * @param {State} state
   * @param {Derived} derived
   */
  function update(state, { model }) {
    const size = model.network.layers.length;
    layers.hidden = size === 1;
    repeat(
      layer,
      Array.from({ length: size }, (_, index) => index),
      (index) => h("option", { value: index }, String(index)),
      () => {},
    );
    layer.value = String(state.layer);
    unit.max = String(model.hiddenSize - 1);
    unit.value = String(state.unit);
    before.disabled = state.unit === 0;
    after.disabled = state.unit === model.hiddenSize - 1;
    count.textContent = `of 0 to ${model.hiddenSize - 1}`;
    convention.hidden = model.kind !== "gru";
    for (const one of conventions) {
      setAttributes(one, { "aria-pressed": String(one.dataset.convention === state.convention) });
    }
  }
  return { element, update, showPlayer };
}

/**
 * @param {string} text
 * @param {() => void} click
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLButtonElement}
 */
function button(text, click, attributes = {}) {
  return h("button", { type: "button", ...attributes, on: { click } }, text);
}
