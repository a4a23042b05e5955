/**
 * The drawing of an LSTM unit: the cell runs along the top, where the forget gate keeps a share of
 * it and the input gate writes a share of the candidate; the output gate shows a share of the cell
 * as the state.
 */

import { Board } from "../wires.js";

/**
 * @typedef {typeof WIDE} Frame
 * @typedef {import("../formula.js").Wire} Wire
 */

/** Stages in the order in which the unit computes. */
export const STAGES = { arrive: 0, sums: 1, gates: 2, candidate: 3, shares: 4, cell: 5, result: 6 };

/** What happens at each stage, for the reader. */
export const STORY = [
  "The word, the old state and the old cell arrive.",
  "Each gate weighs the word (purple) and the old state (blue).",
  "The curve turns each sum into a share between 0 and 1: three gates open.",
  "The candidate: new content, made of the word and the old state.",
  "The forget gate keeps a share of the cell; the input gate writes a share of the candidate.",
  "Kept and written add up to the new cell.",
  "The output gate shows a share of the cell: the new state.",
];

const ROWS = { cell: 46, middle: 146, gates: 244, feed: 340, input: 400, height: 436 };
const WIDE = {
  ...ROWS,
  ...{ width: 740, left: 16, kept: 130, writes: 282, candidate: 430, output: 578, product: 662 },
  ...{ right: 728, box: 106, gap: 20 },
};
const NARROW = {
  ...ROWS,
  ...{ width: 380, left: 2, kept: 48, writes: 136, candidate: 226, output: 310, product: 348 },
  ...{ right: 378, box: 70, gap: 15 },
};
const BOX_HEIGHT = 62;
const TOP = ROWS.gates - BOX_HEIGHT / 2;
const BOTTOM = ROWS.gates + BOX_HEIGHT / 2;

/**
 * Draw the unit without numbers.
 *
 * @param {boolean} narrow for a width of 380 pixels
 * @returns {Board}
 */
export function drawLSTM(narrow) {
  const frame = narrow ? NARROW : WIDE;
  const board = new Board(frame.width, frame.height, "An LSTM unit with its live numbers");
  drawFeeds(board, frame);
  drawBoxes(board, frame);
  drawGateWires(board, frame);
  drawCell(board, frame);
  drawResult(board, frame);
  return board;
}

/**
 * Draw what gates and candidate read.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawFeeds(board, { left, kept, writes, candidate, output, feed, input, gap }) {
  const [arrive, sums] = [STAGES.arrive, STAGES.sums];
  board.wire(
    "hidden",
    [
      [left, feed],
      [output - gap, feed],
    ],
    { stage: arrive, head: false },
  );
  board.wire(
    "input",
    [
      [left, input],
      [output + gap, input],
    ],
    { stage: arrive, head: false },
  );
  const columns = { kept, input: writes, candidate, output };
  for (const [name, x] of Object.entries(columns)) {
    const stage = name === "candidate" ? STAGES.candidate : sums;
    board.wire(
      "hidden",
      [
        [x - gap, feed],
        [x - gap, BOTTOM],
      ],
      { stage, carries: `${name}Hidden` },
    );
    board.wire(
      "input",
      [
        [x + gap, input],
        [x + gap, BOTTOM],
      ],
      { stage, carries: `${name}Input` },
    );
    board.dot("hidden", x - gap, feed, stage);
    board.dot("input", x + gap, input, stage);
    board.number(`${name}Hidden`, x - gap - 5, BOTTOM + 46, { align: "end", stage });
    board.number(`${name}Input`, x + gap + 5, BOTTOM + 22, { align: "start", stage });
  }
  board.text(left, feed + 21, "h_{t−1}", { align: "start", size: 17, stage: arrive });
  board.number("previous", left, feed + 40, { align: "start", stage: arrive });
  board.text(left, input + 26, "x_t", { align: "start", size: 17, stage: arrive });
  board.caption(left + 28, input + 26, arrive);
}

/**
 * @param {Board} board
 * @param {Frame} frame
 */
function drawBoxes(board, { gates, kept, writes, candidate, output, box }) {
  const shape = { y: gates, width: box, height: BOX_HEIGHT };
  const gate = { ...shape, formula: "σ", stage: STAGES.gates };
  board.box({
    ...gate,
    x: kept,
    wire: "update",
    label: "forget gate",
    value: "kept",
    holds: ["kept"],
  });
  board.box({ ...gate, x: writes, wire: "written", label: "input gate", value: "input" });
  board.box({ ...gate, x: output, wire: "output", label: "output gate", value: "output" });
  const [label, value, stage] = ["candidate", "candidate", STAGES.candidate];
  board.box({
    ...shape,
    x: candidate,
    wire: "candidate",
    formula: "tanh",
    label,
    value,
    signed: true,
    stage,
  });
}

/**
 * @param {Board} board
 * @param {Frame} frame
 */
function drawGateWires(board, { cell, middle, kept, writes, candidate, output, product }) {
  const [gates, shares] = [STAGES.gates, STAGES.shares];
  board.wire(
    "update",
    [
      [kept, TOP],
      [kept, cell + 12],
    ],
    { stage: gates, carries: "kept" },
  );
  drawName(board, kept + 9, "f_t", "kept", "kept", gates);
  const up = /** @type {[number, number][]} */ ([
    [writes, TOP],
    [writes, middle],
    [candidate - 12, middle],
  ]);
  board.wire("written", up, { stage: gates, carries: "input" });
  drawName(board, writes + 9, "i_t", "input", "input", gates);
  board.wire(
    "candidate",
    [
      [candidate, TOP],
      [candidate, middle + 12],
    ],
    {
      stage: STAGES.candidate,
      carries: "candidate",
    },
  );
  drawName(board, candidate + 9, "g_t", "candidate", "candidate", STAGES.candidate);
  const out = /** @type {[number, number][]} */ ([
    [output, TOP],
    [output, middle],
    [product - 12, middle],
  ]);
  board.wire("output", out, { stage: gates, carries: "output" });
  drawName(board, output + 9, "o_t", "output", "output", gates);
  board.operator("×", candidate, middle, shares);
}

/**
 * Name a gate's wire, with its live number.
 *
 * @param {Board} board
 * @param {number} x
 * @param {string} letter
 * @param {string} name
 * @param {string} gate
 * @param {number} stage
 */
function drawName(board, x, letter, name, gate, stage) {
  const align = "start";
  const format = gate === "candidate" ? "number" : "share";
  board.text(x, TOP - 32, letter, { align, size: 16, stage });
  board.number(name, x, TOP - 14, { align, format, gate, stage });
}

/**
 * Draw the cell on its way from the last word to the next.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawCell(board, { left, cell, middle, kept, candidate, right }) {
  const { arrive, shares, cell: stage } = STAGES;
  board.wire(
    "hidden",
    [
      [left, cell],
      [kept - 12, cell],
    ],
    { stage: arrive, carries: "previousCell" },
  );
  board.text(left, cell - 24, "C_{t−1}", { align: "start", size: 17, stage: arrive });
  board.number("previousCell", left + 44, cell - 24, { align: "start", stage: arrive });
  board.wire(
    "hidden",
    [
      [kept + 12, cell],
      [candidate - 12, cell],
    ],
    { stage: shares, carries: "keptCell" },
  );
  const centre = (kept + candidate) / 2;
  board.number("keptCell", centre, cell - 10, { stage: shares });
  board.text(centre, cell + 20, "kept", { soft: true, size: 13, stage: shares });
  board.wire(
    "written",
    [
      [candidate, middle - 12],
      [candidate, cell + 12],
    ],
    {
      stage: shares,
      carries: "writtenCandidate",
    },
  );
  board.number("writtenCandidate", candidate + 9, middle - 46, { align: "start", stage: shares });
  board.text(candidate + 9, middle - 28, "written", {
    align: "start",
    soft: true,
    size: 13,
    stage: shares,
  });
  board.wire(
    "hidden",
    [
      [candidate + 12, cell],
      [right, cell],
    ],
    { stage, carries: "cell" },
  );
  board.text(right - 52, cell - 24, "C_t", { align: "end", size: 17, stage });
  board.number("cell", right, cell - 24, { align: "end", gate: "cell", stage });
  board.operator("×", kept, cell, shares);
  board.operator("+", candidate, cell, stage);
}

/**
 * Draw how the cell becomes the state.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawResult(board, { cell, middle, product, right }) {
  const stage = STAGES.result;
  board.wire(
    "hidden",
    [
      [product, cell],
      [product, middle - 12],
    ],
    { stage, carries: "squashedCell" },
  );
  board.dot("hidden", product, cell, stage);
  board.curve(product, cell + 40, "tanh", stage);
  board.wire(
    "hidden",
    [
      [product + 12, middle],
      [right, middle],
    ],
    { stage, carries: "hidden" },
  );
  board.text(right, middle - 12, "h_t", { align: "end", size: 17, stage });
  board.number("hidden", right, middle + 23, { align: "end", gate: "hidden", size: 15, stage });
  board.operator("×", product, middle, stage);
}
