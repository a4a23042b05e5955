// The types that all views share. There is nothing to run in this file.

/**
 * What a view is given: the networks, their language, and the state of the page.
 *
 * @typedef {object} App
 * @property {Map<string, import("../core/model.js").Model>} models by the name that is shown
 * @property {import("../core/grammar.js").Grammar | null} grammar
 * @property {string[]} examples the example text, a sentence or passage each
 * @property {import("./store.js").Store<State>} store
 */

/**
 * All that a person can choose. Immutable: `store.set({...})` replaces what it names.
 *
 * @typedef {object} State
 * @property {string} text what the networks read
 * @property {number} word from 1; 0 is before the first word
 * @property {string} network the name of a model
 * @property {number} layer from 0
 * @property {number} unit from 0
 * @property {number[]} units those brushed in the matrix of the layer
 * @property {import("../core/holds.js").Hold[]} holds act on `network` alone
 * @property {"keeps" | "writes"} convention how the update gate is shown
 * @property {"kept" | "reset" | "candidate" | "hidden"} measure what the matrix shows
 * @property {"span" | "index" | "word"} sort of the rows of the matrix
 * @property {{word: number, next: string} | null} target the prediction that was chosen: after which
 *   word, and of what; null, or another word than the chosen one, leaves it to `targetOf`
 * @property {number} distance words between the cue and the pronoun
 * @property {string} cue the noun phrase that the pronoun depends on, such as "the boy"
 * @property {string} learn what networks learn in the page, as `learning/settings.js` writes it; "" for the start
 * @property {number} tour page of the guided tour, 0 for none
 */

/**
 * What follows from the state, as `createDerive` computes it.
 *
 * @typedef {import("./derive.js").Derived} Derived
 */

/** @typedef {(state: State, derived: Derived) => void} Update shows a state; cheap if nothing of its own changed */
/** @typedef {(section: HTMLElement, app: App) => Update} Mount builds a view in its element */

export {};
