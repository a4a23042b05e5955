// Whose gates are held: one unit, those brushed, those that remember longest, or all.

import { h, setText } from "../../app/dom.js";
import { longestFifth } from "../layer/sample.js";

/** @typedef {import("../../app/app.js").App} App */
/** @typedef {import("../../app/app.js").State} State */
/** @typedef {import("../../app/app.js").Derived} Derived */
/** @typedef {import("../../core/holds.js").Hold} Hold */
/** @typedef {"unit" | "brushed" | "longest" | "all"} Who */
/** @typedef {{units: number[] | "all", text: string}} Group */

/** @param {App} app @param {State} state @param {Derived} derived @returns {Record<Who, Group>} */
export function groupsOf(app, state, { model }) {
  const brushed = [...state.units].sort((one, other) => one - other);
  const longest = longestFifth(app, model, state.layer);
  return {
    unit: { units: [state.unit], text: `unit ${state.unit}` },
    brushed: {
      units: brushed,
      text: brushed.length ? `${brushed.length} brushed` : "brushed in the layer (none yet)",
    },
    longest: { units: longest, text: `the longest-remembering fifth (${longest.length})` },
    all: { units: "all", text: `all ${model.hiddenSize}` },
  };
}

/**
 * The group that a hold is of, if it is one of these.
 *
 * @param {Record<Who, Group>} groups
 * @param {Hold} hold
 */
export function groupOf(groups, hold) {
  const whos = /** @type {Who[]} */ (Object.keys(groups));
  return whos.find((who) => String(groups[who].units) === String(hold.units));
}

/**
 * @param {HTMLElement} parent
 * @param {(who: Who) => void} choose
 * @returns {(groups: Record<Who, Group>, chosen: Who) => void}
 */
export function makeRadios(parent, choose) {
  const whos = /** @type {Who[]} */ (["unit", "brushed", "longest", "all"]);
  const parts = whos.map((who) => {
    const input = h("input", {
      type: "radio",
      name: "who",
      value: who,
      on: { change: () => choose(who) },
    });
    const text = h("span", {});
    parent.append(h("label", {}, input, " ", text));
    return { who, input, text };
  });
  return (groups, chosen) => {
    for (const { who, input, text } of parts) {
      setText(text, groups[who].text);
      input.checked = who === chosen;
      input.disabled = groups[who].units.length === 0;
    }
  };
}
