/** The equations beneath a drawing: each formula, and under it the same with numbers put in. */

import { h } from "../../app/dom.js";
import { writeFormula } from "./formula.js";
import { formatNumber, formatShare } from "./numbers.js";

/**
 * @typedef {import("./readings/equation.js").Equation} Equation
 * @typedef {import("./readings/equation.js").Term} Term
 * @typedef {import("./wires.js").Place} Place
 */

/**
 * Write equations, each as one entry of a description list.
 *
 * @param {Equation[]} equations
 * @param {Place} place
 * @returns {HTMLElement[]}
 */
export function writeEquations(equations, place) {
  return equations.map((equation) => writeEquation(equation, place));
}

/**
 * @param {Equation} equation
 * @param {Place} place
 * @returns {HTMLElement}
 */
function writeEquation({ name, title, symbols, wires, numbers, stage, held }, place) {
  const parts = numbers.map((part) =>
    typeof part === "string" ? writeFormula(part) : writeTerm(part, place),
  );
  return h(
    "div",
    { class: held ? "equation held" : "equation", "data-equation": name, "data-stage": stage },
    h("dt", {}, title),
    h("dd", { class: "symbols" }, writeFormula(symbols, wires)),
    h("dd", { class: "numbers" }, ...parts),
  );
}

/**
 * Write a number, underlined in the colour of the wire that carries it.
 *
 * @param {Term} term
 * @param {Place} place
 * @returns {HTMLElement}
 */
function writeTerm({ value, wire, format, role, gate }, { unit, word }) {
  const size = format === "share" ? formatShare(value) : formatNumber(value);
  const negative = size.startsWith("−");
  const text = role === "added" && negative ? size.slice(1) : size;
  const data = gate
    ? { "data-gate": gate, "data-unit": unit, "data-word": word, "data-value": String(value) }
    : {};
  const number = h("span", { class: wire ? `ink ink-${wire}` : "ink", ...data }, text);
  if (role === "added") return h("span", {}, negative ? " − " : " + ", number);
  if (role === "factor" && negative) return h("span", {}, "(", number, ")");
  return number;
}

/**
 * Show what has been computed up to a stage; all of it for null.
 *
 * @param {HTMLElement} list
 * @param {number|null} stage
 */
export function showEquationStage(list, stage) {
  for (const element of list.querySelectorAll("[data-stage]")) {
    const own = Number(element.getAttribute("data-stage"));
    element.classList.toggle("later", stage !== null && own > stage);
    element.classList.toggle("now", own === stage);
  }
}
