// Where else are these units open? The words of the example text at which the same units do the same.

import { remember } from "../../app/derive.js";
import { h, repeat, setText } from "../../app/dom.js";
import { patternUnits, rankMatches, tallyWords } from "./matches.js";
import { hasGates, sampleOf } from "./sample.js";

/** @typedef {import("../../app/app.js").App} App */
/** @typedef {import("../../app/app.js").State} State */
/** @typedef {import("../../app/app.js").Derived} Derived */
/** @typedef {import("./matches.js").Wanted} Wanted */
/** @typedef {import("./matches.js").Match} Match */
/** @typedef {import("./sample.js").Sample} Sample */

const SHOWN = { matches: 8, words: 6, around: 5 };
/** @type {Record<Wanted, string>} */
const WANTED = { all: "all of them", keep: "those that keep", write: "those that write" };
const EXPLANATION =
  "A unit is open to the past where it keeps at least half of its state; otherwise it writes. Here " +
  "are the words of the example text at which the same units keep and write as at the chosen word.";
const WITHOUT_GATES =
  "This network has no gates, so its units are compared by the sign of their state: here are the " +
  "words of the example text at which the same units are above and below 0.";

/**
 * @param {HTMLElement} section
 * @param {App} app
 * @returns {import("../../app/app.js").Update}
 */
export function mountSearch(section, app) {
  /** @type {Wanted} */
  let wanted = "all";
  const explanation = h("p", {});
  const summary = h("p", { role: "status" });
  const often = h("p", { class: "soft" });
  const list = h("ol", { class: "matches" });
  const radios = h(
    "fieldset",
    { class: "choice" },
    h("legend", {}, "Compare"),
    ...Object.entries(WANTED).map(([value, text]) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "wanted",
          value,
          checked: value === wanted,
          on: { change: () => choose(/** @type {Wanted} */ (value)) },
        }),
        ` ${text}`,
      ),
    ),
  );
  const details = h(
    "details",
    { class: "search", on: { toggle: () => refresh() } },
    h("summary", {}, "Where else are these units open?"),
    explanation,
    radios,
    summary,
    often,
    list,
  );
  section.append(details);
  const find = remember(findMatches);
  /** @type {() => void} */
  let refresh = () => {};

  /** @param {Wanted} value */
  function choose(value) {
    wanted = value;
    refresh();
  }

  return (state, derived) => {
    details.hidden = !app.examples.length;
    refresh = () => {
      if (!details.open) return;
      const { model } = derived;
      setText(explanation, hasGates(model) ? EXPLANATION : WITHOUT_GATES);
      radios.hidden = !hasGates(model);
      const sample = sampleOf(app, model);
      const values = valuesHere(state, derived);
      const asked = state.units.length ? state.units : [state.unit];
      const found =
        values && find(sample, state.layer, asked, values, hasGates(model) ? 0.5 : 0, wanted);
      show(state, derived, sample, found);
    };
    refresh();
  };

  /**
   * @param {State} state
   * @param {Derived} derived
   * @param {Sample} sample
   * @param {Found | null} found
   */
  function show(state, derived, sample, found) {
    const full = found ? found.matches.filter((match) => match.same === found.units.length) : [];
    setText(summary, summaryText(state, derived, found, full.length));
    setText(often, found ? oftenText(found) : "");
    const rows = found ? found.matches.slice(0, SHOWN.matches) : [];
    const size = found ? found.units.length : 0;
    repeat(
      list,
      rows,
      () => matchRow(app),
      (row, match) => {
        updateRow(row, match, sample, size, derived.model.level === "characters" ? "" : " ");
      },
    );
  }
}

/** @typedef {{units: number[], matches: Match[], tallies: import("./matches.js").Tally[]}} Found */

/**
 * @param {Sample} sample
 * @param {number} layer
 * @param {number[]} asked
 * @param {Float64Array} values
 * @param {number} threshold
 * @param {Wanted} wanted
 * @returns {Found | null} null where no unit is left to compare
 */
function findMatches(sample, layer, asked, values, threshold, wanted) {
  const units = patternUnits(asked, values, threshold, wanted);
  if (!units.length) return null;
  const matches = rankMatches(sample.values[layer], units, values, threshold);
  return { units, matches, tallies: tallyWords(matches, sample.words, units.length) };
}

/** What the units do at the chosen word with nothing held. @param {State} state @param {Derived} derived */
function valuesHere(state, derived) {
  const run = derived.ghosts[state.network];
  const step = run.steps[state.word - run.firstWord]?.[state.layer];
  if (!step) return null;
  return "kept" in step ? step.kept : step.hidden;
}

/** @param {State} state @param {Derived} derived @param {Found | null} found @param {number} count */
function summaryText(state, derived, found, count) {
  if (!found) return "No unit of these does so at the chosen word.";
  const { units, matches } = found;
  const word = state.word ? `“${derived.words[state.word - 1]}”` : "the start";
  const who = units.length === 1 ? `Unit ${units[0]} does` : `These ${units.length} units all do`;
  return `${who} at ${count.toLocaleString("en")} of ${matches.length.toLocaleString("en")} words what they do at ${word}.`;
}

/** @param {Found} found */
function oftenText({ tallies }) {
  const shown = tallies.slice(0, SHOWN.words).map(({ word, matched, read }) => {
    return `${word || "(start)"} (${matched} of ${read})`;
  });
  return shown.length ? `Most often at: ${shown.join(", ")}.` : "";
}

/** @param {App} app */
function matchRow({ store }) {
  const parts = ["before", "match", "after", "soft"].map((name) => h("span", { class: name }));
  const button = h(
    "button",
    {
      type: "button",
      on: {
        click: () => store.set({ text: button.dataset.text, word: Number(button.dataset.word) }),
      },
    },
    ...parts,
  );
  return h("li", {}, button);
}

/**
 * @param {HTMLElement} row
 * @param {Match} match
 * @param {Sample} sample
 * @param {number} units
 * @param {string} gap between words
 */
function updateRow(row, match, sample, units, gap) {
  const button = /** @type {HTMLElement} */ (row.firstElementChild);
  const words = sample.words[match.sentence];
  const [before, here, after, count] = button.children;
  const first = words[0] === "" ? 1 : 0; // the start is no word of the text
  const begin = Math.max(first, match.word - SHOWN.around);
  const end = match.word + 1 + SHOWN.around;
  setText(before, `${begin > first ? "… " : ""}${words.slice(begin, match.word).join(gap)}${gap}`);
  setText(here, words[match.word] || "(start)");
  setText(
    after,
    `${gap}${words.slice(match.word + 1, end).join(gap)}${end < words.length ? " …" : ""}`,
  );
  setText(count, units > 1 ? ` ${match.same} of ${units} units` : "");
  button.dataset.text = sample.texts[match.sentence];
  button.dataset.word = String(match.word + 1 - first);
  button.dataset.same = String(match.same);
}
