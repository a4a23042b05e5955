/** The ten most likely next words of one network as bars, with ghosts of what was before a hold. */

import { h, setAttributes, setStyle, setText } from "../../app/dom.js";
import { percent } from "../../app/scales.js";

/** @typedef {import("./compare.js").NextWord} NextWord */

export const COUNT = 10; // words
const VISIBLE = 0.01; // of the length of a bar

/** @type {Record<string, string>} what a person reads for a token that is no word */
const TOKENS = { "<eos>": "(end)", "<unk>": "(unknown word)", " ": "(space)", "\n": "(new line)" };

/** @param {string} token */
export function wordText(token) {
  return TOKENS[token] ?? token;
}

/**
 * One column: the name of a network, its divergence, its bars.
 */
export class Column {
  /**
   * @param {string} network
   * @param {string} title
   * @param {string} colour a CSS colour
   * @param {(word: string) => void} choose what a click on a word does
   */
  constructor(network, title, colour, choose) {
    /** @type {unknown[]} what it shows follows from these */
    this.causes = [];
    this.note = h("p", { class: "next-note" });
    this.before = h("p", { class: "next-before", hidden: true });
    this.rows = Array.from({ length: COUNT }, () => new Row(network, choose));
    this.element = h(
      "article",
      { class: "next-column", style: { "--network": colour }, "aria-label": title },
      h("h3", {}, title),
      this.note,
      h("ol", { class: "next-bars" }, ...this.rows.map((row) => row.element)),
      this.before,
    );
  }

  /**
   * Whether anything that the column shows has changed since this was asked last.
   *
   * @param {unknown[]} causes
   */
  changes(...causes) {
    const same = causes.every((cause, place) => cause === this.causes[place]);
    this.causes = causes;
    return !same;
  }

  /**
   * @param {object} shown
   * @param {NextWord[]} shown.words the most likely first
   * @param {number} shown.scale the probability that fills a bar
   * @param {string} shown.note
   * @param {string} shown.target the chosen prediction
   * @param {((word: string) => number) | null} shown.ghost probability before the hold, or null
   * @param {NextWord[]} shown.gone words that were among the most likely before the hold alone
   * @param {(word: string) => boolean} shown.possible whether the grammar ever says a word here
   */
  update({ words, scale, note, target, ghost, gone, possible }) {
    setText(this.note, note);
    this.rows.forEach((row, place) => row.update(words[place], scale, target, ghost, possible));
    this.before.hidden = !gone.length;
    const before = gone.map((one) => `${wordText(one.word)} ${percent(one.probability)}`);
    setText(this.before, `before the hold: ${before.join(", ")}`);
  }
}

/**
 * Mark what was before the hold, where that is another place.
 *
 * @param {HTMLElement} mark
 * @param {number} now
 * @param {number | undefined} before undefined where nothing is held
 * @param {number} scale the probability at the end of the bar
 */
export function showGhost(mark, now, before, scale) {
  mark.hidden = before === undefined || Math.abs(before - now) < VISIBLE * scale;
  if (!mark.hidden) setStyle(mark, "left", `${Math.min(1, Number(before) / scale) * 100}%`);
}

class Row {
  /** @param {string} network @param {(word: string) => void} choose */
  constructor(network, choose) {
    this.word = h("span", { class: "next-word" });
    this.share = h("span", { class: "next-share" });
    this.fill = h("span", { class: "next-fill" });
    this.ghost = h("span", { class: "next-ghost", hidden: true });
    this.track = h("span", { class: "next-track", "aria-hidden": "true" }, this.fill, this.ghost);
    this.bar = h(
      "button",
      {
        type: "button",
        class: "next-bar",
        "data-network": network,
        on: { click: () => choose(this.name) },
      },
      this.word,
      this.share,
      this.track,
    );
    this.element = h("li", {}, this.bar);
    this.name = "";
  }

  /**
   * @param {NextWord | undefined} next
   * @param {number} scale
   * @param {string} target
   * @param {((word: string) => number) | null} ghost
   * @param {(word: string) => boolean} possible
   */
  update(next, scale, target, ghost, possible) {
    this.element.hidden = !next;
    const { word = null, probability = 0 } = next ?? {};
    this.name = word ?? "";
    setAttributes(this.bar, {
      "data-next": word,
      "data-probability": next ? String(probability) : null,
      "aria-pressed": String(word === target),
    });
    if (word === null) return;
    this.bar.classList.toggle("impossible", !possible(word));
    setText(this.word, wordText(word));
    setText(this.share, percent(probability));
    setStyle(this.fill, "transform", `scaleX(${Math.min(1, probability / scale)})`);
    showGhost(this.ghost, probability, ghost?.(word), scale);
  }
}
