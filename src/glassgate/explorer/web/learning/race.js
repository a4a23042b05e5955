/**
 * One network, or two that take turns, learning in short slices of time so that the page can draw
 * and answer between them. Both get the same number of updates from the same sequences.
 */

/** @import {Evaluation, Learner} from "./learner.js" */

/** Updates between two evaluations. */
export const STRIDE = 20;
/** A race ends here. */
export const MAX_UPDATES = 10_000;

/**
 * Evaluations of all networks after the same number of updates.
 *
 * @typedef {object} Mark
 * @property {number} updates
 * @property {Evaluation[]} evaluations  one a network
 */

/**
 * @typedef {object} Race
 * @property {Learner[]} learners
 * @property {Mark[]} marks  from before the first update on
 * @property {() => number} updates  of each network
 * @property {() => boolean} finished
 * @property {() => void} step  one update of each network
 * @property {(milliseconds: number, now?: () => number) => number} run  steps until the time is over,
 *   at least one; returns how many
 */

/**
 * @param {Learner[]} learners
 * @returns {Race}
 */
export function makeRace(learners) {
  let updates = 0;
  const look = () => ({ updates, evaluations: learners.map((learner) => learner.evaluate()) });
  const marks = [look()];
  const finished = () => updates >= MAX_UPDATES;
  const step = () => {
    for (const learner of learners) learner.update();
    updates++;
    if (updates % STRIDE === 0) marks.push(look());
  };
  return {
    learners,
    marks,
    updates: () => updates,
    finished,
    step,
    run(milliseconds, now = () => performance.now()) {
      const [before, end] = [updates, now() + milliseconds];
      do step();
      while (!finished() && now() < end);
      return updates - before;
    },
  };
}
