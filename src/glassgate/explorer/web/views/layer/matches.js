/**
 * Where else are these units open? After LSTMVis (Strobelt et al. 2018, arXiv:1606.07461): a pattern
 * of units at one word is looked up at every word of other sentences. No DOM.
 *
 * A unit of a gated network is open to the past where it keeps at least half of its state, and
 * otherwise it writes. A unit without gates is compared by the sign of its state.
 */

/** @typedef {{sentence: number, word: number, same: number, distance: number}} Match */
/** @typedef {{word: string, matched: number, read: number}} Tally */
/** @typedef {"all" | "keep" | "write"} Wanted */

/**
 * The units of the pattern: all that are asked about, or those alone that keep, or that write.
 * @param {readonly number[]} units
 * @param {ArrayLike<number>} values of all units at the chosen word
 * @param {number} threshold at and above it a unit is open
 * @param {Wanted} wanted
 */
export function patternUnits(units, values, threshold, wanted) {
  if (wanted === "all") return [...units];
  return units.filter((unit) => values[unit] >= threshold === (wanted === "keep"));
}

/**
 * Every word of the sentences by how many of the units are open or closed as at the chosen word,
 * then by how close their values are.
 * @param {readonly (readonly ArrayLike<number>[])[]} sentences by sentence and word: values of all units
 * @param {readonly number[]} units
 * @param {ArrayLike<number>} values of all units at the chosen word
 * @param {number} threshold
 * @returns {Match[]}
 */
export function rankMatches(sentences, units, values, threshold) {
  /** @type {Match[]} */
  const matches = [];
  sentences.forEach((words, sentence) => {
    words.forEach((there, word) => {
      let same = 0;
      let distance = 0;
      for (const unit of units) {
        if (there[unit] >= threshold === values[unit] >= threshold) same++;
        distance += Math.abs(there[unit] - values[unit]);
      }
      matches.push({ sentence, word, same, distance });
    });
  });
  return matches.sort((one, other) => other.same - one.same || one.distance - other.distance);
}

/**
 * How often each word was read, and how often all units of the pattern did the same there.
 * @param {readonly Match[]} matches
 * @param {readonly (readonly string[])[]} sentences the words
 * @param {number} units how many the pattern has
 * @returns {Tally[]} words with a match, the most frequent match first
 */
export function tallyWords(matches, sentences, units) {
  /** @type {Map<string, Tally>} */
  const tallies = new Map();
  for (const match of matches) {
    const word = sentences[match.sentence][match.word];
    const tally = tallies.get(word) ?? { word, matched: 0, read: 0 };
    tallies.set(word, tally);
    tally.read++;
    if (match.same === units) tally.matched++;
  }
  return [...tallies.values()]
    .filter((tally) => tally.matched)
    .sort((one, other) => other.matched - one.matched || one.read - other.read);
}
