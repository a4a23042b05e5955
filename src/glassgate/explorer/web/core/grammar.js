/**
 * A probabilistic grammar: random sentences, and the exact distribution of the next word.
 *
 * As in `glassgate.grammar`, a prefix holds every derivation that is still possible: the stack of
 * items it has yet to write, and its probability given the prefix. The next word's distribution
 * sums over these stacks, so it is exact. Equal stacks are one object, since they are compared often.
 */

/**
 * What the page holds of a grammar; Python has read and checked the rules.
 *
 * @typedef {object} GrammarData
 * @property {string} name
 * @property {SymbolData[]} symbols the first is the sentence
 * @property {Record<string, string>} classes the class of each word, as figures call it
 */

/**
 * @typedef {object} SymbolData
 * @property {string} name
 * @property {{probability: number, items: Item[]}[]} expansions the probabilities sum to 1
 */

/** @typedef {string | number} Item a word, or the number of a symbol */

/**
 * What is yet to be written: the next item, and the rest; null for nothing.
 *
 * @typedef {{item: Item, rest: Stack | null, openings: Opening[] | null}} Stack
 */

/** @typedef {{word: string, probability: number, rest: Stack | null}} Opening a next word */

/**
 * The words so far.
 *
 * @typedef {object} Prefix
 * @property {Map<Stack | null, number>} stacks still possible, and their probabilities
 * @property {Map<string, number> | null} next words and their probabilities, once asked for
 * @property {Map<string, Prefix>} longer prefixes by the word that follows
 */

/**
 * @typedef {object} Grammar
 * @property {string} name
 * @property {() => Prefix} begin the empty prefix
 * @property {(prefix: Prefix, word: string) => Prefix} read the prefix that is longer by a word;
 *   throws where the grammar does not allow it
 * @property {(prefix: Prefix) => Map<string, number>} nextWords the probability of each possible
 *   next word, and of `END` where the sentence may end
 * @property {(random: () => number) => string[]} sample a sentence; `random` gives 0 <= x < 1
 * @property {(word: string) => string} wordClass its class, or "other"
 */

/** The token after the last word of a sentence. */
export const END = "<eos>";

/**
 * @param {GrammarData} data
 * @returns {Grammar}
 */
export function readGrammar(data) {
  const { push, openings } = createStacks(data.symbols);
  /** @type {Prefix} */
  const empty = { stacks: new Map([[push(0, null), 1]]), next: null, longer: new Map() };
  const classes = new Map(Object.entries(data.classes));

  /** @param {Prefix} prefix */
  const nextWords = (prefix) => {
    prefix.next ??= sumWords(prefix, openings);
    return prefix.next;
  };
  /** @param {Prefix} prefix @param {string} word */
  const read = (prefix, word) => {
    const known = prefix.longer.get(word);
    if (known) return known;
    const probability = nextWords(prefix).get(word);
    if (!probability) throw new Error(`the grammar does not allow ${JSON.stringify(word)} here`);
    const longer = lengthen(prefix, word, probability, openings);
    prefix.longer.set(word, longer);
    return longer;
  };
  return {
    name: data.name,
    begin: () => empty,
    read,
    nextWords,
    sample: (random) => derive(data.symbols, random),
    wordClass: (word) => classes.get(word) ?? "other",
  };
}

/**
 * Make stacks of which equal ones are the same object, and find the words that they open with.
 *
 * @param {SymbolData[]} symbols
 */
function createStacks(symbols) {
  /** @type {Map<Stack | null, Map<Item, Stack>>} */
  const upon = new Map(); // by the rest, then by the item

  /** @param {Item} item @param {Stack | null} rest @returns {Stack} */
  const push = (item, rest) => {
    let above = upon.get(rest);
    if (!above) upon.set(rest, (above = new Map()));
    let stack = above.get(item);
    if (!stack) above.set(item, (stack = { item, rest, openings: null }));
    return stack;
  };
  /** @param {Stack | null} stack @returns {Opening[]} the words that it can write next */
  const openings = (stack) => {
    if (stack === null) return [{ word: END, probability: 1, rest: null }];
    stack.openings ??= open(stack);
    return stack.openings;
  };
  /** @param {Stack} stack @returns {Opening[]} */
  const open = ({ item, rest }) => {
    if (typeof item === "string") return [{ word: item, probability: 1, rest }];
    return symbols[item].expansions.flatMap((expansion) => {
      const below = expansion.items.reduceRight(
        (/** @type {Stack | null} */ stack, next) => push(next, stack),
        rest,
      );
      return openings(below).map((opening) => ({
        word: opening.word,
        probability: expansion.probability * opening.probability,
        rest: opening.rest,
      }));
    });
  };
  return { push, openings };
}

/**
 * @param {Prefix} prefix
 * @param {(stack: Stack | null) => Opening[]} openings
 * @returns {Map<string, number>}
 */
function sumWords(prefix, openings) {
  /** @type {Map<string, number>} */
  const words = new Map();
  for (const [stack, share] of prefix.stacks) {
    for (const { word, probability } of openings(stack)) {
      words.set(word, (words.get(word) ?? 0) + share * probability);
    }
  }
  return words;
}

/**
 * @param {Prefix} prefix
 * @param {string} word
 * @param {number} total the word's probability after the prefix
 * @param {(stack: Stack | null) => Opening[]} openings
 * @returns {Prefix}
 */
function lengthen(prefix, word, total, openings) {
  /** @type {Map<Stack | null, number>} */
  const stacks = new Map();
  for (const [stack, share] of prefix.stacks) {
    for (const opening of openings(stack)) {
      if (opening.word !== word) continue;
      const gain = (share * opening.probability) / total;
      stacks.set(opening.rest, (stacks.get(opening.rest) ?? 0) + gain);
    }
  }
  return { stacks, next: null, longer: new Map() };
}

/**
 * Derive a random sentence from its beginning, expanding the first symbol at each step.
 *
 * @param {SymbolData[]} symbols
 * @param {() => number} random
 * @returns {string[]}
 */
function derive(symbols, random) {
  const words = [];
  /** @type {Item[]} */
  const waiting = [0];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (typeof item === "string") words.push(item);
    else waiting.push(...choose(symbols[item].expansions, random).items.toReversed());
  }
  return words;
}

/**
 * @template {{probability: number}} E
 * @param {E[]} expansions
 * @param {() => number} random
 * @returns {E}
 */
function choose(expansions, random) {
  let point = random();
  for (const expansion of expansions) {
    point -= expansion.probability;
    if (point < 0) return expansion;
  }
  return expansions[expansions.length - 1];
}
