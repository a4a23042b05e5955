// Back: how much of the gradient reaches each earlier word from the chosen prediction.

import { lineChart } from "../app/charts.js";
import { remember } from "../app/derive.js";
import { h, repeat, setAttributes, setStyle, setText } from "../app/dom.js";
import { networkColour } from "../app/scales.js";
import { targetOf } from "../app/target.js";
import { walkBack } from "../core/gradient.js";
import { wordText } from "./next_words/bars.js";

/** @typedef {import("../app/app.js").App} App */
/** @typedef {import("../app/app.js").State} State */
/** @typedef {import("../app/app.js").Derived} Derived */
/** @typedef {import("../core/model.js").Run} Run */
/** @typedef {{network: string, gradient: Float64Array, before: Float64Array | null, connectivity: Float64Array, firstWord: number}} Reach */

const EXPLANATION =
  "Learning sends the error of a prediction back through the words. The line shows how large it " +
  "still is at each earlier word: where it vanishes, the network cannot learn from that word. A " +
  "network that is sure already sends back little, so compare how steeply the lines fall.";
const SHADING =
  "The shading shows on which words the prediction depends: the darker, the more a change of that " +
  "word would change it.";
const START = "\u2022"; // stands for the start of the text, as in the sentence
const DARKEST = 65; // percent of the network's colour, on which the text can still be read
const DECADES = 8; // powers of ten that the axis shows at most

/** @type {import("../app/app.js").Mount} */
export function mountBack(section, app) {
  const title = h("p", { class: "back-title", role: "status" });
  const chart = lineChart();
  const rows = h("div", { class: "back-rows" });
  const body = h(
    "div",
    { class: "back-body" },
    chart.element,
    h("div", {}, h("p", {}, SHADING), rows),
  );
  section.append(h("p", {}, EXPLANATION), title, body);
  const reachOf = createReach();

  return (state, derived) => {
    const target = targetOf(state, derived);
    const reaches = target ? reachOf(app, derived, target) : [];
    body.hidden = !reaches.length;
    setText(title, titleText(state, derived, target));
    if (!reaches.length) return;
    chart.update(drawing(reaches, state, derived));
    showRows(rows, reaches, derived);
  };
}

/** @param {State} state @param {Derived} derived @param {string} target */
function titleText(state, derived, target) {
  if (!target) return "Choose a word of the sentence: before the first, nothing is predicted.";
  const after = state.word ? `after “${derived.words[state.word - 1]}”` : "at the start";
  const what = derived.model.task === "language" ? "The prediction" : "The class";
  return `${what} “${wordText(target)}” ${after}. Choose another in “What comes next”.`;
}

/** Each network's gradients, kept until its run or the prediction changes. */
function createReach() {
  /** @type {Map<string, (run: Run, at: number, id: number) => {gradient: Float64Array, connectivity: Float64Array}>} */
  const kept = new Map();
  const measureOf = (/** @type {string} */ key) => {
    const known = kept.get(key) ?? remember(measure);
    kept.set(key, known);
    return known;
  };
  return (/** @type {App} */ app, /** @type {Derived} */ derived, /** @type {string} */ target) => {
    /** @type {Reach[]} */
    const reaches = [];
    for (const [network, { level }] of app.models) {
      if (level !== derived.model.level) continue; // it reads other pieces of the text
      const id = derived.outcomes[network].indexOf(target);
      const at = derived.at[network];
      if (id < 0 || at < 0) continue;
      const run = derived.runs[network];
      const free = derived.ghosts[network];
      const now = measureOf(`now ${network}`)(run, at, id);
      const before = run === free ? null : measureOf(`free ${network}`)(free, at, id).gradient;
      reaches.push({ network, ...now, before, firstWord: run.firstWord });
    }
    return reaches;
  };
}

/** @param {Run} run @param {number} at @param {number} id */
function measure(run, at, id) {
  const { states, embeddings } = walkBack(run, at, id);
  return { gradient: states, connectivity: embeddings };
}

/** @param {Reach[]} reaches @param {State} state @param {Derived} derived */
function drawing(reaches, state, derived) {
  const recurrent = reaches.filter(
    ({ gradient }) => gradient.length > 1 && gradient[gradient.length - 2] > 0,
  );
  const sizes = (recurrent.length ? recurrent : reaches).flatMap(({ gradient, before }) => [
    ...gradient,
    ...(before ?? []),
  ]);
  const largest = 10 ** Math.ceil(Math.log10(Math.max(...sizes, 1e-12)));
  const smallest = Math.min(
    ...sizes.filter((size) => size > largest / 10 ** DECADES),
    largest / 10,
  );
  const lines = reaches.flatMap(({ network, gradient, before, firstWord }) => {
    const line = {
      name: network,
      colour: networkColour(network),
      points: points(gradient, firstWord),
    };
    if (!before) return [line];
    return [line, { ...line, name: "before", points: points(before, firstWord), dashed: true }];
  });
  const first = Math.min(...reaches.map(({ firstWord }) => firstWord));
  return {
    name: `Size of the gradient that reaches each word from the prediction after word ${state.word}`,
    x: {
      label: "word",
      domain: /** @type {[number, number]} */ ([first, Math.max(state.word, first + 1)]),
      ticks: Array.from({ length: state.word - first + 1 }, (_, i) => first + i),
      format: (/** @type {number} */ word) => (word ? derived.words[word - 1] : START),
    },
    y: {
      label: "size of the gradient (logarithmic)",
      domain: /** @type {[number, number]} */ ([10 ** Math.floor(Math.log10(smallest)), largest]),
      log: true,
    },
    lines: lines.filter((line) => line.points.length > 1),
  };
}

/**
 * No point where the gradient is exactly 0, which has no logarithm.
 *
 * @param {Float64Array} gradient
 * @param {number} firstWord
 * @returns {[number, number][]}
 */
function points(gradient, firstWord) {
  return Array.from(
    gradient,
    (size, i) => /** @type {[number, number]} */ ([i + firstWord, size]),
  ).filter(([, size]) => size > 0);
}

/** @param {HTMLElement} parent @param {Reach[]} reaches @param {Derived} derived */
function showRows(parent, reaches, derived) {
  repeat(
    parent,
    reaches,
    () => h("p", { class: "back-row" }, h("b", {}), h("span", { class: "shaded" })),
    (row, reach) => {
      const [name, words] = row.children;
      setStyle(/** @type {HTMLElement} */ (row), "--network", networkColour(reach.network));
      setText(name, reach.network);
      const largest = Math.max(...reach.connectivity, Number.MIN_VALUE);
      repeat(
        words,
        reach.connectivity,
        () => h("span", {}),
        (word, size, i) => {
          const place = i + reach.firstWord;
          setText(word, place ? derived.words[place - 1] : START);
          setStyle(word, "--share", `${Math.round((DARKEST * size) / largest)}%`);
          setAttributes(word, {
            "data-network": reach.network,
            "data-word": place,
            "data-gradient": String(reach.gradient[i]),
            "data-connectivity": String(size),
          });
        },
      );
    },
  );
}
