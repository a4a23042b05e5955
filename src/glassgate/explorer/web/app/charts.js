// A small line chart: axes, grid, lines in the colours of networks, and a label at each line's end.

import { h, repeat, s, setAttributes, setStyle, setText } from "./dom.js";
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

/** @typedef {(value: number) => number} Scale */

/**
 * Where the plot lies within the chart, in pixels.
 *
 * @typedef {object} Frame
 * @property {number} end
 * @property {number} bottom
 * @property {Scale} toX
 * @property {Scale} toY
 */

const WIDTH = 480; // until the page says how much room there is
const HEIGHT = 240;
const EDGE = { top: 12, end: 92, bottom: 40, start: 52 };
const SLANTED = 66; // pixels below the plot, where the labels of the x axis are slanted
const ROOM = 13; // pixels between two labels at the ends of lines

/**
 * The chart takes the width that it finds, so that its text has the size of all other.
 *
 * @returns {{element: HTMLElement, update: (drawing: Drawing) => void}}
 */
export function lineChart() {
  const title = s("title");
  const grid = s("g", { class: "grid" });
  const lines = s("g");
  const labels = s("g", { class: "line-labels" });
  const mark = s("line", { class: "chart-mark", y1: EDGE.top });
  const xLabel = s("text", { class: "axis-label", "text-anchor": "middle", y: HEIGHT - 6 });
  const yLabel = h("div", { class: "axis-label" });
  const svg = s("svg", { role: "img", class: "chart" }, title, grid, mark, lines, labels, xLabel);
  const element = h("figure", { class: "chart-figure" }, yLabel, svg);
  let width = WIDTH;
  /** @type {Drawing | null} */
  let last = null;
  new ResizeObserver(() => {
    const room = element.clientWidth;
    if (!room || room === width) return;
    width = room;
    if (last) update(last);
  }).observe(element);

  /** @param {Drawing} drawing */
  function update(drawing) {
    last = drawing;
    const { name, x, y, lines: drawn, mark: place = null } = drawing;
    const frame = frameOf(drawing, width);
    const { end, bottom, toX, toY } = frame;
    setAttributes(svg, { viewBox: `0 0 ${width} ${HEIGHT}` });
    setText(title, name);
    setText(xLabel, x.ticks ? "" : x.label);
    setAttributes(xLabel, { x: (EDGE.start + end) / 2 });
    setText(yLabel, y.label);
    drawGrid(grid, x, y, frame);
    repeat(
      lines,
      drawn,
      () => s("path", { class: "line" }),
      (path, line) => {
        const d = line.points.map(
          ([a, b], i) => `${i ? "L" : "M"}${toX(a).toFixed(1)} ${toY(b).toFixed(1)}`,
        );
        setAttributes(path, {
          d: d.join(""),
          stroke: line.colour,
          "stroke-dasharray": line.dashed ? "4 4" : null,
        });
      },
    );
    drawLabels(
      labels,
      drawn.filter((line) => line.points.length > 0),
      frame,
    );
    setAttributes(mark, { visibility: place === null ? "hidden" : "visible", y2: bottom });
    if (place !== null) setAttributes(mark, { x1: toX(place), x2: toX(place) });
  }
  return { element, update };
}

/**
 * @param {Drawing} drawing
 * @param {number} width
 * @returns {Frame}
 */
function frameOf({ x, y }, width) {
  const end = width - EDGE.end;
  const bottom = HEIGHT - (x.ticks ? SLANTED : EDGE.bottom);
  return { end, bottom, toX: scale(x, [EDGE.start, end]), toY: scale(y, [bottom, EDGE.top]) };
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
 * @param {Frame} frame
 */
function drawGrid(grid, x, y, { end, bottom, toX, toY }) {
  const across = (y.log ? powers(y.domain) : ticks(y.domain, 4)).map((value) => ({
    value,
    axis: y,
  }));
  const places = x.ticks
    ? thin(x.ticks, end - EDGE.start)
    : x.log
      ? powers(x.domain)
      : ticks(x.domain, 6);
  const along = places.map((value) => ({ value, axis: x }));
  repeat(
    grid,
    [...across, ...along],
    () => s("g", {}, s("line"), s("text")),
    (mark, { value, axis }) => {
      const [line, text] = mark.children;
      const level = toY(value);
      const place = toX(value);
      setText(text, axis.format ? axis.format(value) : number(value, Boolean(axis.log)));
      if (axis === y) {
        setAttributes(line, {
          x1: EDGE.start,
          x2: end,
          y1: level,
          y2: level,
          visibility: "visible",
        });
        setAttributes(text, {
          x: EDGE.start - 6,
          y: level + 4,
          "text-anchor": "end",
          transform: null,
        });
      } else {
        setAttributes(line, { visibility: "hidden" });
        setAttributes(text, {
          x: place,
          y: bottom + (axis.ticks ? 12 : 16),
          "text-anchor": axis.ticks ? "end" : "middle",
          transform: axis.ticks ? `rotate(-45 ${place} ${bottom + 12})` : null,
        });
      }
    },
  );
}

/**
 * Leave out words that would be written over one another, but not the last one.
 *
 * @param {number[]} words
 * @param {number} width of the plot
 */
function thin(words, width) {
  const step = Math.ceil((words.length * ROOM) / width);
  return words.filter((_, place) => (words.length - 1 - place) % step === 0);
}

/**
 * Put each name at the end of its line, and move those apart that would touch.
 *
 * @param {SVGElement} labels
 * @param {Line[]} lines
 * @param {Frame} frame
 */
function drawLabels(labels, lines, { bottom, toX, toY }) {
  const ends = lines.map((line) => {
    const [x, y] = line.points[line.points.length - 1];
    return { line, x: toX(x) + 6, y: toY(y) + 4 };
  });
  ends.sort((one, other) => one.y - other.y);
  for (let i = 1; i < ends.length; i++) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + ROOM);
  const over = ends.length ? ends[ends.length - 1].y - (bottom + 4) : 0;
  if (over > 0) for (const end of ends) end.y -= over;
  repeat(
    labels,
    ends,
    () => s("text"),
    (text, { line, x, y }) => {
      setAttributes(text, { x, y });
      setStyle(text, "fill", line.colour);
      setText(text, line.name);
    },
  );
}

/**
 * @param {number} value
 * @param {boolean} log
 */
function number(value, log) {
  if (log && (value < 0.01 || value >= 10000)) {
    return `10${[...String(Math.round(Math.log10(value)))].map((sign) => RAISED[sign]).join("")}`;
  }
  return Number.isInteger(value)
    ? String(value).replace("-", "\u2212")
    : decimals(value, value < 0.1 ? 2 : 1);
}

/** @type {Record<string, string>} */
const RAISED = {
  "-": "\u207b",
  0: "\u2070",
  1: "\u00b9",
  2: "\u00b2",
  3: "\u00b3",
  4: "\u2074",
  5: "\u2075",
  6: "\u2076",
  7: "\u2077",
  8: "\u2078",
  9: "\u2079",
};
