/**
 * Many texts read by one network: a beginning that they share is read once, and the rooms for its
 * steps are kept for the next time, when other gates are held.
 */

import { newStep } from "./cells.js";
import { heldAt } from "./holds.js";
import { outcomes } from "./model.js";
import { initialStates, stepNetwork } from "./network.js";

/** @import {State, Step} from "./cells.js" */
/** @import {Hold} from "./holds.js" */
/** @import {Model} from "./model.js" */

/**
 * A text read so far, and those longer by one word.
 *
 * @typedef {object} Reading
 * @property {number} word  how many words there are; 0 after `<bos>`
 * @property {Step[]} steps  of its last word, of each layer
 * @property {number} time  when the steps were last written
 * @property {Map<number, Reading>} longer  by the id of the next word
 */

/**
 * Returns what a network expects after each of several texts.
 *
 * @callback PredictEach
 * @param {readonly number[][]} texts ids, without `<bos>`
 * @param {readonly number[]} targets ids of next words
 * @param {Hold[]} holds
 * @returns {Float64Array[]} for each text the probability of each target
 */

/**
 * @param {Model} model
 * @returns {PredictEach}
 */
export function createReadings(model) {
  const { network, embedding, embeddingSize: I, vocabulary } = model;
  const initial = initialStates(network);
  const start = newReading(model, 0);
  let time = 0;

  return (texts, targets, holds) => {
    const held = heldAt(network, holds);
    time++;
    /** @param {Reading} reading @param {number} id of its last word @param {State[]} states */
    const read = (reading, id, states) => {
      if (reading.time === time) return;
      const input = embedding.subarray(id * I, (id + 1) * I);
      stepNetwork(network, input, states, held(reading.word), reading.steps);
      reading.time = time;
    };
    read(start, vocabulary.bos, initial);
    return texts.map((ids) => {
      let reading = start;
      for (const id of ids) {
        const longer = reading.longer.get(id) ?? newReading(model, reading.word + 1);
        reading.longer.set(id, longer);
        read(longer, id, reading.steps);
        reading = longer;
      }
      const probabilities = outcomes({ model, steps: [reading.steps] }, 0);
      return Float64Array.from(targets, (id) => probabilities[id]);
    });
  };
}

/**
 * @param {Model} model
 * @param {number} word
 * @returns {Reading} whose steps are yet to be written
 */
function newReading({ network }, word) {
  return { word, steps: network.layers.map((layer) => newStep(layer)), time: 0, longer: new Map() };
}
