/** Which words a network expects next, and how far that is from what the grammar says. No DOM. */

/** @typedef {{words: readonly string[], unk: number}} Vocabulary */
/** @typedef {{word: string, probability: number}} NextWord */
/** @typedef {{name: string, probability: number}} Share */

/**
 * The `count` most likely of a distribution over the ids of a vocabulary, the most likely first.
 * @param {ArrayLike<number>} probabilities
 * @param {readonly string[]} words by id
 * @param {number} count
 * @returns {NextWord[]}
 */
export function mostLikely(probabilities, words, count) {
  /** @type {NextWord[]} */
  const best = [];
  for (let id = 0; id < probabilities.length; id++) {
    const probability = probabilities[id];
    if (best.length === count && probability <= best[count - 1].probability) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].probability < probability) place--;
    best.splice(place, 0, { word: words[id], probability });
    best.length = Math.min(best.length, count);
  }
  return best;
}

/**
 * The `count` most likely words of the grammar.
 * @param {ReadonlyMap<string, number>} truth
 * @param {number} count
 * @returns {NextWord[]}
 */
export function mostLikelyInTruth(truth, count) {
  return [...truth]
    .map(([word, probability]) => ({ word, probability }))
    .sort((one, other) => other.probability - one.probability)
    .slice(0, count);
}

/**
 * sum_w p(w) log2(p(w) / q(w)) in bits, from the grammar's p to a network's q. A word that the
 * network does not know counts as its unknown word.
 * @param {ReadonlyMap<string, number>} truth
 * @param {ArrayLike<number>} probabilities
 * @param {(word: string) => number} idOf
 */
export function divergence(truth, probabilities, idOf) {
  /** @type {Map<number, number>} */
  const expected = new Map();
  for (const [word, probability] of truth) {
    const id = idOf(word);
    expected.set(id, (expected.get(id) ?? 0) + probability);
  }
  let bits = 0;
  for (const [id, p] of expected) if (p > 0) bits += p * Math.log2(p / probabilities[id]);
  return bits;
}

/**
 * A distribution summed over classes of words, in the order of `classes`.
 * @param {Iterable<[string, number]>} distribution
 * @param {readonly string[]} classes
 * @param {(word: string) => string} classOf
 * @returns {Share[]}
 */
export function classShares(distribution, classes, classOf) {
  const shares = new Map(classes.map((name) => [name, 0]));
  for (const [word, probability] of distribution) {
    const name = classOf(word);
    shares.set(name, (shares.get(name) ?? 0) + probability);
  }
  return [...shares].map(([name, probability]) => ({ name, probability }));
}

/**
 * What a distribution gives each of a few words.
 * @param {(word: string) => number} probabilityOf
 * @param {readonly string[]} words
 * @returns {Share[]}
 */
export function wordShares(probabilityOf, words) {
  return words.map((name) => ({ name, probability: probabilityOf(name) }));
}
