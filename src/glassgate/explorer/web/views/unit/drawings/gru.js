/**
 * The drawing of a GRU, in the wires and colours of texts for beginners: the state runs along the
 * top; the input (purple) and the previous state (blue) feed two gates and the candidate from
 * below; the update gate (green) shares out old and new; the reset gate (orange) lets a share of
 * the state into the candidate (pink).
 */

import { Board } from "../wires.js";

/**
 * @typedef {import("../../../core/cells.js").Formulation} Formulation
 * @typedef {typeof WIDE} Frame
 */

/** Stages in the order in which the unit computes. */
export const STAGES = { arrive: 0, sums: 1, gates: 2, past: 3, candidate: 4, shares: 5, result: 6 };

/** What happens at each stage, for the reader. */
export const STORY = [
  "The word and the old state arrive.",
  "Each gate weighs the word (purple) and the old state (blue).",
  "The curve turns each sum into a share between 0 and 1: the gates open.",
  "The reset gate lets a share of the old state through to the candidate.",
  "The candidate: new content, made of the word and that share.",
  "The update gate shares out: so much of the old state is kept, so much of the candidate written.",
  "Kept and written add up to the new state.",
];

const ROWS = { state: 46, middle: 146, gates: 244, feed: 340, input: 392, height: 428 };
const WIDE = {
  ...ROWS,
  ...{ width: 740, left: 16, drop: 58, update: 178, reset: 344, product: 474, candidate: 610 },
  ...{ right: 728, box: 114, gap: 20 },
};
const NARROW = {
  ...ROWS,
  ...{ width: 380, left: 4, drop: 12, update: 72, reset: 166, product: 238, candidate: 322 },
  ...{ right: 376, box: 72, gap: 15 },
};
const BOX_HEIGHT = 62;
const TOP = ROWS.gates - BOX_HEIGHT / 2;
const BOTTOM = ROWS.gates + BOX_HEIGHT / 2;

/**
 * Draw the unit without numbers; `Board.update` fills them in.
 *
 * @param {Formulation} form
 * @param {"keeps"|"writes"} convention which of the two green wires carries z
 * @param {boolean} narrow for a width of 380 pixels
 * @returns {Board}
 */
export function drawGRU(form, convention, narrow) {
  const frame = narrow ? NARROW : WIDE;
  const board = new Board(
    frame.width,
    frame.height,
    "A gated recurrent unit with its live numbers",
  );
  drawArrivals(board, frame);
  drawFeeds(board, frame, form.reset !== "none");
  DRAW_PAST[form.reset](board, frame);
  drawBoxes(board, frame, form);
  drawShares(board, frame, convention);
  drawState(board, frame);
  return board;
}

/**
 * Draw the previous state and the input where they enter.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawArrivals(board, { left, drop, state, input, update }) {
  const stage = STAGES.arrive;
  board.wire(
    "hidden",
    [
      [left, state],
      [update - 12, state],
    ],
    { stage, carries: "previous" },
  );
  board.dot("hidden", drop, state, STAGES.sums);
  board.text(left, state - 22, "h_{t−1}", { align: "start", size: 17, stage });
  board.number("previous", left + 44, state - 22, { align: "start", stage });
  board.text(left, input + 26, "x_t", { align: "start", size: 17, stage });
  board.caption(left + 28, input + 26, stage);
}

/**
 * Draw what the gates read: the input and the previous state.
 *
 * @param {Board} board
 * @param {Frame} frame
 * @param {boolean} resets whether there is a reset gate
 */
function drawFeeds(board, frame, resets) {
  const { left, drop, state, feed, input, update, reset, product, candidate, gap } = frame;
  const stage = STAGES.sums;
  const end = resets ? product : candidate - gap;
  board.wire(
    "hidden",
    [
      [drop, state],
      [drop, feed],
      [end, feed],
    ],
    { stage, head: false },
  );
  board.wire(
    "input",
    [
      [left, input],
      [candidate, input],
    ],
    { stage: STAGES.arrive, head: false },
  );
  const gates = /** @type {[string, number][]} */ ([["update", update]]);
  if (resets) gates.push(["reset", reset]);
  for (const [name, x] of gates) {
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
    board.number(`${name}Hidden`, x - gap - 6, BOTTOM + 44, { align: "end", stage });
    board.number(`${name}Input`, x + gap + 6, BOTTOM + 22, { align: "start", stage });
  }
}

/** How the old state reaches the candidate, by where the reset gate stands. */
const DRAW_PAST = { after: drawResetAfter, before: drawResetBefore, none: drawNoReset };

/**
 * The state is mixed by U first; the reset gate then lets a share through.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawResetAfter(board, frame) {
  const { feed, gates, product, candidate, input, box } = frame;
  const stage = STAGES.past;
  const carries = "recurrent";
  board.wire(
    "hidden",
    [
      [product, feed],
      [product, gates + 12],
    ],
    { stage, carries },
  );
  board.matrix(product, BOTTOM + 28, "U", stage);
  board.number("recurrent", product + 7, BOTTOM + 11, { align: "start", stage });
  drawResetWire(board, frame, gates - 12);
  const left = candidate - box / 2;
  board.wire(
    "past",
    [
      [product + 12, gates],
      [left, gates],
    ],
    { stage, carries: "past" },
  );
  const size = left - product < 60 ? 12 : 13.5;
  board.number("past", (product + 12 + left) / 2 - 2, gates - 10, { size, stage });
  board.operator("×", product, gates, stage);
  drawCandidateInput(board, candidate, input);
}

/**
 * The reset gate lets a share of the state through; U then mixes the shares of all units.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawResetBefore(board, frame) {
  const { feed, product, candidate, input, gap } = frame;
  const stage = STAGES.past;
  const level = BOTTOM + 27;
  board.wire(
    "hidden",
    [
      [product, feed],
      [product, level + 12],
    ],
    { stage, carries: "previous" },
  );
  drawResetWire(board, frame, level - 12);
  const end = candidate - gap - 4;
  board.wire(
    "past",
    [
      [product + 12, level],
      [end, level],
      [end, BOTTOM],
    ],
    { stage, carries: "past" },
  );
  board.matrix((product + end) / 2 + 3, level, "U", stage);
  board.number("past", product + 12, level - 10, { align: "start", stage });
  board.number("recurrent", end - 2, level + 19, { stage });
  board.operator("×", product, level, stage);
  drawCandidateInput(board, candidate + gap - 4, input, candidate);
}

/**
 * The candidate reads the state whole.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawNoReset(board, { feed, candidate, input, gap }) {
  const stage = STAGES.past;
  const x = candidate - gap;
  board.wire(
    "hidden",
    [
      [x, feed],
      [x, BOTTOM],
    ],
    { stage, carries: "recurrent" },
  );
  board.matrix(x, BOTTOM + 34, "U", stage);
  board.number("recurrent", x - 6, BOTTOM + 17, { align: "end", stage });
  drawCandidateInput(board, candidate + gap, input, candidate);
}

/**
 * @param {Board} board
 * @param {number} x
 * @param {number} input height of the input's wire
 * @param {number} from where that wire has come so far
 */
function drawCandidateInput(board, x, input, from = x) {
  const stage = STAGES.past;
  const carries = "candidateInput";
  board.wire(
    "input",
    [
      [from, input],
      [x, input],
      [x, BOTTOM],
    ],
    { stage, carries },
  );
  board.number("candidateInput", x + 6, BOTTOM + 22, { align: "start", stage });
}

/**
 * @param {Board} board
 * @param {Frame} frame
 * @param {number} end height at which the wire meets the product
 */
function drawResetWire(board, { reset, product }, end) {
  const stage = STAGES.gates;
  const turn = TOP - 24;
  const path = /** @type {[number, number][]} */ ([
    [reset, TOP],
    [reset, turn],
    [product, turn],
    [product, end],
  ]);
  board.wire("reset", path, { stage, carries: "reset" });
  const middle = (reset + product) / 2;
  board.text(middle - 8, turn - 8, "r_t", { align: "end", size: 16, stage });
  board.number("reset", middle - 2, turn - 8, {
    align: "start",
    format: "share",
    gate: "reset",
    stage,
  });
}

/**
 * @param {Board} board
 * @param {Frame} frame
 * @param {Formulation} form
 */
function drawBoxes(board, { gates, update, reset, candidate, box }, form) {
  const shape = { y: gates, width: box, height: BOX_HEIGHT };
  const gate = { ...shape, formula: "σ", stage: STAGES.gates };
  const held = ["kept", "update"];
  board.box({
    ...gate,
    x: update,
    wire: "update",
    label: "update gate",
    value: "update",
    holds: held,
  });
  if (form.reset !== "none") {
    board.box({
      ...gate,
      x: reset,
      wire: "reset",
      label: "reset gate",
      value: "reset",
      holds: ["reset"],
    });
  }
  const [label, value, stage] = ["candidate", "candidate", STAGES.candidate];
  const formula = form.squash === "linear" ? "1" : form.squash;
  board.box({
    ...shape,
    x: candidate,
    wire: "candidate",
    formula,
    label,
    value,
    signed: true,
    stage,
  });
}

/**
 * Draw the update gate's two wires, one for each share, and the candidate's way up.
 *
 * @param {Board} board
 * @param {Frame} frame
 * @param {"keeps"|"writes"} convention
 */
function drawShares(board, { state, middle, update, candidate }, convention) {
  const [kept, written] = convention === "keeps" ? ["z_t", "1−z_t"] : ["1−z_t", "z_t"];
  const [gates, stage] = [STAGES.gates, STAGES.shares];
  board.wire(
    "update",
    [
      [update, TOP],
      [update, middle],
    ],
    { stage: gates, carries: "update", head: false },
  );
  board.text(update - 9, TOP - 38, "z_t", { align: "end", size: 16, stage: gates });
  board.number("update", update - 9, TOP - 20, {
    align: "end",
    format: "share",
    gate: "update",
    stage: gates,
  });
  board.wire(
    "update",
    [
      [update, middle],
      [update, state + 12],
    ],
    { stage, carries: "kept" },
  );
  board.dot("update", update, middle, stage);
  board.text(update + 10, middle - 46, kept, { align: "start", size: 16, stage });
  board.number("kept", update + 10, middle - 27, {
    align: "start",
    format: "share",
    gate: "kept",
    stage,
  });
  board.wire(
    "update",
    [
      [update, middle],
      [candidate - 12, middle],
    ],
    { stage, carries: "written" },
  );
  board.text(candidate - 68, middle - 9, written, { align: "end", size: 16, stage });
  board.number("written", candidate - 20, middle - 9, { align: "end", format: "share", stage });
  board.wire(
    "candidate",
    [
      [candidate, TOP],
      [candidate, middle + 12],
    ],
    { stage: STAGES.candidate, carries: "candidate" },
  );
  board.text(candidate + 9, TOP - 34, "n_t", { align: "start", size: 16, stage: STAGES.candidate });
  board.number("candidate", candidate + 9, TOP - 16, {
    align: "start",
    gate: "candidate",
    stage: STAGES.candidate,
  });
}

/**
 * Draw the state on its way from the last word to the next.
 *
 * @param {Board} board
 * @param {Frame} frame
 */
function drawState(board, { state, middle, update, candidate, right }) {
  const stage = STAGES.shares;
  const centre = (update + candidate) / 2;
  board.wire(
    "hidden",
    [
      [update + 12, state],
      [candidate - 12, state],
    ],
    { stage, carries: "keptState" },
  );
  board.number("keptState", centre, state - 10, { stage });
  board.text(centre, state + 20, "kept", { soft: true, size: 13, stage });
  board.wire(
    "written",
    [
      [candidate, middle - 12],
      [candidate, state + 12],
    ],
    { stage, carries: "writtenCandidate" },
  );
  board.number("writtenCandidate", candidate + 9, middle - 46, { align: "start", stage });
  board.text(candidate + 9, middle - 28, "written", {
    align: "start",
    soft: true,
    size: 13,
    stage,
  });
  board.wire(
    "hidden",
    [
      [candidate + 12, state],
      [right, state],
    ],
    { stage: STAGES.result, carries: "hidden" },
  );
  const bold = { align: /** @type {const} */ ("end"), stage: STAGES.result };
  board.text(right - 56, state - 22, "h_t", { ...bold, size: 17 });
  board.number("hidden", right, state - 22, { ...bold, gate: "hidden", size: 15 });
  board.operator("×", update, state, stage);
  board.operator("×", candidate, middle, stage);
  board.operator("+", candidate, state, STAGES.result);
}
