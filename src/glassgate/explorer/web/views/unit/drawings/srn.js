/** The drawings of a plain unit: with its own past (SRN), and without (feedforward). */

import { Board } from "../wires.js";

/** @typedef {typeof WIDE} Frame */

/** Stages in the order in which the unit computes. */
export const STAGES = { arrive: 0, sums: 1, result: 2, copy: 3 };

/** What happens at each stage of an SRN, for the reader. */
export const STORY = [
  "The word and the old state arrive.",
  "The unit weighs the word (purple) and the states of all units at the word before (blue).",
  "The curve turns the sum into the new state. Nothing decides how much of the past stays.",
  "The state is copied, to be read at the next word.",
];

/** What happens at each stage of a feedforward unit. */
export const FEEDFORWARD_STORY = [
  "The word arrives.",
  "The unit weighs the word (purple), and nothing else.",
  "The curve turns the sum into the unit's value. At the next word it is forgotten.",
];

const ROWS = { past: 78, centre: 142, input: 206, height: 242 };
const WIDE = {
  ...ROWS,
  width: 740,
  left: 16,
  matrix: 210,
  sum: 372,
  curve: 530,
  right: 716,
  box: 114,
};
const NARROW = {
  ...ROWS,
  width: 380,
  left: 4,
  matrix: 110,
  sum: 184,
  curve: 276,
  right: 370,
  box: 76,
};
const BOX_HEIGHT = 62;

/**
 * Draw a unit of a simple recurrent network, without numbers.
 *
 * @param {boolean} narrow for a width of 380 pixels
 * @returns {Board}
 */
export function drawSRN(narrow) {
  const frame = narrow ? NARROW : WIDE;
  const board = new Board(
    frame.width,
    frame.height,
    "A simple recurrent unit with its live numbers",
  );
  const { left, past, centre, matrix, sum, right } = frame;
  drawInput(board, frame, false);
  board.wire(
    "hidden",
    [
      [left, past],
      [matrix - 13, past],
    ],
    { stage: STAGES.arrive, head: false },
  );
  const path = /** @type {[number, number][]} */ ([
    [matrix + 13, past],
    [sum, past],
    [sum, centre - 12],
  ]);
  board.wire("hidden", path, { stage: STAGES.sums, carries: "hiddenSum" });
  board.matrix(matrix, past, "U", STAGES.sums);
  board.number("hiddenSum", (matrix + sum) / 2 + 4, past - 10, { stage: STAGES.sums });
  board.text(left, past - 18, "h_{t−1}", { align: "start", size: 17, stage: STAGES.arrive });
  board.number("previous", left + 46, past - 18, { align: "start", stage: STAGES.arrive });
  const back = /** @type {[number, number][]} */ ([
    [right - 6, centre],
    [right - 6, 16],
    [left + 8, 16],
    [left + 8, past - 36],
  ]);
  board.wire("hidden", back, { stage: STAGES.copy, dashed: true });
  board.text((left + right) / 2, 35, "copied for the next word", {
    soft: true,
    size: 13,
    stage: STAGES.copy,
  });
  drawResult(board, frame);
  return board;
}

/**
 * Draw a unit that sees the current word alone, without numbers.
 *
 * @param {boolean} narrow for a width of 380 pixels
 * @returns {Board}
 */
export function drawFeedforward(narrow) {
  const frame = { ...(narrow ? NARROW : WIDE), centre: 74, height: 134 };
  const board = new Board(frame.width, frame.height, "A feedforward unit with its live numbers");
  drawInput(board, { ...frame, input: frame.centre }, true);
  drawResult(board, frame);
  board.text(frame.width / 2, 20, "no wire from the past", { soft: true, size: 13.5 });
  return board;
}

/**
 * Draw the input on its way to the sum: straight, or from below.
 *
 * @param {Board} board
 * @param {Frame} frame
 * @param {boolean} straight
 */
function drawInput(board, { left, input, centre, matrix, sum, curve, box }, straight) {
  const { arrive, sums } = STAGES;
  const start = /** @type {[number, number]} */ ([matrix + 13, input]);
  const end = straight
    ? [[curve - box / 2, centre]]
    : [
        [sum, input],
        [sum, centre + 12],
      ];
  board.wire(
    "input",
    [
      [left, input],
      [matrix - 13, input],
    ],
    { stage: arrive, head: false },
  );
  const path = [start, .../** @type {[number, number][]} */ (end)];
  board.wire("input", path, { stage: sums, carries: "inputSum" });
  board.matrix(matrix, input, "W", sums, "input");
  board.number("inputSum", (matrix + sum) / 2 + 4, straight ? input - 10 : input + 20, {
    stage: sums,
  });
  board.text(left, input + 26, "x_t", { align: "start", size: 17, stage: arrive });
  board.caption(left + 28, input + 26, arrive);
  if (straight) return;
  board.wire(
    "sum",
    [
      [sum + 12, centre],
      [curve - box / 2, centre],
    ],
    { stage: sums, carries: "sum" },
  );
  board.number("sum", (sum + 12 + curve - box / 2) / 2 - 3, centre - 10, { stage: sums });
  board.operator("+", sum, centre, sums);
}

/**
 * @param {Board} board
 * @param {Frame} frame
 */
function drawResult(board, { centre, curve, right, box }) {
  const stage = STAGES.result;
  const shape = { x: curve, y: centre, width: box, height: BOX_HEIGHT };
  const [label, value] = ["state", "hidden"];
  board.box({
    ...shape,
    wire: "hidden",
    formula: "tanh",
    label,
    value,
    signed: true,
    stage,
    holds: ["hidden"],
  });
  board.wire(
    "hidden",
    [
      [curve + box / 2, centre],
      [right, centre],
    ],
    { stage, carries: "hidden" },
  );
  board.text(right, centre + 26, "h_t", { align: "end", size: 17, stage });
  board.number("hidden", right, centre + 46, { align: "end", gate: "hidden", size: 15, stage });
}
