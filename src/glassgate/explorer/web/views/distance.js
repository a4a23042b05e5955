// Distance: more and more words between a subject and its pronoun, and what each network chooses.

import { lineChart } from "../app/charts.js";
import { remember } from "../app/derive.js";
import { h, repeat, setAttributes, setStyle, setText } from "../app/dom.js";
import { networkColour, percent } from "../app/scales.js";
import { ENDING, LONGEST, PRONOUNS, SUBJECTS, findFillers, sentence } from "../core/distance.js";
import { makeRandom } from "../learning/random.js";
import { createCurves, ghostOf, knowing } from "./distance/curves.js";
import { numbersTable } from "./distance/table.js";

/** @typedef {import("../app/app.js").App} App */
/** @typedef {import("../app/app.js").State} State */
/** @typedef {import("../app/app.js").Derived} Derived */
/** @typedef {import("../core/holds.js").Hold} Hold */
/** @typedef {import("./distance/curves.js").Curve} Curve */

const EXPLANATION =
  "The pronoun inherits from the subject. Put words of the grammar's own between the two: a network " +
  "that remembers the subject still chooses the right pronoun; one that has forgotten it guesses.";
const NO_GRAMMAR =
  "This view needs a grammar with sentences such as “the boy … fell down and hurt his”, and the " +
  "networks here have none.";
/** @type {Hold[]} */
const NONE = [];

/** @type {import("../app/app.js").Mount} */
export function mountDistance(section, app) {
  const { store } = app;
  let seed = 0;
  /** @type {() => void} */
  let refresh = () => {};
  const cues = h("div", { class: "choice", role: "group", "aria-label": "Subject" });
  const slider = h("input", {
    type: "range",
    id: "distance-words",
    min: 0,
    max: LONGEST,
    step: 1,
    on: { input: () => store.set({ distance: Number(slider.value) }) },
  });
  const count = h("output", { for: "distance-words" });
  const text = h("p", { class: "distance-text", "aria-live": "polite" });
  const chart = lineChart();
  const list = h("ul", { class: "distance-now" });
  const numbers = numbersTable();
  const missing = h("p", { class: "soft" }, NO_GRAMMAR);
  const body = h(
    "div",
    { class: "distance-body" },
    h("p", {}, EXPLANATION),
    cues,
    h(
      "div",
      { class: "slider" },
      h("label", { for: "distance-words" }, "Words in between"),
      slider,
      count,
    ),
    text,
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", on: { click: read } }, "Read this sentence"),
      h("button", { type: "button", on: { click: change } }, "Other words in between"),
    ),
    list,
    chart.element,
    numbers.element,
  );
  section.append(missing, body);
  const fillersOf = remember((/** @type {number} */ chosen) =>
    app.grammar ? findFillers(app.grammar, makeRandom(chosen)) : null,
  );
  const curveOf = createCurves();

  function change() {
    seed++;
    refresh();
  }

  function read() {
    const { cue, distance } = store.state;
    const filler = fillersOf(seed)?.[distance];
    if (!filler) return;
    const words = sentence(subjectOf(cue), filler);
    store.set({ text: words.join(" "), word: words.length });
  }

  return (state, derived) => {
    refresh = () => show(state, derived);
    refresh();
  };

  /** @param {State} state @param {Derived} derived */
  function show(state, derived) {
    const fillers = fillersOf(seed);
    const models = fillers ? knowing(app.models, fillers) : [];
    const shown = fillers !== null && models.length > 0;
    missing.hidden = shown;
    body.hidden = !shown;
    if (!fillers || !shown) return;
    const subject = subjectOf(state.cue);
    const right = SUBJECTS.get(subject) ?? "";
    showCues(cues, subject, store);
    if (slider.value !== String(state.distance)) slider.value = String(state.distance);
    setText(count, state.distance);
    showText(text, subject, right, fillers[state.distance]);
    const curves = models.flatMap((model) => {
      const holds = model.name === derived.model.name ? state.holds : NONE;
      const free = curveOf(model, fillers, subject, NONE);
      return holds.length ? [curveOf(model, fillers, subject, holds), ghostOf(free)] : [free];
    });
    chart.update(drawing(curves, subject, right, state.distance));
    showNow(list, curves, right, state.distance);
    numbers.update(curves, right);
  }
}

/** @param {string} cue such as "the girl"; "" is the first subject */
function subjectOf(cue) {
  const subject = cue.replace(/^the /, "");
  return SUBJECTS.has(subject) ? subject : "boy";
}

/** @param {HTMLElement} parent @param {string} subject @param {App["store"]} store */
function showCues(parent, subject, store) {
  repeat(
    parent,
    [...SUBJECTS.keys()],
    () => {
      const pick = () => store.set({ cue: `the ${button.dataset.subject}` });
      const button = h("button", { type: "button", on: { click: pick } });
      return button;
    },
    (button, name) => {
      setText(button, `the ${name}`);
      setAttributes(button, { "data-subject": name, "aria-pressed": String(name === subject) });
    },
  );
}

/**
 * @param {HTMLElement} parent
 * @param {string} subject
 * @param {string} right
 * @param {readonly string[] | null} filler
 */
function showText(parent, subject, right, filler) {
  if (!filler) {
    parent.replaceChildren("The grammar has no such sentence of this length.");
    return;
  }
  parent.replaceChildren(
    h("b", {}, `the ${subject}`),
    " ",
    h("span", { class: "filler" }, filler.join(" ")),
    filler.length ? " " : "",
    `${ENDING.join(" ")} `,
    h("b", {}, `${right}?`),
  );
}

/** @param {Curve[]} curves @param {string} subject @param {string} right @param {number} distance */
function drawing(curves, subject, right, distance) {
  return {
    name: `Share of “${right}” among the pronouns after “the ${subject}”, by the number of words in between`,
    x: { label: "words in between", domain: /** @type {[number, number]} */ ([0, LONGEST]) },
    y: {
      label: `share of “${right}” among ${PRONOUNS.join(", ")}`,
      domain: /** @type {[number, number]} */ ([0, 1]),
      format: (/** @type {number} */ value) => `${Math.round(100 * value)}%`,
    },
    lines: curves.map(({ network, shares, ghost }) => ({
      name: ghost ? "before" : network,
      colour: networkColour(network),
      points: /** @type {[number, number][]} */ ([...shares]),
      dashed: ghost,
    })),
    mark: distance,
  };
}

/** @param {HTMLElement} list @param {Curve[]} curves @param {string} right @param {number} distance */
function showNow(list, curves, right, distance) {
  repeat(
    list,
    curves,
    () => h("li", {}, h("span", {}), h("b", {})),
    (item, { network, shares, ghost }) => {
      const share = shares.get(distance);
      const [name, number] = item.children;
      setStyle(item, "--network", networkColour(network));
      setAttributes(item, {
        class: ghost ? "ghost" : null,
        "data-network": ghost ? null : network,
        "data-distance": distance,
        "data-next": right,
        "data-share": share === undefined ? null : String(share),
      });
      setText(name, ghost ? `${network} before` : network);
      setText(number, share === undefined ? "" : percent(share));
    },
  );
}
