// What each network chooses at each distance. No DOM.

import { remember } from "../../app/derive.js";
import { ENDING, PRONOUNS, SUBJECTS, predictEach, sentence } from "../../core/distance.js";

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
    const compute = kept.get(key) ?? remember(curve);
    kept.set(key, compute);
    return compute(model, fillers, subject, holds);
  };
}

/**
 * The share of the right pronoun among all four, by distance.
 *
 * @param {Model} model
 * @param {Fillers} fillers
 * @param {string} subject
 * @param {Hold[]} holds
 * @returns {Curve}
 */
function curve(model, fillers, subject, holds) {
  const { vocabulary } = model;
  const place = PRONOUNS.indexOf(SUBJECTS.get(subject) ?? "");
  const distances = fillers.flatMap((filler, distance) => (filler ? [distance] : []));
  const texts = distances.map((distance) =>
    vocabulary.encode(sentence(subject, fillers[distance] ?? []).join(" ")),
  );
  const targets = vocabulary.encode(PRONOUNS.join(" "));
  const shares = predictEach(model, texts, targets, holds).map((probabilities) => {
    return probabilities[place] / probabilities.reduce((sum, one) => sum + one, 0);
  });
  const byDistance = new Map(distances.map((distance, i) => [distance, shares[i]]));
  return { network: model.name, shares: byDistance, ghost: false };
}

/** The same curve as what was before a hold. @param {Curve} free @returns {Curve} */
export function ghostOf(free) {
  return { ...free, ghost: true };
}
