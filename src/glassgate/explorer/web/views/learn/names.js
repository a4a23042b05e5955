// What the networks of a race are called, and their colours.

import { FORMS } from "../../learning/forms.js";

/** @import {Choice} from "../../learning/forms.js" */

/**
 * The names of the networks in charts and sentences: as short as tells them apart.
 *
 * @param {Choice[]} choices
 * @returns {string[]}
 */
export function namesOf(choices) {
  const ways = [
    (/** @type {Choice} */ choice) => shortName(choice),
    (/** @type {Choice} */ choice) => `${shortName(choice)}, ${choice.units} units`,
    (/** @type {Choice} */ choice, /** @type {number} */ i) => `${shortName(choice)} ${"AB"[i]}`,
  ];
  const found = ways.map((way) => choices.map(way));
  return found.find((names) => new Set(names).size === names.length) ?? found[0];
}

/** @param {Choice} choice */
function shortName({ form, gate, value }) {
  return form === "gru-held" ? `GRU, ${gate} ${value}` : FORMS[form].title;
}

/**
 * The colours of the networks: those of their kinds, and another one for a second of the same kind.
 *
 * @param {Choice[]} choices
 * @returns {string[]} CSS
 */
export function coloursOf(choices) {
  return choices.map(({ form }, i) => {
    const { kind } = FORMS[form];
    const taken = i > 0 && FORMS[choices[0].form].kind === kind;
    return taken ? "var(--network-other)" : `var(--network-${kind})`;
  });
}
