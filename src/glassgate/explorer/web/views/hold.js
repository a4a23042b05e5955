// Hold: gates of some units at a value of your choice; every other view follows.

import { canHold, formatUnits } from "../core/holds.js";
import { h, repeat, setAttributes, setText, showOptions } from "../app/dom.js";
import { percent } from "../app/scales.js";
import { targetOf } from "../app/target.js";
import { groupOf, groupsOf, makeRadios } from "./hold/groups.js";
import { RELEASED, holdsPlace, presetsFor, replaceHold } from "./hold/presets.js";
import { Slider } from "./hold/slider.js";
import { wordText } from "./next_words/bars.js";

/** @typedef {import("../app/app.js").App} App */
/** @typedef {import("../app/app.js").State} State */
/** @typedef {import("../app/app.js").Derived} Derived */
/** @typedef {import("../core/holds.js").Hold} Hold */
/** @typedef {"kept" | "reset"} Gate */
/** @typedef {import("./hold/groups.js").Who} Who */

const EXPLANATION =
  "The network sets its gates itself, anew at each word. Take over: hold them at a value between " +
  "0 and 1, and see what the network then expects. What was before stays as a ghost.";
/** @type {Record<string, string>} */
const LIMITS = {
  gru: "",
  lstm: "Of an LSTM only kept can be held: the forget gate, the share of the cell that stays.",
  srn: "A simple recurrent network has no gates, so there is nothing to hold: choose a GRU or an LSTM.",
  feedforward:
    "A feedforward network has no gates, so there is nothing to hold: choose a GRU or an LSTM.",
};
/** @type {Record<Gate, string>} */
const GATE_SAYS = {
  kept: "how much of its previous state a unit keeps",
  reset: "how much of the previous state the candidate sees",
};
/** @type {Gate[]} */
const GATES = ["kept", "reset"];

/** @type {import("../app/app.js").Mount} */
export function mountHold(section, app) {
  const { store } = app;
  /** @type {Who} */
  let who = "unit";
  let from = 0;
  /** @type {Pick<Hold, "layer" | "units" | "from">} what the sliders hold */
  let place = { layer: 0, units: [], from };
  /** @type {readonly Hold[]} */
  let known = []; // the holds as last shown or set here; others come from an address or the tour
  /** @type {() => void} */
  let refresh = () => {};

  const limit = h("p", { class: "hold-limit" });
  const groups = h("fieldset", { class: "choice" }, h("legend", {}, "Whose gates"));
  const start = h("select", {
    on: {
      change: () => {
        from = Number(start.value);
        refresh();
      },
    },
  });
  const sliders = GATES.map(
    (gate) => new Slider(gate, GATE_SAYS[gate], (value) => move(gate, value)),
  );
  const presets = h("div", { class: "choice", role: "group", "aria-label": "Presets" });
  const saying = h("p", { class: "soft" });
  const holds = h("ul", { class: "holds" });
  const release = h("button", { type: "button", on: { click: () => setHolds([]) } }, "Release all");
  const change = h("p", { class: "hold-change", role: "status" });
  const controls = h(
    "div",
    { class: "hold-controls" },
    groups,
    h("label", { class: "labelled" }, "From ", start, " on"),
    presets,
    saying,
    ...sliders.map((slider) => slider.element),
    change,
    holds,
    release,
  );
  section.append(h("p", {}, EXPLANATION), limit, controls);
  const radios = makeRadios(groups, (chosen) => {
    who = chosen;
    refresh();
  });

  /** @param {Gate} gate @param {number | undefined} value */
  function move(gate, value) {
    setGates({ ...heldGates(store.state.holds, place), [gate]: value });
  }

  /** @param {import("./hold/presets.js").Gates} gates */
  function setGates(gates) {
    setHolds(replaceHold(store.state.holds, place, gates));
  }

  /** @param {Hold[]} changed */
  function setHolds(changed) {
    store.set({ holds: changed });
    known = store.state.holds;
  }

  return (state, derived) => {
    refresh = () => show(state, derived);
    refresh();
  };

  /** @param {State} state @param {Derived} derived */
  function show(state, derived) {
    const { model } = derived;
    const gates = GATES.filter((gate) => canHold(model.network, gate));
    setText(limit, LIMITS[model.kind]);
    limit.hidden = !LIMITS[model.kind];
    controls.hidden = !gates.length;
    if (!gates.length) return;
    const named = groupsOf(app, state, derived);
    const given = known === state.holds ? undefined : state.holds.at(-1);
    if (given) {
      who = groupOf(named, given) ?? who;
      from = given.from;
    }
    known = state.holds;
    if (who === "brushed" && !state.units.length) who = "unit";
    radios(named, who);
    showStarts(start, derived, from);
    place = { layer: state.layer, units: named[who].units, from: Number(start.value) };
    const held = heldGates(state.holds, place);
    sliders.forEach((slider, index) => {
      const gate = GATES[index];
      slider.element.hidden = !gates.includes(gate);
      if (gates.includes(gate)) {
        slider.update(held[gate], meanGate(state, derived, gate, place.units));
      }
    });
    showPresets(presets, saying, gates, held, setGates);
    showHolds(holds, state.holds, setHolds);
    release.hidden = state.holds.length < 2;
    setText(change, changeText(state, derived));
  }
}

/** @param {HTMLSelectElement} select @param {Derived} derived @param {number} from */
function showStarts(select, { words }, from) {
  const options = [
    ["0", "the start"],
    ...words.map((word, i) => [`${i + 1}`, `word ${i + 1}, “${wordText(word)}”`]),
  ];
  showOptions(select, options, String(Math.min(from, words.length)));
}

/** @param {readonly Hold[]} holds @param {Pick<Hold, "layer" | "units" | "from">} place */
function heldGates(holds, place) {
  const { kept, reset } = holds.find((hold) => holdsPlace(hold, place)) ?? {};
  return { kept, reset };
}

/**
 * The mean of a gate over some units at the chosen word, as it is now.
 *
 * @param {State} state
 * @param {Derived} derived
 * @param {Gate} gate
 * @param {number[] | "all"} units
 * @returns {number | null} null before the first word
 */
function meanGate(state, derived, gate, units) {
  const run = derived.runs[state.network];
  const step = /** @type {any} */ (run.steps[state.word - run.firstWord]?.[state.layer]);
  if (!step) return null;
  const values = units === "all" ? [...step[gate]] : units.map((unit) => step[gate][unit]);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * @param {HTMLElement} parent
 * @param {HTMLElement} saying
 * @param {Gate[]} gates
 * @param {import("./hold/presets.js").Gates} held
 * @param {(gates: import("./hold/presets.js").Gates) => void} set
 */
function showPresets(parent, saying, gates, held, set) {
  const presets = [...presetsFor(gates), RELEASED];
  const same = presets.find(({ gates: own }) => own.kept === held.kept && own.reset === held.reset);
  repeat(
    parent,
    presets,
    () => h("button", { type: "button" }),
    (button, preset) => {
      button.onclick = () => set(preset.gates);
      setText(button, preset.name);
      setAttributes(button, {
        "data-preset": preset.name,
        "aria-pressed": String(preset === same),
        title: preset.says,
      });
    },
  );
  setText(saying, same ? `${capital(same.name)}: ${same.says}.` : "Between the presets.");
}

/** @param {string} text */
function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {HTMLElement} list @param {Hold[]} holds @param {(holds: Hold[]) => void} set */
function showHolds(list, holds, set) {
  repeat(
    list,
    holds,
    () => h("li", {}, h("span", {}), h("button", { type: "button" }, "Release")),
    (item, hold) => {
      const [text, button] = item.children;
      setText(text, holdText(hold));
      /** @type {HTMLElement} */ (button).onclick = () => set(holds.filter((one) => one !== hold));
    },
  );
}

/** @param {Hold} hold */
function holdText(hold) {
  const { units, layer, from } = hold;
  const who =
    units === "all"
      ? "all units"
      : units.length > 1
        ? `units ${formatUnits(units)}`
        : `unit ${units[0]}`;
  const values = /** @type {const} */ (["kept", "reset", "state"])
    .filter((name) => hold[name] !== undefined)
    .map((name) => `${name} ${hold[name]}`);
  const where = layer ? ` of layer ${layer}` : "";
  return `${capital(who)}${where}: ${values.join(", ")}${from ? `, from word ${from} on` : ""}`;
}

/** @param {State} state @param {Derived} derived */
function changeText(state, derived) {
  if (!derived.held) return "Nothing is held.";
  const word = targetOf(state, derived);
  const id = derived.outcomes[state.network].indexOf(word);
  if (id < 0) return "";
  const [before, now] = [derived.ghostNext, derived.next].map((all) =>
    percent(all[state.network][id]),
  );
  return `“${wordText(word)}”: ${before} before the hold, ${now} now.`;
}
