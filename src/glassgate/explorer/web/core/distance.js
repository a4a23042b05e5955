/**
 * Long distance: "the boy ... fell down and hurt his", with 0 to 20 words of the grammar's own in
 * between, such as "who the women near the river see". The same words suit every subject and show
 * neither its gender nor its number again, so a network must remember the subject itself.
 */

import { END } from "./grammar.js";

/** @import {Grammar, Prefix} from "./grammar.js" */

export const SUBJECTS = new Map([
  ["boy", "his"],
  ["girl", "her"],
  ["boys", "their"],
]);
export const PRONOUNS = ["his", "her", "its", "their"];
export const ENDING = ["fell", "down", "and", "hurt"];
export const LONGEST = 20; // words

const LONGEST_PIECE = 4; // words that a filler grows by at once
const DRAWS = 400; // random continuations of one length, among which pieces are looked for
const BEST_FIRST = [3, 4, 1, 2]; // lengths of pieces: those that others may follow come first
const FRAME = 4; // words of the piece within which others are put: "who the women see"

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
  const pieces = findPieces(root, random);
  const frames = [findFrame(root, pieces), { head: root, tail: [] }];
  const chains = frames.map((frame) => grow(frame, pieces, longest));
  return Array.from({ length: longest + 1 }, (_, length) => {
    for (const [place, frame] of frames.entries()) {
      const filler = fill(frame, chains[place], length, pieces);
      if (filler) return filler;
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

  /**
   * @param {string} word
   * @returns {Node | null} null where a subject does not allow the word, or where the sentence could
   *   end after it: then its verb has been read, and the ending would be part of a second clause
   */
  read(word) {
    let longer = this.#longer.get(word);
    if (longer === undefined) {
      const prefixes = readAll(this.grammar, this.prefixes, word);
      const open = prefixes && !grammarEnds(this.grammar, prefixes[0]);
      longer = open ? new Node(this.grammar, [...this.words, word], prefixes) : null;
      this.#longer.set(word, longer);
    }
    return longer;
  }

  /** @param {readonly string[]} words */
  readAll(words) {
    /** @type {Node | null} */
    let end = this;
    for (const word of words) end = end && end.read(word);
    return end;
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

/** @param {Grammar} grammar @param {Prefix} prefix */
function grammarEnds(grammar, prefix) {
  return grammar.nextWords(prefix).has(END);
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

/** @typedef {Map<number, string[][]>} Pieces by their number of words */

/**
 * Random words that may stand between the subjects and the ending, each piece once.
 * @param {Node} root
 * @param {() => number} random
 * @returns {Pieces}
 */
function findPieces(root, random) {
  /** @type {Pieces} */
  const pieces = new Map();
  for (let length = 1; length <= LONGEST_PIECE; length++) {
    /** @type {Map<string, string[]>} */
    const found = new Map();
    for (let draw = 0; draw < DRAWS; draw++) {
      const words = drawWords(root, length, random);
      if (words) found.set(words.join(" "), words);
    }
    pieces.set(length, [...found.values()]);
  }
  return pieces;
}

/** @param {Node} root @param {number} length @param {() => number} random */
function drawWords(root, length, random) {
  /** @type {Node | null} */
  let end = root;
  while (end && end.words.length < length) end = end.read(end.draw(random));
  return end?.closes() ? [...end.words] : null;
}

/**
 * Words that open and close, and between which others may be put.
 *
 * @typedef {{head: Node, tail: readonly string[]}} Frame
 */

/**
 * A piece that lets another one into its midst, if there is one. Its own noun makes it harder to
 * remember the subject, most of all one with another pronoun than any subject has, such as "dog".
 * @param {Node} root
 * @param {Pieces} pieces
 * @returns {Frame}
 */
function findFrame(root, pieces) {
  const candidates = pieces.get(FRAME) ?? [];
  const distracts = (/** @type {string[]} */ words) => words.some((word) => isOther(root, word));
  const ordered = [...candidates.filter(distracts), ...candidates.filter((one) => !distracts(one))];
  for (const words of ordered) {
    for (let place = FRAME - 1; place > 0; place--) {
      const head = root.readAll(words.slice(0, place));
      const frame = head && { head, tail: words.slice(place) };
      if (frame && extend(frame, head, 3, pieces)) return frame;
    }
  }
  return { head: root, tail: [] };
}

/** Whether a word is a subject whose pronoun no other has. @param {Node} root @param {string} word */
function isOther({ grammar }, word) {
  const right = new Set(SUBJECTS.values());
  /** @type {Prefix[] | null} */
  let read = [grammar.begin()];
  for (const next of ["the", word, ...ENDING]) read = read && readAll(grammar, read, next);
  const pronouns = read ? PRONOUNS.filter((one) => grammar.nextWords(read[0]).has(one)) : [];
  return pronouns.length > 0 && !pronouns.some((one) => right.has(one));
}

/**
 * What grows within a frame, piece by piece, to nearly `longest` words.
 * @param {Frame} frame
 * @param {Pieces} pieces
 * @param {number} longest
 * @returns {Node[]} from the head on
 */
function grow(frame, pieces, longest) {
  const chain = [frame.head];
  for (let last = frame.head; last.words.length < longest - LONGEST_PIECE;) {
    const lengths = chain.length % 2 ? [3, 4] : [4, 3];
    const grown = lengths.map((length) => extend(frame, last, length, pieces));
    const next = grown.find((node) => node);
    if (!next) break;
    chain.push(next);
    last = next;
  }
  return chain;
}

/**
 * A filler of `length` words that begins like the longest of the chain that fits. It may have a word
 * after the frame, such as the adverb in "who the women see often".
 * @param {Frame} frame
 * @param {Node[]} chain
 * @param {number} length
 * @param {Pieces} pieces
 * @returns {readonly string[] | null}
 */
function fill({ head, tail }, chain, length, pieces) {
  const tails = [tail, ...(pieces.get(1) ?? []).map((words) => [...tail, ...words])];
  for (const node of [...chain].reverse()) {
    for (const after of tails) {
      const missing = length - node.words.length - after.length;
      const end = missing < 0 ? null : extend({ head, tail: after }, node, missing, pieces);
      if (end) return [...end.words, ...after];
    }
  }
  return null;
}

/**
 * The node that lies `length` words on, piece by piece, and after which the frame may be closed.
 * @param {Frame} frame
 * @param {Node} node
 * @param {number} length
 * @param {Pieces} pieces
 * @returns {Node | null}
 */
function extend(frame, node, length, pieces) {
  if (!length) return node.readAll(frame.tail)?.closes() ? node : null;
  for (const size of [length, ...BEST_FIRST]) {
    if (size > length) continue;
    for (const words of pieces.get(size) ?? []) {
      const next = repeats(node, words) ? null : node.readAll(words);
      const closed = next?.readAll(frame.tail)?.closes();
      const end = next && closed ? extend(frame, next, length - size, pieces) : null;
      if (end) return end;
    }
  }
  return null;
}

/** Whether the same words have been read before. @param {Node} node @param {string[]} words */
function repeats(node, words) {
  return ` ${node.words.join(" ")} `.includes(` ${words.join(" ")} `);
}
