/**
 * The words of a language, and how a text is split into them: as `glassgate.train.Vocabulary`.
 *
 * A word is letters and digits, with apostrophes inside; any other mark is a token of its own.
 * Words are lower-cased; characters keep their case.
 */

/**
 * A piece of a text.
 *
 * @typedef {object} Piece
 * @property {string} text as the vocabulary would spell it
 * @property {number} start its place in the text: `text.slice(start, stop)`
 * @property {number} stop
 */

/**
 * @typedef {object} Vocabulary
 * @property {"words" | "characters"} level
 * @property {number} size V
 * @property {string[]} words the token of each id
 * @property {number} unk
 * @property {number} bos
 * @property {number} eos
 * @property {(text: string) => Piece[]} split
 * @property {(text: string) => number[]} encode the id of each piece, `unk` for an unknown one
 */

// The patterns by which tokenizer.json tells words from characters, and the same in JavaScript,
// where \w knows no other letters than a to z.
const LETTER = "\\p{Alphabetic}\\p{M}\\p{Nd}"; // of \w all but marks that join, such as _
const JOINING = "\\p{Pc}";
const PATTERNS = new Map([
  ["[^\\W_]+(?:['\\u2019][^\\W_]+)*|[^\\w\\s]|_", "words"],
  ["[\\s\\S]", "characters"],
]);
const WORD_PART = `(?:[${LETTER}]|(?!_)${JOINING})+`;
const WORD = new RegExp(
  `${WORD_PART}(?:['\\u2019]${WORD_PART})*|[^${LETTER}${JOINING}\\p{White_Space}]|_`,
  "gu",
);
const CHARACTER = /[\s\S]/gu;

/**
 * Read the content of tokenizer.json.
 *
 * @param {any} json
 * @returns {Vocabulary}
 * @throws {Error} in one sentence, where `glassgate train` would not have written it
 */
export function readVocabulary(json) {
  const level = readLevel(json);
  const words = readWords(json?.model?.vocab);
  const ids = new Map(words.map((word, id) => [word, id]));
  const [unk, bos, eos] = ["<unk>", "<bos>", "<eos>"].map((token) => {
    const id = ids.get(token);
    if (id === undefined) throw new Error(`the vocabulary has no ${token}`);
    return id;
  });
  const split = level === "words" ? splitWords : splitCharacters;
  return {
    level,
    size: words.length,
    words,
    unk,
    bos,
    eos,
    split,
    encode: (text) => split(text).map((piece) => ids.get(piece.text) ?? unk),
  };
}

/**
 * @param {any} json
 * @returns {"words" | "characters"}
 */
function readLevel(json) {
  const { type, pattern, behavior, invert } = json?.pre_tokenizer ?? {};
  const level = PATTERNS.get(pattern?.Regex);
  const isSplit = type === "Split" && behavior === "Removed" && invert === true;
  const lowers = json?.normalizer?.type === "Lowercase";
  const isPlain = !json?.normalizer && !json?.added_tokens?.length;
  if (level === "words" && isSplit && lowers && !json?.added_tokens?.length) return "words";
  if (level === "characters" && isSplit && isPlain) return "characters";
  throw new Error(
    "tokenizer.json must split a text into words or characters as glassgate train does, " +
      "got one that does not",
  );
}

/**
 * @param {unknown} vocab
 * @returns {string[]}
 */
function readWords(vocab) {
  if (typeof vocab !== "object" || vocab === null) {
    throw new Error("tokenizer.json must have a vocabulary of words with numbers, got none");
  }
  const entries = Object.entries(vocab);
  /** @type {string[]} */
  const words = new Array(entries.length);
  for (const [word, id] of entries) {
    if (!Number.isInteger(id) || id < 0 || id >= entries.length || words[id] !== undefined) {
      throw new Error(
        `the words of tokenizer.json must be numbered from 0 to ${entries.length - 1}, ` +
          `got ${String(id)} for ${JSON.stringify(word)}`,
      );
    }
    words[id] = word;
  }
  return words;
}

/**
 * @param {string} text
 * @returns {Piece[]}
 */
function splitWords(text) {
  // Lower case may be longer (İ becomes two characters), so that places have to be kept. One
  // character at a time, as tokenizers does: a Σ at the end of a word is no exception.
  let lower = "";
  /** @type {number[]} */
  const starts = []; // of what each unit of `lower` came from
  /** @type {number[]} */
  const stops = [];
  let start = 0;
  for (const character of text) {
    const lowered = character.toLowerCase();
    const stop = start + character.length;
    for (let i = 0; i < lowered.length; i++) {
      starts.push(start);
      stops.push(stop);
    }
    lower += lowered;
    start = stop;
  }
  return Array.from(lower.matchAll(WORD), ({ 0: word, index }) => ({
    text: word,
    start: starts[index],
    stop: stops[index + word.length - 1],
  }));
}

/**
 * @param {string} text
 * @returns {Piece[]}
 */
function splitCharacters(text) {
  return Array.from(text.matchAll(CHARACTER), ({ 0: character, index }) => ({
    text: character,
    start: index,
    stop: index + character.length,
  }));
}
