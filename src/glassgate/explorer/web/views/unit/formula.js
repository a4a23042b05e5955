/**
 * Formulas in text: "h_{t−1}" becomes an italic letter with an index, in HTML or in SVG. A letter
 * that names a wire bears a line in that wire's colour.
 */

import { h, s } from "../../app/dom.js";

/**
 * @typedef {"hidden"|"input"|"reset"|"past"|"update"|"candidate"|"written"|"output"|"sum"} Wire
 * @typedef {{text: string, index: string, italic: boolean}} Run
 */

const TOKEN = /([A-Za-zσ]+)(?:_(?:\{([^}]*)\}|(\w)))?|[^A-Za-zσ]+/gu;

/**
 * Split a formula into letters, their indices and what stands between them.
 *
 * @param {string} formula
 * @returns {Run[]}
 */
export function readFormula(formula) {
  return [...formula.matchAll(TOKEN)].map(([whole, name, long, short]) =>
    name
      ? { text: name, index: long ?? short ?? "", italic: name.length === 1 && name !== "σ" }
      : { text: whole, index: "", italic: false },
  );
}

/**
 * Write a formula in HTML.
 *
 * @param {string} formula
 * @param {Record<string, Wire>} wires the wire that each letter names
 * @returns {HTMLElement}
 */
export function writeFormula(formula, wires = {}) {
  return h(
    "span",
    { class: "formula" },
    ...readFormula(formula).map(({ text, index, italic }) => {
      const letter = italic ? h("i", {}, text) : text;
      if (!index && !(text in wires)) return letter;
      const classes = text in wires ? `ink ink-${wires[text]}` : "symbol";
      return h("span", { class: classes }, letter, ...(index ? [h("sub", {}, index)] : []));
    }),
  );
}

/**
 * Write a formula as the parts of an SVG text.
 *
 * @param {string} formula
 * @returns {Element[]}
 */
export function drawFormula(formula) {
  let lowered = false;
  const parts = [];
  for (const { text, index, italic } of readFormula(formula)) {
    const style = italic ? { "font-style": "italic" } : {};
    parts.push(s("tspan", { ...style, dy: lowered ? "-0.3em" : "0" }, text));
    lowered = index !== "";
    if (lowered) parts.push(s("tspan", { dy: "0.3em", "font-size": "72%" }, index));
  }
  return parts;
}
