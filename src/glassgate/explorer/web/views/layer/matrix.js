// The matrix of a layer: a row a unit, a column a word, a cell a value. A grid for mouse, keys and
// screen readers: the chosen unit and word are its active cell.

import { matrixListeners } from "./pointing.js";
import { h, repeat, s, setAttributes, setStyle, setText } from "../../app/dom.js";

/**
 * @typedef {object} Shown
 * @property {string} name what the matrix shows, for those who do not see it
 * @property {number[]} units the rows, in order
 * @property {number[]} words the columns: numbers of words
 * @property {string[]} labels of the columns
 * @property {(word: number) => ArrayLike<number>} values of all units at a word
 * @property {string} gate what the values are, as programs read it
 * @property {string} measure the same, as people read it
 * @property {string} colour of positive values, CSS
 * @property {number} unit the chosen one
 * @property {number} word the chosen one
 * @property {Set<number>} brushed units
 * @property {(unit: number) => boolean} held whether a hold acts on the unit and not on all
 */

const LABELS = 64; // pixels above the cells, for the words
const NUMBERS = 30; // pixels beside the cells, for the numbers of units
const SLANT = 26; // pixels after the cells, for the last word, which is slanted
const TALLEST = 720; // pixels that all rows together may take
const CELL = { least: 7, most: 22, narrow: 9, wide: 72 };
const SHADES = 50; // a colour changes in steps, so that few cells change when values do

let matrices = 0; // in the page, so that each has an id of its own

export class Matrix {
  /** @param {import("./pointing.js").Actions} actions */
  constructor(actions) {
    /** @type {Shown | null} */
    this.shown = null;
    this.width = 0;
    this.size = { width: CELL.wide, height: CELL.most };
    this.layout = "";
    this.revealed = 0; // where the column lies that was chosen last
    /** @type {SVGRectElement | null} */
    this.active = null;
    this.activeId = `matrix-active-${matrices++}`;
    /** @type {SVGRectElement[][]} by row and column */
    this.cells = [];
    /** @type {Float64Array[]} the values that are drawn, by column and row */
    this.drawn = [];
    this.place = ""; // the gate, units and words that they are of
    this.ground = s("rect", { class: "matrix-ground", x: NUMBERS, y: LABELS });
    this.labels = s("g", { class: "matrix-labels", "aria-hidden": "true" });
    this.rows = s("g", {});
    this.marks = s("g", { class: "matrix-marks", "aria-hidden": "true" });
    this.chosen = s("rect", { class: "matrix-chosen", fill: "none" });
    const listeners = matrixListeners(
      () => this.shown,
      (x, y) => this.#placeAt(x, y),
      actions,
    );
    this.svg = s(
      "svg",
      { class: "matrix", role: "grid", tabindex: 0, on: listeners },
      s("g", { "aria-hidden": "true" }, this.ground),
      this.labels,
      this.rows,
      s("g", { "aria-hidden": "true" }, this.marks, this.chosen),
    );
    this.element = h("div", { class: "matrix-frame scroll" }, this.svg);
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  /** @param {Shown} shown */
  update(shown) {
    this.shown = shown;
    if (this.width) this.#draw(shown);
  }

  #fit() {
    const width = this.element.clientWidth;
    if (width === this.width) return;
    this.width = width;
    if (this.shown) this.#draw(this.shown);
  }

  /** @param {Shown} shown */
  #draw(shown) {
    const size = this.#size(shown);
    const layout = [shown.units.length, shown.words.length, size.width, size.height].join();
    if (layout !== this.layout) this.#build(shown, size);
    this.layout = layout;
    this.size = size;
    setAttributes(this.svg, { "aria-label": shown.name });
    setStyle(this.svg, "--positive", shown.colour);
    this.#fill(shown);
    this.#label(shown, size);
    this.#mark(shown, size);
  }

  /** @param {Shown} shown */
  #size({ units, words }) {
    const room = (this.width - NUMBERS - SLANT) / words.length;
    return {
      width: Math.min(CELL.wide, Math.max(CELL.narrow, Math.floor(room))),
      height: Math.min(CELL.most, Math.max(CELL.least, Math.floor(TALLEST / units.length))),
    };
  }

  /** @param {Shown} shown @param {{width: number, height: number}} size */
  #build({ units, words }, { width, height }) {
    const whole = {
      width: NUMBERS + words.length * width + SLANT,
      height: LABELS + units.length * height + 2,
    };
    setAttributes(this.svg, {
      ...whole,
      "aria-rowcount": units.length,
      "aria-colcount": words.length,
    });
    setAttributes(this.ground, { width: words.length * width, height: units.length * height });
    this.cells = units.map((_, row) =>
      words.map((_, column) =>
        s("rect", {
          role: "gridcell",
          x: NUMBERS + column * width,
          y: LABELS + row * height,
          width: width - 1,
          height: height - (height > 5 ? 1 : 0),
        }),
      ),
    );
    this.place = "";
    this.rows.replaceChildren(...this.cells.map((cells) => s("g", { role: "row" }, ...cells)));
  }

  /** Draw those cells alone whose value has changed. @param {Shown} shown */
  #fill({ units, words, values, gate }) {
    const place = `${gate} ${units.join()} ${words.join()}`;
    if (place !== this.place) this.#name(units, words, gate);
    this.place = place;
    words.forEach((word, column) => {
      const numbers = values(word);
      const drawn = this.drawn[column];
      for (let row = 0; row < units.length; row++) {
        const value = numbers[units[row]];
        if (value !== drawn[row]) fillCell(this.cells[row][column], value, drawn[row]);
        drawn[row] = value;
      }
    });
  }

  /** Say of each cell which unit and word it is of. @param {number[]} units @param {number[]} words @param {string} gate */
  #name(units, words, gate) {
    this.drawn = words.map(() => new Float64Array(units.length).fill(NaN));
    this.cells.forEach((cells, row) =>
      cells.forEach((cell, column) =>
        setAttributes(cell, {
          "data-gate": gate,
          "data-unit": units[row],
          "data-word": words[column],
        }),
      ),
    );
  }

  /** @param {Shown} shown @param {{width: number, height: number}} size */
  #label({ labels, words, word }, { width }) {
    const letters = labels.every((label) => label.length <= 2);
    repeat(
      this.labels,
      labels,
      () => s("text", {}),
      (text, label, column) => {
        const x = NUMBERS + (column + 0.5) * width - (letters ? 4 : -3);
        setAttributes(text, {
          transform: `translate(${x} ${LABELS - 6})${letters ? "" : " rotate(-52)"}`,
          class: words[column] === word ? "current" : null,
        });
        setText(text, label);
      },
    );
  }

  /** @param {Shown} shown @param {{width: number, height: number}} size */
  #mark({ units, words, unit, word, brushed, held }, { width, height }) {
    const marked = units.flatMap((one, row) =>
      one === unit || brushed.has(one) || held(one) ? [{ one, row }] : [],
    );
    let below = -Infinity; // where the number above ends, so that none is written over another
    repeat(
      this.marks,
      marked,
      () => s("g", {}, s("rect"), s("text")),
      (mark, { one, row }) => {
        const [bar, text] = mark.children;
        const y = LABELS + row * height;
        setAttributes(bar, {
          x: NUMBERS - 5,
          y,
          width: 3,
          height: height - 1,
          class: brushed.has(one) ? "brushed" : held(one) ? "held" : "none",
        });
        const room = one === unit || y - below >= 11;
        if (room) below = y;
        setAttributes(text, {
          x: NUMBERS - 8,
          y: y + height / 2 + 4,
          class: one === unit ? "current" : null,
        });
        setText(text, room ? one : "");
      },
    );
    const row = units.indexOf(unit);
    const column = words.indexOf(word);
    const inside = row >= 0 && column >= 0;
    setAttributes(this.chosen, { visibility: inside ? "visible" : "hidden" });
    if (!inside) return;
    setAttributes(this.chosen, {
      x: NUMBERS + column * width - 1.5,
      y: LABELS + row * height - 1.5,
      width: width + 2,
      height: height + 2,
    });
    this.#activate(this.cells[row][column]);
    this.#reveal(NUMBERS + column * width, width);
  }

  /** Scroll a column into sight, once it has become the chosen one. @param {number} x @param {number} width */
  #reveal(x, width) {
    if (x === this.revealed) return;
    this.revealed = x;
    const { scrollLeft, clientWidth } = this.element;
    if (x < scrollLeft + NUMBERS || x + width > scrollLeft + clientWidth) {
      this.element.scrollLeft = x - clientWidth / 2;
    }
  }

  /** Tell screen readers which cell is the chosen one. @param {SVGRectElement} cell */
  #activate(cell) {
    const { unit, word, value } = cell.dataset;
    const label = this.shown?.labels[this.shown.words.indexOf(Number(word))];
    if (this.active !== cell) {
      this.active?.removeAttribute("id");
      this.active?.removeAttribute("aria-label");
      cell.id = this.activeId;
      this.active = cell;
      setAttributes(this.svg, { "aria-activedescendant": this.activeId });
    }
    const shown = Number(value).toFixed(2);
    setAttributes(cell, {
      "aria-label": `unit ${unit}, word ${word} ${label}: ${this.shown?.measure} ${shown}`,
    });
  }

  /**
   * The row and column that lie at a place of the window; beyond the cells where nothing is there.
   *
   * @param {number} x
   * @param {number} y
   */
  #placeAt(x, y) {
    const box = this.svg.getBoundingClientRect();
    const { width, height } = this.size;
    return {
      row: Math.floor((y - box.top - LABELS) / height),
      column: Math.floor((x - box.left - NUMBERS) / width),
    };
  }
}

/**
 * @param {SVGRectElement} cell
 * @param {number} value
 * @param {number} before NaN where the cell is new
 */
function fillCell(cell, value, before) {
  cell.setAttribute("data-value", String(value));
  if (shade(value) !== shade(before)) cell.setAttribute("fill-opacity", String(shade(value)));
  if (value < 0 !== before < 0) setAttributes(cell, { class: value < 0 ? "negative" : null });
}

/** @param {number} value */
function shade(value) {
  return Math.round(Math.min(Math.abs(value), 1) * SHADES) / SHADES;
}
