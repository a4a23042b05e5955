// Distance: more and more words between a subject and its pronoun, and what each network chooses.

import { lineChart } from "../app/charts.js";
import { remember } from "../app/derive.js";
import { h, repeat, setAttributes, setStyle, setText } from "../app/dom.js";
import { networkColour, percent } from "../app/scales.js";
import {
  ENDING,
  LONGEST,
  PRONOUNS,
  SUBJECTS,
  findFillers,
  predictEach,
  sentence,
} from "../core/distance.js";
import { makeRandom } from "../learning/random.js";

/** @typedef {import("../app/app.js").App} App */
/** @typedef {import("../app/app.js").State} State */
/** @typedef {import("../app/app.js").Derived} Derived */
/** @typedef {import("../core/model.js").Model} Model */
/** @typedef {import("../core/holds.js").Hold} Hold */
/** @typedef {{network: string, shares: Map<number, number>, ghost: boolean}} Curve by distance */

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

/** @param {ReadonlyMap<string, Model>} models @param {readonly (readonly string[] | null)[]} fillers */
function knowing(models, fillers) {
  const words = [
    ...SUBJECTS.keys(),
    ...PRONOUNS,
    ...ENDING,
    ...new Set(fillers.flatMap((one) => one ?? [])),
  ];
  return [...models.values()].filter(
    ({ task, level, vocabulary }) =>
      task === "language" &&
      level === "words" &&
      vocabulary.encode(words.join(" ")).every((id) => id !== vocabulary.unk),
  );
}

/** Each network's curve, kept until its holds or the sentences change. */
function createCurves() {
  /** @type {Map<string, (model: Model, fillers: readonly (readonly string[] | null)[], subject: string, holds: Hold[]) => Curve>} */
  const curves = new Map();
  return (
    /** @type {Model} */ model,
    /** @type {readonly (readonly string[] | null)[]} */ fillers,
    /** @type {string} */ subject,
    /** @type {Hold[]} */ holds,
  ) => {
    const key = `${holds.length ? "held" : "free"} ${model.name}`;
    const compute = curves.get(key) ?? remember(curve);
    curves.set(key, compute);
    return compute(model, fillers, subject, holds);
  };
}

/**
 * The share of the right pronoun among all four, by distance.
 *
 * @param {Model} model
 * @param {readonly (readonly string[] | null)[]} fillers
 * @param {string} subject
 * @param {Hold[]} holds
 * @returns {Curve}
 */
function curve(model, fillers, subject, holds) {
  const { vocabulary } = model;
  const place = PRONOUNS.indexOf(SUBJECTS.get(subject) ?? "");
  const distances = fillers.flatMap((filler, distance) => (filler ? [distance] : []));
  const texts = distances.map((distance) =>
    vocabulary.encode(sentence(subject, fillers[distance] ?? []).join(" ")),
  );
  const targets = vocabulary.encode(PRONOUNS.join(" "));
  const shares = predictEach(model, texts, targets, holds).map((probabilities) => {
    return probabilities[place] / probabilities.reduce((sum, one) => sum + one, 0);
  });
  const byDistance = new Map(distances.map((distance, i) => [distance, shares[i]]));
  return { network: model.name, shares: byDistance, ghost: false };
}

/** @param {Curve} free @returns {Curve} */
function ghostOf(free) {
  return { ...free, ghost: true };
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

/** The curves as a table, for those who do not see the chart; filled only while it is open. */
function numbersTable() {
  const head = h("tr", {});
  const body = h("tbody", {});
  let fillTable = () => {};
  const element = h(
    "details",
    { class: "numbers", on: { toggle: () => fillTable() } },
    h("summary", {}, "As numbers"),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, head), body)),
  );
  /** @param {Curve[]} curves @param {string} right */
  const update = (curves, right) => {
    fillTable = () => {
      if (!element.open) return;
      const columns = [
        "words",
        ...curves.map(({ network, ghost }) => (ghost ? `${network} before` : network)),
      ];
      repeat(head, columns, () => h("th", { scope: "col" }), setText);
      repeat(
        body,
        Array.from({ length: LONGEST + 1 }),
        () => h("tr", {}),
        (row, _, distance) => {
          const shares = curves.map(({ shares: own }) => own.get(distance));
          const cells = [
            String(distance),
            ...shares.map((share) => (share === undefined ? "–" : percent(share))),
          ];
          repeat(row, cells, () => h("td", {}), setText);
        },
      );
      setAttributes(element, { "aria-label": `Share of “${right}” by distance` });
    };
    fillTable();
  };
  return { element, update };
}
