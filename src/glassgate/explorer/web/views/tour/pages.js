/** The eight pages of the tour: what each sets up, says, and asks for. */

import { h } from "../../app/dom.js";
import { formatNumber, formatPercent } from "../unit/numbers.js";
import { forgetting, LONG, SENTENCE, TWIN } from "./cast.js";

/**
 * @typedef {import("../../app/app.js").State} State
 * @typedef {import("./cast.js").Cast} Cast
 * @typedef {(string|HTMLElement)[]} Paragraph
 *
 * @typedef {{label: string, patch: (cast: Cast) => Partial<State>}} Choice
 *
 * @typedef {object} Page
 * @property {string} title
 * @property {string} view what it is about: a selector of an element of the page
 * @property {(cast: Cast) => Partial<State>} moment the state that it sets
 * @property {(cast: Cast) => Paragraph[]} say
 * @property {string} task what to do
 * @property {Choice[]} [choices] buttons with which to do it
 */

const CUE = 2; // the word "boy" in all texts of the tour
const AND = 5; // the word "and"
const LAST = 6; // the word "hurt"

/** What every page starts from. @type {Partial<State>} */
const START = { text: SENTENCE, word: LAST, layer: 0, holds: [], units: [] };
const LONG_LAST = LONG.split(" ").length;

/** @type {Page[]} */
export const PAGES = [
  {
    title: "What a hidden state is",
    view: "#layer",
    moment: (cast) => ({
      ...START,
      ...{ word: CUE, network: cast.models.gru.name, unit: cast.carrier },
      ...{ measure: "hidden", sort: "index" },
    }),
    say: (cast) => [
      [
        "A network reads a sentence one word at a time. After each word it holds a row of numbers, ",
        `one for each of its ${cast.models.gru.hiddenSize} units. This is its hidden state: all that `,
        "it has of the words before.",
      ],
      [
        "In the layer, each row is a unit and each column a word; the colour is the unit’s number. ",
        `Unit ${cast.carrier} stands at `,
        number("state", cast.step(SENTENCE, CUE).hidden[cast.carrier]),
        " after “boy”.",
      ],
    ],
    task: "Step through the sentence, word by word. Which rows stay the same from one word to the next? They remember something.",
  },
  {
    title: "A simple recurrent network",
    view: ".unit-networks",
    moment: (cast) => ({ ...START, network: cast.models.srn.name, unit: 0 }),
    say: (cast) => [
      [
        "A feedforward network sees the current word alone. After “the boy fell down and hurt” it gives ",
        "“his” ",
        percent("feedforward-his", cast.chance("feedforward", "his", SENTENCE)),
        ", and after “the girl fell down and hurt” ",
        percent("feedforward-twin", cast.chance("feedforward", "his", TWIN)),
        ": both end in the same word.",
      ],
      [
        "A simple recurrent network (SRN) copies its hidden state, and reads the copy together with the ",
        "next word. It gives “his” ",
        percent("srn-his", cast.chance("srn", "his", SENTENCE)),
        " after the boy, and ",
        percent("srn-twin", cast.chance("srn", "his", TWIN)),
        " after the girl.",
      ],
    ],
    task: "Swap the boy for the girl. Which network changes its mind, and which one cannot?",
    choices: [
      { label: "the girl", patch: () => ({ text: TWIN }) },
      { label: "the boy", patch: () => ({ text: SENTENCE }) },
    ],
  },
  {
    title: "The two gates",
    view: "#unit",
    moment: (cast) => ({
      ...START,
      ...{ word: CUE, network: cast.models.gru.name, unit: cast.carrier, convention: "keeps" },
    }),
    say: (cast) => {
      const { kept } = cast.step(SENTENCE, CUE);
      return [
        [
          "Here each unit is a GRU, with two gates. The update gate (green) says how much of the old ",
          "state is kept, and how much new content, the candidate, is written in its place. The reset ",
          "gate (orange) says how much of the old state the candidate may see.",
        ],
        [
          "So there are two regulations, because there are two questions: what stays, and what the new ",
          `content is made of. At “boy”, unit ${cast.carrier} keeps `,
          percent("kept", kept[cast.carrier]),
          " of its old state and writes ",
          percent("written", 1 - kept[cast.carrier]),
          " of its candidate.",
        ],
      ];
    },
    task: "Press Play, and follow the numbers from the word to the new state. Then switch to “z writes”: which numbers change, and which do not?",
  },
  {
    title: "As is, reset, in between",
    view: ".unit-vectors",
    moment: (cast) => {
      const { most, least, between } = cast.examples(SENTENCE, AND);
      const units = [most, between, least];
      return { ...START, word: AND, network: cast.models.gru.name, unit: most, units };
    },
    say: (cast) => {
      const { kept, most, least, between } = cast.examples(SENTENCE, AND);
      return [
        [
          `All this is down to weights, and all degrees are possible. At “and”, unit ${most} keeps `,
          percent("most", kept[most]),
          ` of its state: it passes “as is”. Unit ${least} keeps `,
          percent("least", kept[least]),
          `: a reset. Unit ${between} keeps `,
          percent("between", kept[between]),
          ": something in between.",
        ],
        [
          "The three rows of numbers show it: the share kept times the old state, plus the share written ",
          "times the candidate, is the new state.",
        ],
      ];
    },
    task: "Choose each of the three units by its number. Then step to another word: does the same unit still keep?",
  },
  {
    title: "Long distance",
    view: ".next-shares",
    moment: (cast) => ({
      ...START,
      network: cast.models.gru.name,
      unit: cast.carrier,
      cue: "the boy",
    }),
    say: (cast) => {
      const { carrier } = cast;
      const state = (/** @type {string} */ text) => cast.step(text, LAST).hidden[carrier];
      return [
        [
          "“The boy fell down and hurt …”: the pronoun inherits from a word that is long gone. The GRU ",
          "gives “his” ",
          percent("gru-his", cast.chance("gru", "his", SENTENCE)),
          `. Of its units, ${carrier} tells boys from girls: at “hurt” it stands at `,
          number("boy", state(SENTENCE)),
          " if the sentence began with the boy, and at ",
          number("girl", state(TWIN)),
          " if with the girl.",
        ],
        [
          "Let this one unit forget at every word, and “his” is left with ",
          percent("gru-his-held", cast.chance("gru", "his", SENTENCE, forgetting([carrier]))),
          "; “her” has ",
          percent("gru-her-held", cast.chance("gru", "her", SENTENCE, forgetting([carrier]))),
          ".",
        ],
      ];
    },
    task: "See for yourself: let the unit forget, and watch what comes next. Then put more words in between, in “How far it remembers”.",
    choices: [
      { label: "forget", patch: (cast) => ({ holds: forgetting([cast.carrier]) }) },
      { label: "release", patch: () => ({ holds: [] }) },
    ],
  },
  {
    title: "Short distance",
    view: ".next-shares",
    moment: (cast) => ({
      ...START,
      ...{ text: "the", word: 1, network: cast.models.gru.name, unit: cast.carrier },
      holds: forgetting("all"),
    }),
    say: (cast) => [
      [
        "After “the” comes a noun or an adjective, whatever was said before. No long memory is needed. ",
        "Now all gates are shut, so that nothing of the past gets through: the GRU still gives nouns ",
        "and adjectives together ",
        percent(
          "short-held",
          cast.share("noun", "the", forgetting("all")) +
            cast.share("adjective", "the", forgetting("all")),
        ),
        " (with its gates free, ",
        percent("short-free", cast.share("noun", "the") + cast.share("adjective", "the")),
        ").",
      ],
      [
        "The pronoun after “the boy fell down and hurt” does not survive this: “his” goes from ",
        percent("long-free", cast.chance("gru", "his", SENTENCE)),
        " to ",
        percent("long-held", cast.chance("gru", "his", SENTENCE, forgetting("all"))),
        ".",
      ],
    ],
    task: "Release all gates, and shut them again. What changes after “the”? And after the whole sentence?",
    choices: [
      { label: "release", patch: () => ({ holds: [] }) },
      { label: "shut", patch: () => ({ holds: forgetting("all") }) },
      { label: "“the”", patch: () => ({ text: "the", word: 1 }) },
      { label: "“the boy fell down and hurt”", patch: () => ({ text: SENTENCE, word: LAST }) },
    ],
  },
  {
    title: "Why the gradient vanishes",
    view: "#back",
    moment: (cast) => ({
      ...START,
      ...{
        text: LONG,
        word: Number.MAX_SAFE_INTEGER,
        network: cast.models.gru.name,
        unit: cast.carrier,
      },
      target: { word: LONG_LAST, next: "his" },
    }),
    say: (cast) => [
      [
        "A network learns by sending its error back, word by word; what arrives at a word is the ",
        "gradient. In an SRN it passes through weights and a curve at each word, and mostly shrinks on ",
        "the way: it vanishes. A GRU has a second way: what is kept carries it back as it is.",
      ],
      [
        `Call the gradient at the last word 1. At “boy”, ${LONG_LAST - CUE} words before, `,
        number("srn-reach", cast.reach("srn", LONG, CUE, "his")),
        " of it is left in the SRN, and ",
        number("gru-reach", cast.reach("gru", LONG, CUE, "his")),
        " in the GRU.",
      ],
    ],
    task: "Choose other words in “What comes next” and other places in the sentence. Which line falls fastest?",
  },
  {
    title: "The book review",
    view: "#learn",
    moment: (cast) => ({
      ...START,
      ...{ network: cast.models.gru.name, unit: cast.carrier, learn: "verdict-first" },
    }),
    say: () => [
      [
        "A review begins “This is a fantasy book which illustrates …” and ends “I didn’t quite enjoy ",
        "the book”. If the verdict stands at the end, the network may forget all that came before. If it ",
        "stands at the start, the network must keep it to the end, through all the plot.",
      ],
      [
        "No one tells the gates what to do: they learn it by trial and error, with backpropagation. ",
        "Here you can watch them.",
      ],
    ],
    task: "Press Run and let a GRU race against an SRN. Do it for both tasks. Which of the two needs a memory, and where in the review do the gates open?",
    choices: [
      { label: "verdict at the start", patch: () => ({ learn: "verdict-first" }) },
      { label: "verdict at the end", patch: () => ({ learn: "verdict-last" }) },
    ],
  },
];

/**
 * A number of the tour, with all its digits for programs.
 *
 * @param {string} name
 * @param {number} value
 * @returns {HTMLElement}
 */
function number(name, value) {
  return h("b", { "data-fact": name, "data-value": String(value) }, writeSize(value));
}

/**
 * @param {number} value
 * @returns {string} two decimals, or two digits where that would say 0
 */
function writeSize(value) {
  if (value === 0 || Math.abs(value) >= 0.01) return formatNumber(value);
  return String(Number(value.toPrecision(2)));
}

/**
 * A probability or a share of the tour.
 *
 * @param {string} name
 * @param {number} value
 * @returns {HTMLElement}
 */
function percent(name, value) {
  return h("b", { "data-fact": name, "data-value": String(value) }, formatPercent(value));
}
