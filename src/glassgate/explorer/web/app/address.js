// The state of the page as its address, so that a moment can be handed on:
// #text=the+boy+fell+down+and+hurt&word=6&network=gru&unit=23&hold=0:3,7:kept=0

import { formatHolds, holdFault, parseHolds } from "../core/holds.js";
import { formatSettings, parseSettings } from "../learning/settings.js";
import { setText } from "./dom.js";

/** @typedef {import("./app.js").State} State */
/** @typedef {import("./app.js").App} App */

const WAIT = 200; // milliseconds without a change before the address follows
const CHOICES = {
  convention: ["keeps", "writes"],
  measure: ["kept", "reset", "candidate", "hidden"],
  sort: ["span", "index", "word"],
};
const NUMBERS = /** @type {const} */ (["word", "layer", "unit", "distance", "tour"]);

/**
 * @param {State} state
 * @param {State} standard values that need not be said
 * @returns {string} without the #
 */
export function writeAddress(state, standard) {
  /** @type {[string, string | number][]} */
  const parts = [
    ["text", state.text],
    ["word", state.word],
    ["network", state.network],
    ["unit", state.unit],
  ];
  for (const name of /** @type {const} */ ([
    "layer",
    "distance",
    "tour",
    "learn",
    "cue",
    "convention",
    "measure",
    "sort",
  ])) {
    if (state[name] !== standard[name]) parts.push([name, state[name]]);
  }
  if (state.target?.word === state.word) parts.push(["next", state.target.next]);
  if (state.units.length) parts.push(["units", state.units.join(",")]);
  if (state.holds.length) parts.push(["hold", formatHolds(state.holds)]);
  return parts.map(([name, value]) => `${name}=${escape(String(value))}`).join("&");
}

/**
 * @param {string} address without the #
 * @returns {Partial<State>}
 * @throws {Error} one sentence, where a part cannot be read
 */
export function readAddress(address) {
  const parts = new URLSearchParams(address);
  /** @type {Record<string, unknown>} */
  const patch = {};
  for (const [name, value] of parts) {
    if (name === "text" || name === "network" || name === "cue") patch[name] = value;
    if (name === "learn") patch.learn = formatSettings(parseSettings(value));
    if (NUMBERS.some((number) => number === name)) patch[name] = readNumber(name, value);
    if (name in CHOICES) {
      patch[name] = readChoice(/** @type {keyof typeof CHOICES} */ (name), value);
    }
    if (name === "units") patch[name] = value.split(",").map((unit) => readNumber(name, unit));
    if (name === "hold") patch.holds = parseHolds(value);
  }
  const next = parts.get("next");
  if (next !== null && typeof patch.word === "number") patch.target = { word: patch.word, next };
  return patch;
}

/**
 * Take up the address of the page, now and whenever it changes, and let it follow the state.
 *
 * @param {App} app
 * @param {State} standard what an address need not say
 * @param {HTMLElement} notice where a sentence is shown if the address cannot be read
 */
export function startAddress({ models, store }, standard, notice) {
  if (location.protocol === "about:") return; // in a notebook's frame, which has no address
  let seen = ""; // the address that was last read or written
  let timer = 0;
  const read = () => {
    clearTimeout(timer);
    seen = location.hash.slice(1);
    if (!seen.includes("=")) return;
    try {
      const state = { ...standard, ...readAddress(seen) };
      checkPossible(state, models);
      store.set(state);
      say(notice, "");
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      say(notice, `The address of this page cannot be read: ${error.message}`);
    }
  };
  store.subscribe((state) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (location.hash.slice(1) !== seen) return; // a new one, which is about to be read
      history.replaceState(null, "", `#${writeAddress(state, standard)}`);
      seen = location.hash.slice(1);
    }, WAIT);
  });
  addEventListener("hashchange", read);
  read();
}

/**
 * @param {State} state
 * @param {App["models"]} models
 * @throws {Error} one sentence, where the page has no such network or it cannot be held so
 */
function checkPossible({ network, holds }, models) {
  const model = models.get(network);
  if (!model) {
    throw new Error(`network must be one of ${[...models.keys()].join(", ")}, got "${network}".`);
  }
  const fault = holds.map((hold) => holdFault(model.network, hold)).find((found) => found !== null);
  if (fault) throw new Error(`${fault}.`);
}

/**
 * @param {HTMLElement} notice
 * @param {string} sentence
 */
function say(notice, sentence) {
  setText(notice, sentence);
  notice.hidden = sentence === "";
}

/**
 * @param {string} name
 * @param {string} value
 */
function readNumber(name, value) {
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} must be a whole number, got "${value}".`);
  return Number(value);
}

/**
 * @param {keyof typeof CHOICES} name
 * @param {string} value
 */
function readChoice(name, value) {
  if (!CHOICES[name].includes(value)) {
    throw new Error(`${name} must be one of ${CHOICES[name].join(", ")}, got "${value}".`);
  }
  return value;
}

/**
 * Escape what has a meaning of its own in an address, and leave the rest to be read.
 *
 * @param {string} value
 */
function escape(value) {
  const escaped = String(new URLSearchParams([["", value]])).slice(1);
  return escaped.replace(/%(3A|2C|3D|3B|40)/g, (one) => decodeURIComponent(one));
}
