/**
 * Long distance: "the boy ... fell down and hurt his", with 0 to 20 words of the grammar's own in
 * between. The same words suit every subject and show neither its gender nor its number again, so a
 * network must remember the subject itself.
 */

import { heldAt } from "./holds.js";
import { outcomes } from "./model.js";
import { initialStates, stepNetwork } from "./network.js";

/** @import {State, Step} from "./cells.js" */
/** @import {Grammar, Prefix} from "./grammar.js" */
/** @import {Hold} from "./holds.js" */
/** @import {Model} from "./model.js" */

/**
 * A text read so far, and those longer by one word.
 *
 * @typedef {{word: number, states: State[], steps: Step[], longer: Map<number, Reading>}} Reading
 */

export const SUBJECTS = new Map([
  ["boy", "his"],
  ["girl", "her"],
  ["boys", "their"],
]);
export const PRONOUNS = ["his", "her", "its", "their"];
export const ENDING = ["fell", "down", "and", "hurt"];
export const LONGEST = 20; // words

const PIECES = [
  [3, 4, 5, 2],
  [4, 3, 2, 5],
]; // lengths in words that a filler grows by, in the order in which they are tried: one or the other
const LONGEST_PIECE = 5;
const TRIES = 300; // random continuations of one length

/**
 * The whole text before the pronoun.
 * @param {string} subject
 * @param {readonly string[]} filler
 */
export function sentence(subject, filler) {
  return ["the", subject, ...filler, ...ENDING];
}

/**
 * Random fillers of 0 .. `longest` words. Each begins as the one before it, as far as the grammar
 * has words for it; null where it has none of that length.
 * @param {Grammar} grammar
 * @param {() => number} random 0 <= x < 1
 * @param {number} [longest]
 * @returns {(readonly string[] | null)[] | null} null where the grammar has no such sentence at all
 */
export function findFillers(grammar, random, longest = LONGEST) {
  const root = begin(grammar);
  if (!root || !root.closes()) return null;
  const chain = grow(root, random, longest);
  return Array.from({ length: longest + 1 }, (_, length) => {
    for (const node of [...chain].reverse()) {
      const missing = length - node.words.length;
      const end = missing < 0 ? null : missing ? extend(node, missing, random) : node;
      if (end) return end.words;
    }
    return null;
  });
}

/** What was read after each subject, as a tree of words, so that nothing is read twice. */
class Node {
  /** @type {Map<string, Node | null>} */
  #longer = new Map();
  /** @type {boolean | undefined} */
  #closes;

  /** @param {Grammar} grammar @param {readonly string[]} words @param {Prefix[]} prefixes */
  constructor(grammar, words, prefixes) {
    this.grammar = grammar;
    this.words = words;
    this.prefixes = prefixes; // one a subject
  }

  /** @param {string} word @returns {Node | null} null where a subject does not allow the word */
  read(word) {
    let longer = this.#longer.get(word);
    if (longer === undefined) {
      const prefixes = readAll(this.grammar, this.prefixes, word);
      longer = prefixes && new Node(this.grammar, [...this.words, word], prefixes);
      this.#longer.set(word, longer);
    }
    return longer;
  }

  /** Whether the ending may follow, and the pronoun then depends on each subject as it should. */
  closes() {
    this.#closes ??= closes(this.grammar, this.prefixes);
    return this.#closes;
  }

  /** A word that the grammar may write next, as likely as it is. @param {() => number} random */
  draw(random) {
    let left = random();
    let last = "";
    for (const [word, probability] of this.grammar.nextWords(this.prefixes[0])) {
      last = word;
      left -= probability;
      if (left < 0) break;
    }
    return last;
  }
}

/** @param {Grammar} grammar */
function begin(grammar) {
  const start = [...SUBJECTS.keys()].map((subject) => {
    const article = readAll(grammar, [grammar.begin()], "the");
    return article && readAll(grammar, article, subject);
  });
  const prefixes = start.flatMap((prefix) => prefix ?? []);
  return prefixes.length === SUBJECTS.size ? new Node(grammar, [], prefixes) : null;
}

/** @param {Grammar} grammar @param {Prefix[]} prefixes @param {string} word */
function readAll(grammar, prefixes, word) {
  if (!prefixes.every((prefix) => grammar.nextWords(prefix).has(word))) return null;
  return prefixes.map((prefix) => grammar.read(prefix, word));
}

/** @param {Grammar} grammar @param {Prefix[]} prefixes */
function closes(grammar, prefixes) {
  /** @type {Prefix[] | null} */
  let read = prefixes;
  for (const word of ENDING) read = read && readAll(grammar, read, word);
  if (!read) return false;
  const right = [...SUBJECTS.values()];
  return read.every((prefix, place) => {
    const next = grammar.nextWords(prefix);
    return PRONOUNS.every((word) => next.has(word) === (word === right[place]));
  });
}

/**
 * A filler that grows piece by piece up to `longest` words, the ending possible after each piece.
 * @param {Node} root
 * @param {() => number} random
 * @param {number} longest
 * @returns {Node[]} from no word on
 */
function grow(root, random, longest) {
  const chain = [root];
  const given = new Set(); // nodes after which no piece was found
  for (;;) {
    const last = chain[chain.length - 1];
    const room = longest - last.words.length;
    if (room <= LONGEST_PIECE) return chain;
    const next = nextPiece(last, random, given);
    if (next) {
      chain.push(next);
    } else if (chain.length === 1) {
      return chain;
    } else {
      given.add(last);
      chain.pop();
    }
  }
}

/** @param {Node} node @param {() => number} random @param {Set<Node>} given */
function nextPiece(node, random, given) {
  for (const length of PIECES[random() < 0.5 ? 0 : 1]) {
    const next = extend(node, length, random);
    if (next && !given.has(next)) return next;
  }
  return null;
}

/**
 * The node that lies `length` random words on and at which the ending may follow.
 * @param {Node} node
 * @param {number} length
 * @param {() => number} random
 */
function extend(node, length, random) {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    /** @type {Node | null} */
    let end = node;
    for (let word = 0; end && word < length; word++) end = end.read(end.draw(random));
    if (end?.closes()) return end;
  }
  return null;
}

/**
 * What a network expects after each of several texts; a beginning that they share is read once.
 *
 * @param {Model} model
 * @param {readonly number[][]} texts ids, without `<bos>`
 * @param {readonly number[]} targets ids of next words
 * @param {Hold[]} holds
 * @returns {Float64Array[]} for each text the probability of each target
 */
export function predictEach(model, texts, targets, holds) {
  const held = heldAt(model.network, holds);
  /** @param {Reading} reading @param {number} id */
  const readNext = (reading, id) => {
    const known = reading.longer.get(id);
    if (known) return known;
    const I = model.embeddingSize;
    const input = model.embedding.subarray(id * I, (id + 1) * I);
    const word = reading.word + 1;
    const steps = stepNetwork(model.network, input, reading.states, held(word));
    /** @type {Reading} */
    const longer = { word, states: steps, steps, longer: new Map() };
    reading.longer.set(id, longer);
    return longer;
  };
  /** @type {Reading} */
  const nothing = { word: -1, states: initialStates(model.network), steps: [], longer: new Map() };
  const start = readNext(nothing, model.vocabulary.bos);
  return texts.map((ids) => {
    const { steps } = ids.reduce(readNext, start);
    const probabilities = outcomes({ model, steps: [steps] }, 0);
    return Float64Array.from(targets, (id) => probabilities[id]);
  });
}
