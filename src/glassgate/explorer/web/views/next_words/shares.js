// Two sums over the next words: classes of words (short distance), and the pronouns (long distance).

import { h, setAttributes, setStyle, setText } from "../../app/dom.js";
import { networkColour, percent } from "../../app/scales.js";
import { showGhost } from "./bars.js";
import { classShares, wordShares } from "./compare.js";

/** @typedef {import("../../app/app.js").App} App */
/** @typedef {import("../../app/app.js").State} State */
/** @typedef {import("../../app/app.js").Derived} Derived */
/** @typedef {import("./compare.js").Share} Share */
/** @typedef {{network: string, colour: string, shares: Share[], before: Share[] | null}} Line */

const PRONOUNS = [
  ["his", "her", "its", "their"],
  ["himself", "herself", "itself", "themselves"],
];
const WORTH_SHOWING = 0.1; // the least probability of all pronouns together

/**
 * @param {HTMLElement} section
 * @param {App} app
 * @returns {import("../../app/app.js").Update}
 */
export function mountShares(section, app) {
  const classes = new ShareTable(
    "Short distance: which class of words?",
    "After a word such as “the” comes a noun or an adjective: one word back is all that a network must remember.",
    "data-class",
  );
  const pronouns = new ShareTable(
    "Long distance: which pronoun?",
    "The pronoun inherits from the subject, however many words ago that was.",
    "data-next",
  );
  section.append(h("div", { class: "next-shares" }, classes.element, pronouns.element));
  return (_, derived) => {
    classes.update(classLines(app, derived));
    pronouns.update(pronounLines(app, derived));
  };
}

/** A table with a row a network and a column a class or word. */
class ShareTable {
  /** @param {string} title @param {string} says @param {string} attribute the column's, on each cell */
  constructor(title, says, attribute) {
    this.attribute = attribute;
    this.head = h("tr", {});
    this.body = h("tbody", {});
    this.element = h(
      "figure",
      { class: "share-table", hidden: true },
      h("figcaption", {}, h("h3", {}, title), h("p", {}, says)),
      h("table", {}, h("thead", {}, this.head), this.body),
    );
    this.columns = "";
    /** @type {Cell[][]} */
    this.cells = [];
  }

  /** @param {Line[]} lines */
  update(lines) {
    this.element.hidden = !lines.length;
    if (!lines.length) return;
    const layout = lines.map((line) =>
      [line.network, ...line.shares.map((one) => one.name)].join(),
    );
    if (layout.join("\n") !== this.columns) this.#build(lines);
    this.columns = layout.join("\n");
    lines.forEach((line, row) => {
      line.shares.forEach((share, column) => {
        this.cells[row][column].update(share.probability, line.before?.[column].probability);
      });
    });
  }

  /** @param {Line[]} lines */
  #build(lines) {
    const names = lines[0].shares.map((share) => share.name);
    this.head.replaceChildren(h("td", {}), ...names.map((name) => h("th", { scope: "col" }, name)));
    this.cells = lines.map((line) =>
      names.map((name) => new Cell({ "data-network": line.network, [this.attribute]: name })),
    );
    this.body.replaceChildren(
      ...lines.map((line, row) =>
        h(
          "tr",
          { class: "share-row", style: { "--network": line.colour } },
          h("th", { scope: "row" }, line.network === "grammar" ? "the grammar" : line.network),
          ...this.cells[row].map((cell) => cell.element),
        ),
      ),
    );
  }
}

class Cell {
  /** @param {Record<string, string>} data */
  constructor(data) {
    this.number = h("span", { class: "share-number" });
    this.fill = h("span", { class: "next-fill" });
    this.ghost = h("span", { class: "next-ghost", hidden: true });
    const track = h("span", { class: "next-track", "aria-hidden": "true" }, this.fill, this.ghost);
    this.element = h("td", data, this.number, track);
  }

  /** @param {number} probability @param {number | undefined} before the hold */
  update(probability, before) {
    setAttributes(this.element, { "data-probability": String(probability) });
    setText(this.number, percent(probability));
    setStyle(this.fill, "transform", `scaleX(${probability})`);
    showGhost(this.ghost, probability, before, 1);
  }
}

/**
 * One line for each language model whose next word is known, and one for the grammar.
 *
 * @param {App} app
 * @param {Derived} derived
 * @param {(probabilities: ArrayLike<number>, words: string[]) => Share[]} sum
 * @returns {Line[]}
 */
function networkLines(app, derived, sum) {
  /** @type {Line[]} */
  const lines = [];
  for (const [network, model] of app.models) {
    if (model.task !== "language") continue;
    const colour = networkColour(network);
    const { next, ghostNext, outcomes } = derived;
    const shares = sum(next[network], outcomes[network]);
    const held = next[network] !== ghostNext[network];
    const before = held ? sum(ghostNext[network], outcomes[network]) : null;
    lines.push({ network, colour, shares, before });
  }
  return lines;
}

/**
 * The classes of some words; all that have none of their own come last.
 *
 * @param {string[]} words
 * @param {(word: string) => string} classOf
 */
function classesOf(words, classOf) {
  const classes = new Set(words.map(classOf));
  classes.delete("other");
  return [...classes, "other"];
}

/** @param {App} app @param {Derived} derived @returns {Line[]} none where no class may follow */
function classLines(app, derived) {
  const { grammar } = app;
  const { truth } = derived;
  if (!grammar || !truth) return [];
  const classOf = (/** @type {string} */ word) => grammar.wordClass(word);
  const classes = classesOf(derived.outcomes[derived.model.name], classOf);
  const shares = classShares(truth, classes, classOf);
  if (!shares.some((share) => share.name !== "other" && share.probability > 0)) return [];
  const lines = networkLines(app, derived, (probabilities, words) =>
    classShares(
      Array.from(words, (word, id) => [word, probabilities[id]]),
      classes,
      classOf,
    ),
  );
  return [...lines, truthLine(shares)];
}

/** @param {App} app @param {Derived} derived @returns {Line[]} none where no pronoun may follow */
function pronounLines(app, derived) {
  const { truth } = derived;
  for (const words of PRONOUNS) {
    const lines = networkLines(app, derived, (probabilities, vocabulary) =>
      wordShares((word) => probabilities[vocabulary.indexOf(word)] ?? 0, words),
    );
    if (truth) lines.push(truthLine(wordShares((word) => truth.get(word) ?? 0, words)));
    const deciding = truth ? lines.slice(-1) : lines;
    if (deciding.some((line) => total(line.shares) >= WORTH_SHOWING)) return lines;
  }
  return [];
}

/** @param {Share[]} shares @returns {Line} */
function truthLine(shares) {
  return { network: "grammar", colour: "var(--ink)", shares, before: null };
}

/** @param {Share[]} shares */
function total(shares) {
  return shares.reduce((sum, share) => sum + share.probability, 0);
}
