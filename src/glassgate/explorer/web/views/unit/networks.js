/**
 * Three networks in a row of figures: feedforward, simple recurrent, and simple recurrent with
 * GRUs. Each shows three of its units, alive: what they held before the word, what they hold after
 * it, and which words the network expects next.
 */

import { h, s, setText } from "../../app/dom.js";
import { percent, shade, signed } from "../../app/scales.js";
import { drawFormula } from "./formula.js";

/**
 * @typedef {"feedforward"|"srn"|"gru"} Kind
 * @typedef {[number, number]} Point
 *
 * @typedef {object} Live what a figure shows of a network at one word; absent where the page has no
 *   such network
 * @property {string} word
 * @property {number[]} units
 * @property {number[]} before
 * @property {number[]} after
 * @property {{reset: number, kept: number, candidate: number}[]} gates of a GRU, or none
 * @property {{word: string, probability: number}[]} next the three most likely words
 *
 * @typedef {Record<"reset"|"candidate"|"update", SVGElement>} Gates the dots in one unit
 *
 * @typedef {object} Figure
 * @property {HTMLElement} element
 * @property {(live: Live|null, chosen: boolean) => void} update
 */

const WIDTH = 250;
const HEIGHT = 268;
const RADIUS = 12;
const OUTPUT_Y = 52;
const HIDDEN_Y = 132;
const INPUT_Y = 214;
const CENTRE = 118;

/** Title and explanation of each network. */
const TEXTS = {
  feedforward: ["Feedforward", "It sees the current word alone."],
  srn: ["Simple recurrent (SRN)", "Its state is copied (dashed) and read at the next word."],
  gru: ["SRN with GRUs", "Thick: the share that each unit keeps of its own state."],
};

/**
 * Draw a figure of a network.
 *
 * @param {Kind} kind
 * @param {() => void} choose called when the reader picks this network
 * @returns {Figure}
 */
export function drawNetwork(kind, choose) {
  const [title, text] = TEXTS[kind];
  const svg = s("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "board network",
    role: "img",
    "aria-label": title,
  });
  const inputs = row(kind === "feedforward" ? CENTRE : 56, INPUT_Y, 30);
  const context = kind === "feedforward" ? [] : row(166, INPUT_Y, 30);
  const hidden = row(CENTRE, HIDDEN_Y, 50);
  const outputs = row(CENTRE, OUTPUT_Y, 72);
  svg.append(
    fan("input", inputs, hidden),
    fan("hidden", context, hidden),
    fan("hidden", hidden, outputs),
  );
  const own =
    kind === "gru" ? context.map((from, unit) => line("hidden kept", from, hidden[unit])) : [];
  svg.append(...own);
  if (context.length) svg.append(drawCopy(hidden[2], context[2]));
  const parts = {
    before: context.map((point) => circle(point, "unit")),
    after: hidden.map((point) => (kind === "gru" ? box(point) : circle(point, "unit"))),
    next: outputs.map((point) => circle(point, "output")),
    own,
    shares: kind === "gru" ? context.map((from, unit) => drawShare(from, hidden[unit])) : [],
    gates: kind === "gru" ? hidden.map(drawGates) : [],
    words: outputs.map(([x, y]) => label(x, y - 32)),
    chances: outputs.map(([x, y]) => label(x, y - 18, "quiet")),
    word: label(kind === "feedforward" ? CENTRE : 56, INPUT_Y + 32),
  };
  svg.append(
    ...inputs.map((point) => circle(point, "input")),
    ...parts.before,
    ...parts.after,
    ...parts.next,
  );
  svg.append(...parts.shares);
  for (const group of parts.gates) svg.append(...Object.values(group));
  svg.append(...parts.words, ...parts.chances, parts.word);
  if (context.length) {
    svg.append(formula(178, INPUT_Y + 34, "h_{t−1}"), formula(208, HIDDEN_Y - 14, "h_t"));
  }
  const units = h("span", { class: "units" });
  const button = h(
    "button",
    { type: "button", class: "network-figure", on: { click: choose } },
    h("span", { class: "network-title" }, title),
    svg,
    h("span", { class: "network-text" }, text),
    units,
  );
  return {
    element: button,
    update: (live, chosen) => {
      button.setAttribute("aria-pressed", String(chosen));
      /** @type {HTMLButtonElement} */ (button).disabled = live === null;
      units.textContent = live
        ? `Units ${live.units.join(", ")}`
        : "This page has no such network.";
      if (live) show(parts, live);
    },
  };
}

/**
 * @param {Record<"before"|"after"|"next"|"own"|"shares"|"words"|"chances", SVGElement[]> &
 *   {gates: Gates[], word: SVGElement}} parts
 * @param {Live} live
 */
function show(parts, live) {
  setText(parts.word, live.word);
  live.before.forEach((value, unit) => {
    if (parts.before[unit]) parts.before[unit].style.fill = signed(value);
  });
  live.after.forEach((value, unit) => {
    parts.after[unit].style.fill = signed(value);
  });
  live.gates.forEach(({ reset, kept, candidate }, unit) => {
    parts.own[unit].setAttribute("stroke-width", (1 + 5 * kept).toFixed(2));
    const sizes = { reset, candidate: Math.min(1, Math.abs(candidate)), update: kept };
    for (const [name, size] of Object.entries(sizes)) {
      const dot = parts.gates[unit][/** @type {keyof Gates} */ (name)];
      dot.setAttribute("r", (1.4 + 3.6 * size).toFixed(2));
    }
    parts.shares[unit].setAttribute("r", (1.4 + 4.6 * kept).toFixed(2));
  });
  live.next.forEach(({ word, probability }, place) => {
    setText(parts.words[place], word);
    setText(parts.chances[place], percent(probability));
    parts.next[place].style.fill = shade(0.8 * probability, "var(--soft)");
  });
}

/**
 * @param {number} centre
 * @param {number} y
 * @param {number} step
 * @returns {Point[]}
 */
function row(centre, y, step) {
  return [-1, 0, 1].map((place) => [centre + place * step, y]);
}

/**
 * @param {string} classes
 * @param {Point} from
 * @param {Point} to
 * @returns {SVGElement}
 */
function line(classes, [x1, y1], [x2, y2]) {
  const [wire, ...more] = classes.split(" ");
  return s("line", {
    x1,
    y1,
    x2,
    y2,
    class: ["wire", `ink-${wire}`, ...more].join(" "),
    "stroke-width": 1,
  });
}

/**
 * Connect every source with every target.
 *
 * @param {string} wire
 * @param {Point[]} sources
 * @param {Point[]} targets
 * @returns {SVGElement}
 */
function fan(wire, sources, targets) {
  const lines = sources.flatMap((from) => targets.map((to) => line(wire, from, to)));
  return s("g", { class: "fan" }, ...lines);
}

/**
 * @param {Point} point
 * @param {string} kind
 * @returns {SVGElement}
 */
function circle([cx, cy], kind) {
  return s("circle", { cx, cy, r: RADIUS, class: `node ${kind}` });
}

/**
 * Draw the way on which the state is copied for the next word.
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {SVGElement}
 */
function drawCopy([x0, y0], [x1, y1]) {
  const side = WIDTH - 12;
  const tip = x1 + RADIUS;
  const d = `M${x0 + RADIUS} ${y0}H${side}V${y1}H${tip + 8}`;
  const head = `${tip},${y1} ${tip + 9},${y1 - 5} ${tip + 9},${y1 + 5}`;
  return s(
    "g",
    {},
    s("path", { d, class: "wire ink-hidden dashed", "stroke-width": 2 }),
    s("polygon", { points: head, class: "head ink-hidden" }),
  );
}

/**
 * Draw a unit that has gates.
 *
 * @param {Point} point
 * @returns {SVGElement}
 */
function box([x, y]) {
  return s("rect", { x: x - 21, y: y - 14, width: 42, height: 28, rx: 6, class: "node unit" });
}

/**
 * Draw the update gate on the way of what a unit keeps of its own state.
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {SVGElement}
 */
function drawShare([x0, y0], [x1, y1]) {
  return s("circle", {
    cx: (x0 + x1) / 2,
    cy: (y0 + y1) / 2,
    r: 5,
    class: "dot ringed ink-update",
  });
}

/**
 * Draw a unit's reset gate, candidate and update gate as dots that grow with their values.
 *
 * @param {Point} point
 * @returns {Gates}
 */
function drawGates([x, y]) {
  const dot = (/** @type {number} */ place, /** @type {string} */ wire) =>
    s("circle", { cx: x + place, cy: y, r: 3, class: `dot ringed ink-${wire}` });
  return { reset: dot(-12, "reset"), candidate: dot(0, "candidate"), update: dot(12, "update") };
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} kind
 * @returns {SVGElement}
 */
function label(x, y, kind = "letters") {
  return s("text", { x, y, "text-anchor": "middle", "font-size": 13, class: kind });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @returns {SVGElement}
 */
function formula(x, y, text) {
  return s(
    "text",
    { x, y, "text-anchor": "middle", "font-size": 15, class: "letters" },
    ...drawFormula(text),
  );
}
