/**
 * What a network in the page can learn: four tasks whose answer is asked after the last step.
 *
 * Sequences are drawn whenever they are needed, and each is new: no network sees one twice, so
 * nothing can be learned by heart. T is the number of steps of a sequence.
 */

import { drawBelow } from "./random.js";

/** @typedef {import("./random.js").Random} Random */

/**
 * One sequence.
 *
 * @typedef {object} Sequence
 * @property {Float64Array[]} inputs  x, one vector a step; sequences may share them
 * @property {number} target  the class, or the number, that is right
 * @property {number[]} relevant  the steps that decide the target, from 0
 */

/**
 * A task.
 *
 * @typedef {object} Task
 * @property {string} name  one word, for addresses
 * @property {string} title
 * @property {string} explanation  in plain sentences
 * @property {number} inputSize  numbers that a step reads, I
 * @property {string[] | null} answers  the classes by name; null where the answer is a number
 * @property {number} guessLoss  the least loss of a network that ignores its input
 * @property {number} guessRight  the share right of a network that ignores its input
 * @property {(T: number, random: Random) => Sequence} draw
 * @property {(sequence: Sequence) => string[]} words  what a person reads at each step
 */

/** The fewest and the most steps of a sequence. */
export const MIN_STEPS = 5;
export const MAX_STEPS = 40;

/** How near to its target a sum must be to count as right (Hochreiter & Schmidhuber 1997). */
export const MAX_ERROR = 0.08;

const SYMBOLS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const NOISE = [..."0123456789"];
const SIGNS = [...SYMBOLS, ...NOISE];
const PRAISE = ["wonderful", "good"];
const BLAME = ["dull", "awful"];
const VERDICTS = [...BLAME, ...PRAISE]; // class 0 is negative, class 1 positive
const PLOT = ["the", "boy", "finds", "a", "map", "and", "sails", "over", "the", "sea"];
const PLOT_WORDS = [...new Set(PLOT)];
const REVIEW_WORDS = [...VERDICTS, ...PLOT_WORDS];
const DISTRACTORS = 2; // verdicts of a review that do not count

/**
 * @param {number} size
 * @returns {Float64Array[]} a vector for each of `size` words, 1 at its place and 0 elsewhere
 */
function oneHot(size) {
  return Array.from({ length: size }, (_, word) => {
    const vector = new Float64Array(size);
    vector[word] = 1;
    return vector;
  });
}

const SIGN_VECTORS = oneHot(SIGNS.length);
const REVIEW_VECTORS = oneHot(REVIEW_WORDS.length);
const PLOT_VECTORS = PLOT.map((word) => REVIEW_VECTORS[REVIEW_WORDS.indexOf(word)]);

/** Say at the end which symbol stood first; noise of other symbols follows it. */
const firstSymbol = {
  name: "first",
  title: "Remember the first symbol",
  explanation:
    "The network reads a letter and then digits, one at a step. After the last one it must say " +
    "which letter came first. The digits are noise: they must not wash the letter out.",
  inputSize: SIGNS.length,
  answers: SYMBOLS,
  guessLoss: Math.log(SYMBOLS.length),
  guessRight: 1 / SYMBOLS.length,

  /** @type {Task["draw"]} */
  draw(T, random) {
    const target = drawBelow(random, SYMBOLS.length);
    const inputs = Array.from({ length: T }, (_, t) => {
      const noise = SYMBOLS.length + drawBelow(random, NOISE.length);
      return SIGN_VECTORS[t === 0 ? target : noise];
    });
    return { inputs, target, relevant: [0] };
  },

  /** @type {Task["words"]} */
  words: ({ inputs }) => inputs.map((vector) => SIGNS[vector.indexOf(1)]),
};

/**
 * Draw a review: words on the plot, verdicts of others that do not count, and the one that counts.
 *
 * @param {number} T
 * @param {Random} random
 * @param {number} place  the step of the verdict that counts
 * @returns {Sequence}
 */
function drawReview(T, random, place) {
  const start = drawBelow(random, PLOT.length);
  const inputs = Array.from({ length: T }, (_, t) => PLOT_VECTORS[(start + t) % PLOT.length]);
  const free = inputs.map((_, t) => t).filter((t) => t !== place);
  for (let i = 0; i < DISTRACTORS; i++) {
    const [t] = free.splice(drawBelow(random, free.length), 1);
    inputs[t] = REVIEW_VECTORS[drawBelow(random, VERDICTS.length)];
  }
  const verdict = drawBelow(random, VERDICTS.length);
  inputs[place] = REVIEW_VECTORS[verdict];
  return { inputs, target: verdict < BLAME.length ? 0 : 1, relevant: [place] };
}

const review = {
  inputSize: REVIEW_WORDS.length,
  answers: ["negative", "positive"],
  guessLoss: Math.log(2),
  guessRight: 1 / 2,
  /** @type {Task["words"]} */
  words: ({ inputs }) => inputs.map((vector) => REVIEW_WORDS[vector.indexOf(1)]),
};

const verdictFirst = {
  ...review,
  name: "verdict-first",
  title: "The verdict at the start of a review",
  explanation:
    "The first word of a review says whether the book was good. The plot follows, and in it two " +
    "verdicts of other people, which do not count. The network must keep the first word.",
  /** @type {Task["draw"]} */
  draw: (T, random) => drawReview(T, random, 0),
};

const verdictLast = {
  ...review,
  name: "verdict-last",
  title: "The verdict at the end of a review",
  explanation:
    "The last word of a review says whether the book was good. Before it stand the plot and two " +
    "verdicts of other people, which do not count. The network may forget all that it read.",
  /** @type {Task["draw"]} */
  draw: (T, random) => drawReview(T, random, T - 1),
};

/**
 * Add the two marked numbers (Hochreiter & Schmidhuber 1997, section 5.4), drawn from 0..1; the
 * first mark stands in the first half of the sequence and the second in the rest (Arjovsky, Shah &
 * Bengio 2016, arXiv:1511.06464), as `glassgate reproduce adding` has it.
 */
const adding = {
  name: "adding",
  title: "Add two marked numbers",
  explanation:
    "Each step has a number from 0 to 1. Two of them are marked with a plus. After the last step " +
    "the network must say the sum of the two. A sum that is off by less than 0.08 counts as right.",
  inputSize: 2, // the number, and 1 where it is marked
  answers: null,
  guessLoss: 1 / 6, // the variance of a sum of two such numbers
  guessRight: 1 - (1 - MAX_ERROR) ** 2, // of always saying 1

  /** @type {Task["draw"]} */
  draw(T, random) {
    const half = Math.floor(T / 2);
    const relevant = [drawBelow(random, half), half + drawBelow(random, T - half)];
    const inputs = Array.from({ length: T }, (_, t) =>
      Float64Array.of(random(), relevant.includes(t) ? 1 : 0),
    );
    const target = relevant.reduce((sum, t) => sum + inputs[t][0], 0);
    return { inputs, target, relevant };
  },

  /** @type {Task["words"]} */
  words: ({ inputs }) => inputs.map(([value, mark]) => (mark ? "+" : "") + value.toFixed(2)),
};

/** @type {Map<string, Task>} */
export const TASKS = new Map(
  [firstSymbol, verdictFirst, verdictLast, adding].map((task) => [task.name, task]),
);
