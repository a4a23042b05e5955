// Work in a slice of each frame, for as long as it is to run and somebody can see it.

const SLICE = 11; // milliseconds of work in a frame of about 16
const REDRAW = 250; // milliseconds between two drawings
const WINDOW = 1000; // milliseconds over which the speed is measured

/**
 * @typedef {object} Actions
 * @property {(milliseconds: number) => number} work  for so long; returns how much it did
 * @property {() => void} draw
 */

export class Clock {
  /**
   * @param {Element} element  work rests while this is out of sight
   * @param {Actions} actions
   */
  constructor(element, actions) {
    this.actions = actions;
    this.running = false;
    /** How much was done a second, of late; null before that is known. @type {number | null} */
    this.rate = null;
    this.seen = false;
    this.waiting = false;
    this.drawn = 0;
    this.counted = { since: 0, done: 0 };
    new IntersectionObserver((entries) => {
      this.seen = entries[entries.length - 1].isIntersecting;
      this.#wake();
    }).observe(element);
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  start() {
    this.running = true;
    this.rate = null;
    this.#wake();
  }

  stop() {
    this.running = false;
  }

  /** Go on in the next frame, if there is reason to. */
  #wake() {
    if (!this.running || !this.seen || document.hidden || this.waiting) return;
    this.waiting = true;
    this.counted = { since: performance.now(), done: 0 };
    requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    if (!this.running || !this.seen || document.hidden) {
      this.waiting = false;
      return;
    }
    this.counted.done += this.actions.work(SLICE);
    const now = performance.now();
    const passed = now - this.counted.since;
    if (passed > WINDOW) {
      this.rate = (1000 * this.counted.done) / passed;
      this.counted = { since: now, done: 0 };
    }
    if (now - this.drawn > REDRAW) {
      this.actions.draw();
      this.drawn = performance.now();
    }
    requestAnimationFrame(() => this.#frame());
  }
}
