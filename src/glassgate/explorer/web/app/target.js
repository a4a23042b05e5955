// The chosen prediction: the next word that a person asks about, or the one that most suggests itself.

/** @typedef {import("./app.js").State} State */
/** @typedef {import("./app.js").Derived} Derived */

/**
 * Return the word that was chosen after this word; if none, the one that follows in the sentence,
 * the grammar's likeliest, or the likeliest of the chosen network with nothing held.
 *
 * @param {State} state
 * @param {Derived} derived
 * @returns {string} one of the outcomes of the chosen network, or "" before its first word
 */
export function targetOf(state, derived) {
  const outcomes = derived.outcomes[state.network];
  const free = derived.ghostNext[state.network];
  if (!free.length) return "";
  const { target } = state;
  if (target && target.word === state.word && outcomes.includes(target.next)) return target.next;
  const following = derived.model.task === "language" ? derived.ids[state.network] : [];
  const next = following[state.word];
  if (next !== undefined && next !== derived.model.vocabulary.unk) return outcomes[next];
  if (derived.truth) {
    const likeliest = [...derived.truth].reduce((best, one) => (one[1] > best[1] ? one : best));
    if (outcomes.includes(likeliest[0])) return likeliest[0];
  }
  return outcomes[free.indexOf(Math.max(...free))];
}
