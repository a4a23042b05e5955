/**
 * A board to draw a unit on: wires, operations, gates and numbers in pixels from the upper left.
 * Every part has a stage, the moment at which the unit computes it, and may have a name, under
 * which a live value reaches it.
 */

import { s } from "../../app/dom.js";
import { drawFormula } from "./formula.js";
import { formatNumber, formatShare } from "./numbers.js";

/**
 * @typedef {import("./formula.js").Wire} Wire
 * @typedef {[number, number]} Point
 * @typedef {{unit: number, word: number, text: string}} Place what is shown; `text` is the word itself
 * @typedef {Record<string, number>} Values live numbers by name; NaN where there is none
 * @typedef {"number"|"share"} Format
 * @typedef {{element: Element, name: string, format: Format, gate: string}} NumberPart
 * @typedef {{line: SVGPathElement, carries: string, stage: number, wire: Wire}} WirePart
 * @typedef {{bar: Element, name: string, signed: boolean, x: number, width: number}} Meter
 */

const HEAD = 8; // pixels, the length of an arrow's head
const THIN = 1.5; // pixels, the width of a wire that carries 0
const THICK = 5; // pixels, the width of a wire that carries 1 or more
const LATER = 1000; // no stage comes after this one

export class Board {
  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {string} name what a screen reader calls the drawing
   */
  constructor(width, height, name) {
    this.wires = s("g", {});
    this.shapes = s("g", {});
    this.texts = s("g", {});
    this.pulses = s("g", { class: "pulses" });
    this.title = s("title", {}, name);
    this.element = s(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, class: "board", role: "img", "aria-label": name },
      this.title,
      this.wires,
      this.shapes,
      this.pulses,
      this.texts,
    );
    /** @type {Element|null} */
    this.word = null;
    /** @type {NumberPart[]} */
    this.numbers = [];
    /** @type {WirePart[]} */
    this.lines = [];
    /** @type {Meter[]} */
    this.meters = [];
    /** @type {{element: Element, stage: number}[]} */
    this.staged = [];
    /** @type {{element: Element, text: Element, label: string, value: string, names: string[]}[]} */
    this.holdable = [];
  }

  /** The last stage at which something appears. */
  get lastStage() {
    return Math.max(...this.staged.map(({ stage }) => stage));
  }

  /**
   * Draw a wire through points, with an arrow's head at its end.
   *
   * @param {Wire} wire
   * @param {Point[]} points
   * @param {{stage: number, carries?: string, head?: boolean, dashed?: boolean}} options
   */
  wire(wire, points, { stage, carries = "", head = true, dashed = false }) {
    const path = points.slice();
    const last = points.length - 1;
    if (head) path[last] = towards(points[last], points[last - 1], HEAD - 1);
    const d = path.map(([x, y], place) => `${place ? "L" : "M"}${x} ${y}`).join("");
    const line = /** @type {SVGPathElement} */ (
      s("path", { d, class: `wire ink-${wire}${dashed ? " dashed" : ""}`, "stroke-width": "2.5" })
    );
    const group = s("g", {}, s("path", { d, class: "margin" }), line);
    if (head) group.append(drawHead(wire, points[last - 1], points[last]));
    this.wires.append(group);
    this.lines.push({ line, carries, stage, wire });
    this.staged.push({ element: group, stage });
  }

  /**
   * Mark where a wire branches.
   *
   * @param {Wire} wire
   * @param {number} x
   * @param {number} y
   * @param {number} stage
   */
  dot(wire, x, y, stage) {
    this.place(this.shapes, s("circle", { cx: x, cy: y, r: 4, class: `dot ink-${wire}` }), stage);
  }

  /**
   * Draw an operation: a circle with its sign.
   *
   * @param {"×"|"+"} sign
   * @param {number} x
   * @param {number} y
   * @param {number} stage
   */
  operator(sign, x, y, stage) {
    const reach = sign === "×" ? 4.6 : 6.4;
    const d =
      sign === "×"
        ? `M${x - reach} ${y - reach}L${x + reach} ${y + reach}M${x - reach} ${y + reach}L${x + reach} ${y - reach}`
        : `M${x - reach} ${y}L${x + reach} ${y}M${x} ${y - reach}L${x} ${y + reach}`;
    const group = s(
      "g",
      { class: "operator" },
      s("circle", { cx: x, cy: y, r: 12 }),
      s("path", { d }),
    );
    this.place(this.shapes, group, stage);
  }

  /**
   * Draw a curve's box (a gate, or the candidate) with a meter of its value.
   *
   * @param {{x: number, y: number, width: number, height: number, wire: Wire, formula: string,
   *   label: string, value: string, signed?: boolean, stage: number, holds?: string[]}} box
   */
  box({ x, y, width, height, wire, formula, label, value, signed = false, stage, holds = [] }) {
    const left = x - width / 2;
    const top = y - height / 2;
    const frame = s("rect", { x: left, y: top, width, height, rx: 7, class: "frame" });
    const inner = { x: left + 7, width: width - 14 };
    const track = { x: inner.x, y: top + height - 11, width: inner.width, height: 5, rx: 2.5 };
    const bar = s("rect", { ...track, width: 0, class: `bar ink-${wire}` });
    const group = s("g", { class: "curve" }, frame, s("rect", { ...track, class: "track" }), bar);
    if (signed) {
      group.append(s("path", { d: `M${x} ${track.y - 2}v9`, class: "zero" }));
    }
    this.place(this.shapes, group, stage);
    this.meters.push({ bar, name: value, signed, x: inner.x, width: inner.width });
    this.text(x, top + 20, formula, { size: 17, stage });
    const size = width < 80 ? 11.5 : 12.5;
    const text = this.text(x, top + 37, label, { soft: true, size, stage });
    this.holdable.push({ element: group, text, label, value, names: holds });
  }

  /**
   * Draw the box of a matrix, which mixes the states of all units.
   *
   * @param {number} x
   * @param {number} y
   * @param {string} formula
   * @param {number} stage
   * @param {Wire} wire
   */
  matrix(x, y, formula, stage, wire = "hidden") {
    const frame = { x: x - 13, y: y - 12, width: 26, height: 24, rx: 5 };
    this.place(this.shapes, s("rect", { ...frame, class: `matrix ink-${wire}` }), stage);
    this.text(x, y + 5, formula, { size: 14, stage });
  }

  /**
   * Draw the small box of a curve that stands on a wire.
   *
   * @param {number} x
   * @param {number} y
   * @param {string} formula
   * @param {number} stage
   */
  curve(x, y, formula, stage) {
    const frame = { x: x - 18, y: y - 11, width: 36, height: 22, rx: 5 };
    this.place(this.shapes, s("rect", { ...frame, class: "matrix" }), stage);
    this.text(x, y + 4, formula, { size: 12.5, stage });
  }

  /**
   * Write words or a formula.
   *
   * @param {number} x
   * @param {number} y the baseline
   * @param {string} formula
   * @param {{size?: number, soft?: boolean, align?: "start"|"middle"|"end", stage?: number}} options
   * @returns {Element}
   */
  text(x, y, formula, { size = 14, soft = false, align = "middle", stage = 0 } = {}) {
    const place = {
      x,
      y,
      "font-size": size,
      "text-anchor": align,
      class: soft ? "quiet" : "letters",
    };
    const words = soft ? [formula] : drawFormula(formula);
    return this.place(this.texts, s("text", place, ...words), stage);
  }

  /**
   * Leave room for the word that the unit reads.
   *
   * @param {number} x
   * @param {number} y the baseline
   * @param {number} stage
   */
  caption(x, y, stage) {
    this.word = this.text(x, y, "", { soft: true, align: "start", size: 14, stage });
  }

  /**
   * Leave room for a live number.
   *
   * @param {string} name
   * @param {number} x
   * @param {number} y the baseline
   * @param {{align?: "start"|"middle"|"end", format?: Format, gate?: string, size?: number,
   *   stage: number}} options
   */
  number(name, x, y, { align = "middle", format = "number", gate = "", size = 13.5, stage }) {
    const place = { x, y, "text-anchor": align, "font-size": size, class: "number" };
    const element = this.place(this.texts, s("text", place), stage);
    this.numbers.push({ element, name, format, gate });
  }

  /**
   * Show the live values: numbers, meters and the width of wires.
   *
   * @param {Values} values
   * @param {Place} place
   * @param {Set<string>} held names of held values
   */
  update(values, place, held) {
    if (this.word) this.word.textContent = place.text;
    for (const part of this.numbers) showNumber(part, values[part.name], place, held);
    for (const { bar, name, signed, x, width } of this.meters) {
      const value = clip(values[name], signed ? -1 : 0, 1);
      const start = signed ? 0.5 + Math.min(0, value) / 2 : 0;
      const length = signed ? Math.abs(value) / 2 : value;
      bar.setAttribute("x", String(x + start * width));
      bar.setAttribute("width", String(length * width));
    }
    for (const { line, carries } of this.lines) {
      if (!carries) continue;
      line.classList.toggle("cut", Number.isNaN(values[carries]));
      const share = Math.min(1, Math.abs(values[carries]) || 0);
      line.setAttribute("stroke-width", (THIN + (THICK - THIN) * share).toFixed(2));
    }
    for (const { element, text, label, value, names } of this.holdable) {
      const isHeld = names.some((name) => held.has(name));
      element.classList.toggle("held", isHeld);
      text.textContent = isHeld ? `held at ${formatShare(values[value])}` : label;
    }
  }

  /** @param {string} name what a screen reader calls the drawing from now on */
  rename(name) {
    this.title.textContent = name;
    this.element.setAttribute("aria-label", name);
  }

  /**
   * Show what has been computed up to a stage; all of it for null.
   *
   * @param {number|null} stage
   */
  showStage(stage) {
    for (const { element, stage: own } of this.staged) {
      element.classList.toggle("later", own > (stage ?? LATER));
      element.classList.toggle("now", own === stage);
    }
  }

  /**
   * @param {Element} layer
   * @param {Element} element
   * @param {number} stage
   * @returns {Element}
   */
  place(layer, element, stage) {
    layer.append(element);
    this.staged.push({ element, stage });
    return element;
  }
}

/**
 * @param {NumberPart} part
 * @param {number} value
 * @param {Place} place
 * @param {Set<string>} held
 */
function showNumber({ element, name, format, gate }, value, { unit, word }, held) {
  const text = format === "share" ? formatShare(value) : formatNumber(value);
  element.textContent = Number.isNaN(value) ? "" : text;
  element.classList.toggle("held", held.has(name));
  if (!gate) return;
  element.setAttribute("data-gate", gate);
  element.setAttribute("data-unit", String(unit));
  element.setAttribute("data-word", String(word));
  element.setAttribute("data-value", String(value));
}

/**
 * @param {Wire} wire
 * @param {Point} before
 * @param {Point} tip
 * @returns {Element}
 */
function drawHead(wire, before, tip) {
  const base = towards(tip, before, HEAD + 1);
  const [dx, dy] = [(tip[0] - base[0]) / (HEAD + 1), (tip[1] - base[1]) / (HEAD + 1)];
  const side = 5;
  const corners = [
    tip,
    [base[0] - side * dy, base[1] + side * dx],
    [base[0] + side * dy, base[1] - side * dx],
  ];
  return s("polygon", {
    points: corners.map(([x, y]) => `${x},${y}`).join(" "),
    class: `head ink-${wire}`,
  });
}

/**
 * Return the point at a distance from `start` on the way to `goal`.
 *
 * @param {Point} start
 * @param {Point} goal
 * @param {number} distance
 * @returns {Point}
 */
function towards(start, goal, distance) {
  const [dx, dy] = [goal[0] - start[0], goal[1] - start[1]];
  const length = Math.hypot(dx, dy);
  return [start[0] + (dx * distance) / length, start[1] + (dy * distance) / length];
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 * @returns {number}
 */
function clip(value, low, high) {
  return Math.min(high, Math.max(low, value || 0));
}
