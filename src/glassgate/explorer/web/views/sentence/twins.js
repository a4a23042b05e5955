// The twin of a sentence: the same, about a girl instead of a boy, with her pronouns for his.

/** @type {[string, string][]} */
const PAIRS = [
  ["boy", "girl"],
  ["boys", "girls"],
  ["man", "woman"],
  ["men", "women"],
  ["king", "queen"],
  ["kings", "queens"],
  ["he", "she"],
  ["his", "her"],
  ["himself", "herself"],
];
const TWINS = new Map(
  PAIRS.flatMap(([one, other]) => [
    [one, other],
    [other, one],
  ]),
);
const WORD = /[\p{L}\p{N}]+/gu;

/**
 * @param {string} text
 * @returns {string}
 */
export function twin(text) {
  return text.replace(WORD, (word) => TWINS.get(word.toLowerCase()) ?? word);
}

/**
 * @param {string} text
 * @returns {boolean} whether the twin is another sentence
 */
export function hasTwin(text) {
  return twin(text) !== text;
}
