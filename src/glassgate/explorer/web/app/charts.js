// A small line chart: axes, grid, lines in the colours of networks, and a label at each line's end.

import { h, repeat, s, setAttributes, setText } from "./dom.js";
import { decimals, linear, logarithmic, powers, ticks } from "./scales.js";

/**
 * @typedef {object} Axis
 * @property {string} label
 * @property {[number, number]} domain
 * @property {boolean} [log] logarithmic; the domain is positive
 * @property {(value: number) => string} [format] of the numbers beside it
 * @property {number[]} [ticks] of the x axis, where they are words: their labels are slanted
 */

/**
 * @typedef {object} Line
 * @property {string} name stands at the end of the line
 * @property {string} colour CSS
 * @property {[number, number][]} points
 * @property {boolean} [dashed] as a ghost is
 */

/**
 * @typedef {object} Drawing
 * @property {string} name what the chart shows, for those who do not see it
 * @property {Axis} x
 * @property {Axis} y
 * @property {Line[]} lines
 * @property {number | null} [mark] a place on the x axis: a thin vertical line
 */

const WIDTH = 480;
const HEIGHT = 240;
const EDGE = { top: 12, end: 92, bottom: 40, start: 52 };
const SLANTED = 66; // pixels below the plot, where the labels of the x axis are slanted
const ROOM = 13; // pixels between two labels at the ends of lines

/**
 * @returns {{element: HTMLElement, update: (drawing: Drawing) => void}}
 */
export function lineChart() {
  const title = s("title");
  const grid = s("g", { class: "grid" });
  const lines = s("g");
  const labels = s("g", { class: "line-labels" });
  const mark = s("line", { class: "chart-mark", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  const xLabel = s("text", { class: "axis-label", "text-anchor": "middle", x: (EDGE.start + WIDTH - EDGE.end) / 2, y: HEIGHT - 6 });
  const yLabel = h("div", { class: "axis-label" });
  const svg = s("svg", { role: "img", class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, title, grid, mark, lines, labels, xLabel);
  const element = h("figure", { class: "chart-figure" }, yLabel, svg);

  /** @param {Drawing} drawing */
  function update({ name, x, y, lines: drawn, mark: place = null }) {
    const bottom = HEIGHT - (x.ticks ? SLANTED : EDGE.bottom);
    const toX = scale(x, [EDGE.start, WIDTH - EDGE.end]);
    const toY = scale(y, [bottom, EDGE.top]);
    setText(title, name);
    setText(xLabel, x.ticks ? "" : x.label);
    setText(yLabel, y.label);
    drawGrid(grid, x, y, toX, toY, bottom);
    repeat(lines, drawn, () => s("path", { class: "line" }), (path, line) => {
      const d = line.points.map(([a, b], i) => `${i ? "L" : "M"}${toX(a).toFixed(1)} ${toY(b).toFixed(1)}`);
      setAttributes(path, { d: d.join(""), stroke: line.colour, "stroke-dasharray": line.dashed ? "4 4" : null });
    });
    drawLabels(labels, drawn.filter((line) => line.points.length > 0), toX, toY, bottom);
    setAttributes(mark, { visibility: place === null ? "hidden" : "visible" });
    if (place !== null) setAttributes(mark, { x1: toX(place), x2: toX(place), y2: bottom });
  }
  return { element, update };
}

/**
 * @param {Axis} axis
 * @param {[number, number]} range
 */
function scale({ domain, log }, range) {
  return log ? logarithmic(domain, range) : linear(domain, range);
}

/**
 * @param {SVGElement} grid
 * @param {Axis} x
 * @param {Axis} y
 * @param {(value: number) => number} toX
 * @param {(value: number) => number} toY
 * @param {number} bottom of the plot
 */
function drawGrid(grid, x, y, toX, toY, bottom) {
  const across = (y.log ? powers(y.domain) : ticks(y.domain, 4)).map((value) => ({ value, axis: y }));
  const along = (x.ticks ?? (x.log ? powers(x.domain) : ticks(x.domain, 6))).map((value) => ({ value, axis: x }));
  repeat(grid, [...across, ...along], () => s("g", {}, s("line"), s("text")), (mark, { value, axis }) => {
    const [line, text] = mark.children;
    const level = toY(value);
    const place = toX(value);
    setText(text, axis.format ? axis.format(value) : number(value, Boolean(axis.log)));
    if (axis === y) {
      setAttributes(line, { x1: EDGE.start, x2: WIDTH - EDGE.end, y1: level, y2: level, visibility: "visible" });
      setAttributes(text, { x: EDGE.start - 6, y: level + 4, "text-anchor": "end", transform: null });
    } else {
      setAttributes(line, { visibility: "hidden" });
      setAttributes(text, {
        x: place,
        y: bottom + (axis.ticks ? 12 : 16),
        "text-anchor": axis.ticks ? "end" : "middle",
        transform: axis.ticks ? `rotate(-45 ${place} ${bottom + 12})` : null,
      });
    }
  });
}

/**
 * Put each name at the end of its line, and move those apart that would touch.
 *
 * @param {SVGElement} labels
 * @param {Line[]} lines
 * @param {(value: number) => number} toX
 * @param {(value: number) => number} toY
 * @param {number} bottom of the plot
 */
function drawLabels(labels, lines, toX, toY, bottom) {
  const ends = lines.map((line) => {
    const [x, y] = line.points[line.points.length - 1];
    return { line, x: toX(x) + 6, y: toY(y) + 4 };
  });
  ends.sort((one, other) => one.y - other.y);
  for (let i = 1; i < ends.length; i++) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + ROOM);
  const over = ends.length ? ends[ends.length - 1].y - (bottom + 4) : 0;
  if (over > 0) for (const end of ends) end.y -= over;
  repeat(labels, ends, () => s("text"), (text, { line, x, y }) => {
    setAttributes(text, { x, y, fill: line.colour });
    setText(text, line.name);
  });
}

/**
 * @param {number} value
 * @param {boolean} log
 */
function number(value, log) {
  if (log && (value < 0.01 || value >= 10000)) {
    return `10${[...String(Math.round(Math.log10(value)))].map((sign) => RAISED[sign]).join("")}`;
  }
  return Number.isInteger(value) ? String(value).replace("-", "\u2212") : decimals(value, value < 0.1 ? 2 : 1);
}

/** @type {Record<string, string>} */
const RAISED = { "-": "\u207b", 0: "\u2070", 1: "\u00b9", 2: "\u00b2", 3: "\u00b3", 4: "\u2074", 5: "\u2075", 6: "\u2076", 7: "\u2077", 8: "\u2078", 9: "\u2079" };
