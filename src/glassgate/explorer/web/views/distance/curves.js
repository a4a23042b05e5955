// What each network chooses at each distance. No DOM.

import { remember } from "../../app/derive.js";
import { ENDING, PRONOUNS, SUBJECTS, sentence } from "../../core/distance.js";
import { createReadings } from "../../core/readings.js";

/** @typedef {import("../../core/model.js").Model} Model */
/** @typedef {import("../../core/holds.js").Hold} Hold */
/** @typedef {readonly (readonly string[] | null)[]} Fillers by their number of words */
/** @typedef {{network: string, shares: Map<number, number>, ghost: boolean}} Curve by distance */
/** @typedef {(model: Model, fillers: Fillers, subject: string, holds: Hold[]) => Curve} CurveOf */

/**
 * The models that know all words of the sentences.
 *
 * @param {ReadonlyMap<string, Model>} models
 * @param {Fillers} fillers
 */
export function knowing(models, fillers) {
  const words = [
    ...SUBJECTS.keys(),
    ...PRONOUNS,
    ...ENDING,
    ...new Set(fillers.flatMap((one) => one ?? [])),
  ];
  return [...models.values()].filter(
    ({ task, level, vocabulary }) =>
      task === "language" &&
      level === "words" &&
      vocabulary.encode(words.join(" ")).every((id) => id !== vocabulary.unk),
  );
}

/**
 * Each network's curve, kept until its holds or the sentences change.
 *
 * @returns {CurveOf}
 */
export function createCurves() {
  /** @type {Map<string, CurveOf>} */
  const kept = new Map();
  return (model, fillers, subject, holds) => {
    const key = `${holds.length ? "held" : "free"} ${model.name}`;
    const compute = kept.get(key) ?? newCurve();
    kept.set(key, compute);
    return compute(model, fillers, subject, holds);
  };
}

/** @returns {CurveOf} which keeps what it knows of the same sentences, and the last curve */
function newCurve() {
  const read = remember(readSentences);
  return remember((model, fillers, subject, holds) => {
    const shares = new Map(read(model, fillers, subject)(holds));
    return { network: model.name, shares, ghost: false };
  });
}

/**
 * The share of the right pronoun among all four, by distance.
 *
 * @param {Model} model
 * @param {Fillers} fillers
 * @param {string} subject
 * @returns {(holds: Hold[]) => [distance: number, share: number][]}
 */
function readSentences(model, fillers, subject) {
  const { vocabulary } = model;
  const place = PRONOUNS.indexOf(SUBJECTS.get(subject) ?? "");
  const distances = fillers.flatMap((filler, distance) => (filler ? [distance] : []));
  const texts = distances.map((distance) =>
    vocabulary.encode(sentence(subject, fillers[distance] ?? []).join(" ")),
  );
  const targets = vocabulary.encode(PRONOUNS.join(" "));
  const predictEach = createReadings(model);
  return (holds) =>
    predictEach(texts, targets, holds).map((probabilities, i) => {
      const sum = probabilities.reduce((all, one) => all + one, 0);
      return [distances[i], probabilities[place] / sum];
    });
}

/** The same curve as what was before a hold. @param {Curve} free @returns {Curve} */
export function ghostOf(free) {
  return { ...free, ghost: true };
}
