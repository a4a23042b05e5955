/**
 * The new state as a sum of two products of vectors, written out for five units: the share of the
 * old state that each keeps, and the share of the candidate that each writes.
 */

import { h, repeat, setAttributes, setText } from "../../app/dom.js";
import { shade, signed } from "../../app/scales.js";
import { writeFormula } from "./formula.js";
import { formatNumber, formatShare } from "./numbers.js";

/**
 * @typedef {import("../../core/cells.js").GRUStep} GRUStep
 * @typedef {{sign: string, between?: boolean}} Sign
 * @typedef {{share: boolean, gate: string, between?: boolean,
 *   read: (step: GRUStep, unit: number) => number}} Column
 */

const COUNT = 5;

/** The products themselves are shown where there is room. */
const PRODUCT = { share: false, gate: "", between: true };

/** @type {(Column|Sign)[]} */
const COLUMNS = [
  { share: true, gate: "kept", read: (step, unit) => step.kept[unit] },
  { sign: "×" },
  { share: false, gate: "", read: (step, unit) => step.previous[unit] },
  { sign: "+" },
  { share: true, gate: "", read: (step, unit) => 1 - step.kept[unit] },
  { sign: "×" },
  { share: false, gate: "candidate", read: (step, unit) => step.candidate[unit] },
  { sign: "=", between: true },
  { ...PRODUCT, read: (step, unit) => step.kept[unit] * step.previous[unit] },
  { sign: "+", between: true },
  { ...PRODUCT, read: (step, unit) => (1 - step.kept[unit]) * step.candidate[unit] },
  { sign: "=" },
  { share: false, gate: "hidden", read: (step, unit) => step.hidden[unit] },
];

/** What stands above the columns, by the convention of the update gate. */
const HEADS = {
  keeps: ["z_t", "", "h_{t−1}", "", "1−z_t", "", "n_t", "", "kept", "", "written", "", "h_t"],
  writes: ["1−z_t", "", "h_{t−1}", "", "z_t", "", "n_t", "", "kept", "", "written", "", "h_t"],
};

/**
 * Choose five units to show: those that are marked, or else five that spread from the one that
 * keeps the most over the sentence to the one that keeps the least; always the chosen unit.
 *
 * @param {number} chosen
 * @param {number[]} marked
 * @param {Float64Array} kept mean share that each unit keeps over the sentence
 * @returns {number[]}
 */
export function chooseUnits(chosen, marked, kept) {
  if (marked.length > 1) return [...new Set([chosen, ...marked])].slice(0, COUNT);
  const order = [...kept.keys()].sort((one, other) => kept[other] - kept[one]);
  const count = Math.min(COUNT, order.length);
  const ranks = Array.from({ length: count }, (_, place) =>
    Math.round((place * (order.length - 1)) / Math.max(1, count - 1)),
  );
  const own = order.indexOf(chosen);
  const distances = ranks.map((rank) => Math.abs(rank - own));
  ranks[distances.indexOf(Math.min(...distances))] = own;
  return ranks.map((rank) => order[rank]);
}

/**
 * Return the mean share kept over a sentence, of each unit.
 *
 * @param {GRUStep[]} steps of one layer
 * @returns {Float64Array}
 */
export function meanKept(steps) {
  const mean = new Float64Array(steps[0].kept.length);
  for (const { kept } of steps) {
    for (let unit = 0; unit < mean.length; unit += 1) mean[unit] += kept[unit] / steps.length;
  }
  return mean;
}

/**
 * Make the table of columns.
 *
 * @param {(unit: number) => void} choose
 */
export function createVectors(choose) {
  const heads = h("tr");
  const body = h("tbody");
  const element = h("table", { class: "vectors" }, h("thead", {}, heads), body);
  let shown = "";

  /**
   * @param {GRUStep} step
   * @param {number[]} units
   * @param {{chosen: number, word: number, convention: "keeps"|"writes"}} options
   */
  function update(step, units, { chosen, word, convention }) {
    if (convention !== shown) {
      shown = convention;
      heads.replaceChildren(h("th", { scope: "col" }, "unit"), ...HEADS[convention].map(writeHead));
    }
    repeat(
      body,
      units,
      () => makeRow(choose),
      (row, unit, place) => {
        const [name, ...cells] = /** @type {HTMLElement[]} */ ([...row.children]);
        const [button] = name.children;
        setText(button, unit);
        setAttributes(button, { "aria-pressed": String(unit === chosen), "data-choose": unit });
        row.classList.toggle("chosen", unit === chosen);
        const middle = place === Math.floor((units.length - 1) / 2);
        COLUMNS.forEach((column, index) => {
          if ("sign" in column) setText(cells[index], middle ? column.sign : "");
          else showEntry(cells[index], column, column.read(step, unit), unit, word);
        });
      },
    );
  }
  return { element, update };
}

/**
 * @param {string} formula
 * @param {number} index of the column
 * @returns {HTMLElement}
 */
function writeHead(formula, index) {
  const between = COLUMNS[index].between ? { class: "between" } : {};
  return formula ? h("th", { scope: "col", ...between }, writeFormula(formula)) : h("td", between);
}

/**
 * @param {(unit: number) => void} choose
 * @returns {HTMLTableRowElement}
 */
function makeRow(choose) {
  const button = h("button", {
    type: "button",
    class: "unit-name",
    on: { click: () => choose(Number(button.dataset.choose)) },
  });
  const cells = COLUMNS.map((column) => {
    const kind = "sign" in column ? "sign" : "entry";
    return h("td", { class: column.between ? `${kind} between` : kind });
  });
  return h("tr", {}, h("th", { scope: "row" }, button), ...cells);
}

/**
 * @param {HTMLElement} cell
 * @param {Column} column
 * @param {number} value
 * @param {number} unit
 * @param {number} word
 */
function showEntry(cell, { share, gate }, value, unit, word) {
  setText(cell, share ? formatShare(value) : formatNumber(value));
  cell.style.backgroundColor = share
    ? shade(0.55 * value, "var(--wire-update)")
    : signed(0.55 * value);
  if (!gate) return;
  const data = {
    "data-gate": gate,
    "data-unit": unit,
    "data-word": word,
    "data-value": String(value),
  };
  setAttributes(cell, data);
}
