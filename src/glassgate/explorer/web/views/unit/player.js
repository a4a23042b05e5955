/**
 * Plays a unit's computation from the input to the result, one stage after another. Dots run along
 * the wires of a stage; where the reader wants no motion, stages only appear.
 */

import { s } from "../../app/dom.js";

/** @typedef {import("./wires.js").Board} Board */

const STAGE_TIME = 2200; // milliseconds that a stage stays
const RUN_TIME = 700; // milliseconds in which a dot runs along its wire

export class Player {
  /** @param {(stage: number|null) => void} show called with each stage; null is the whole unit */
  constructor(show) {
    this.show = show;
    /** @type {Board|null} */
    this.board = null;
    /** @type {number|null} */
    this.stage = null;
    this.timer = 0;
  }

  /** Whether stages follow one another by themselves. */
  get playing() {
    return this.timer !== 0;
  }

  /** Play from the input to the result. */
  play() {
    this.pause();
    this.go(0);
    this.timer = window.setInterval(() => this.advance(), STAGE_TIME);
  }

  /** Stay at the stage that is shown. */
  pause() {
    window.clearInterval(this.timer);
    this.timer = 0;
  }

  /** Show the next operation; after the last one, the whole unit. */
  step() {
    this.pause();
    this.advance();
  }

  /** Show the whole unit. */
  stop() {
    this.pause();
    this.go(null);
  }

  advance() {
    const next = this.stage === null ? 0 : this.stage + 1;
    if (this.board && next > this.board.lastStage) this.stop();
    else this.go(next);
  }

  /** @param {number|null} stage */
  go(stage) {
    this.stage = stage;
    this.show(stage);
    if (this.board && stage !== null && !prefersStillness()) runDots(this.board, stage);
  }
}

/** @returns {boolean} whether the reader asked their system for less motion */
function prefersStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Let a dot run along each wire of a stage.
 *
 * @param {Board} board
 * @param {number} stage
 */
function runDots(board, stage) {
  const runs = board.lines
    .filter((wire) => wire.stage === stage)
    .map(({ line, wire }) => ({
      line,
      length: line.getTotalLength(),
      dot: s("circle", { r: 5.5, class: `pulse ink-${wire}` }),
    }));
  board.pulses.replaceChildren(...runs.map(({ dot }) => dot));
  const start = performance.now();
  const draw = (/** @type {number} */ now) => {
    const share = Math.min(1, (now - start) / RUN_TIME);
    const eased = share * share * (3 - 2 * share);
    for (const { line, length, dot } of runs) {
      const { x, y } = line.getPointAtLength(eased * length);
      dot.setAttribute("cx", String(x));
      dot.setAttribute("cy", String(y));
      if (share === 1) dot.remove();
    }
    if (share < 1 && runs.some(({ dot }) => dot.isConnected)) requestAnimationFrame(draw);
  };
  draw(start);
}
