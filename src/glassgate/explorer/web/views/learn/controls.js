// What is chosen before learning: the task, its length, one network or two.

import { h, repeat, setAttributes, setText } from "../../app/dom.js";
import { FORMS } from "../../learning/forms.js";
import { RANGES, START, taskOf } from "../../learning/settings.js";
import { TASKS } from "../../learning/tasks.js";

/** @import {Choice, FormName} from "../../learning/forms.js" */
/** @import {Settings} from "../../learning/settings.js" */

const NONE = "none";
/** @type {[string, string][]} */
const FORM_NAMES = Object.entries(FORMS).map(([name, { title }]) => [name, title]);
/** @type {[string, string][]} */
const GATES = [
  ["reset", "reset"],
  ["kept", "kept"],
];

/** @typedef {(patch: Partial<Settings>) => void} Change */

/**
 * @param {Change} change
 * @returns {{element: HTMLElement, update: (settings: Settings) => void}}
 */
export function learnControls(change) {
  const task = selection("Task", (value) => change({ task: value }));
  const length = slider("Steps of a sequence, T", RANGES.T, 1, (T) => change({ T }));
  const seed = h("input", {
    type: "number",
    min: RANGES.seed[0],
    max: RANGES.seed[1],
    on: { change: () => change({ seed: fit(seed.valueAsNumber, RANGES.seed) }) },
  });
  const says = h("p", {});
  const networks = [0, 1].map((place) => networkControls(place, change));
  const element = h(
    "div",
    { class: "learn-controls" },
    h(
      "div",
      { class: "learn-task" },
      task.element,
      length.element,
      h("label", { class: "labelled" }, "Seed ", seed),
    ),
    says,
    h("div", { class: "learn-networks" }, ...networks.map((network) => network.element)),
  );

  /** @param {Settings} settings */
  function update(settings) {
    task.update(
      [...TASKS.values()].map(({ name, title }) => [name, title]),
      settings.task,
    );
    length.update(settings.T);
    if (document.activeElement !== seed) seed.value = String(settings.seed);
    setText(says, taskOf(settings).explanation);
    networks.forEach((network) => network.update(settings));
  }
  return { element, update };
}

/**
 * @param {number} place  0, or 1 for the one that races against it
 * @param {Change} change
 */
function networkControls(place, change) {
  /** @type {Settings} */
  let settings = START;
  const form = selection("", (value) => {
    if (value === NONE) change({ choices: settings.choices.slice(0, place) });
    else patch({ form: /** @type {FormName} */ (value) });
  });
  const units = slider("Units", RANGES.units, 1, (value) => patch({ units: value }));
  const gate = selection("Gate held", (value) =>
    patch({ gate: value === "kept" ? "kept" : "reset" }),
  );
  const value = slider("at", [0, 1], 0.05, (held) => patch({ value: held }));
  const says = h("p", { class: "soft" });
  const held = h("div", { class: "learn-held" }, gate.element, value.element);
  const legend = place ? "Against" : "Network";
  setAttributes(form.select, { "aria-label": legend });
  const element = h(
    "fieldset",
    { class: "learn-network" },
    h("legend", {}, legend),
    form.element,
    units.element,
    held,
    says,
  );

  /** @param {Partial<Choice>} part */
  function patch(part) {
    const choices = [...settings.choices];
    choices[place] = { ...(choices[place] ?? START.choices[place]), ...part };
    change({ choices });
  }

  return {
    element,
    /** @param {Settings} next */
    update(next) {
      settings = next;
      const choice = next.choices[place];
      form.update(
        place ? [[NONE, "no other network"], ...FORM_NAMES] : FORM_NAMES,
        choice ? choice.form : NONE,
      );
      units.element.hidden = !choice;
      held.hidden = !choice || !FORMS[choice.form].holds;
      setText(says, choice ? FORMS[choice.form].explanation : "One network learns alone.");
      if (!choice) return;
      units.update(choice.units);
      gate.update(GATES, choice.gate);
      value.update(choice.value);
    },
  };
}

/**
 * A labelled choice of one among a few.
 *
 * @param {string} label  empty where something else names it
 * @param {(value: string) => void} choose
 */
export function selection(label, choose) {
  const select = h("select", { on: { change: () => choose(select.value) } });
  return {
    select,
    element: label ? h("label", { class: "labelled" }, `${label} `, select) : select,
    /**
     * @param {[string, string][]} options  values and what is read
     * @param {string} value
     */
    update(options, value) {
      repeat(
        select,
        options,
        () => h("option"),
        (option, [name, title]) => {
          setAttributes(option, { value: name });
          setText(option, title);
        },
      );
      if (select.value !== value) select.value = value;
    },
  };
}

/**
 * A labelled slider with its number.
 *
 * @param {string} label
 * @param {[number, number]} range
 * @param {number} step
 * @param {(value: number) => void} move
 */
function slider(label, [min, max], step, move) {
  const number = h("output", {});
  const input = h("input", {
    type: "range",
    min,
    max,
    step,
    on: {
      input: () => setText(number, input.value),
      change: () => move(input.valueAsNumber),
    },
  });
  return {
    element: h("label", { class: "labelled" }, `${label} `, input, number),
    /** @param {number} value */
    update(value) {
      if (input.valueAsNumber !== value) input.value = String(value);
      setText(number, value);
    },
  };
}

/**
 * @param {number} value  may be no number
 * @param {[number, number]} range
 */
function fit(value, [least, most]) {
  return Math.min(Math.max(Math.round(value) || least, least), most);
}
