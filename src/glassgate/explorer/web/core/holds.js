/**
 * Holds: gates of chosen units at chosen values, as `glassgate.clamp` holds them.
 *
 * In an address they are written as `0:3,7-9:kept=0`: the layer, its units (or `all`), the values;
 * `@4` at the end holds from the word 4 on. Several are joined by `;`.
 */

import { SQUASHES } from "./cells.js";

/** @import {Held} from "./cells.js" */
/** @import {Network} from "./network.js" */

/**
 * @typedef {object} Hold
 * @property {number} layer from 0
 * @property {number[] | "all"} units from 0
 * @property {number} [reset] 0..1
 * @property {number} [kept] the share of the previous state that is kept, 0..1; of an LSTM the
 *   forget gate
 * @property {number} [state] the state itself
 * @property {number} from the word from which on it holds; 0 for all
 */

/** @typedef {"reset" | "kept" | "state"} Holdable */

/** @type {Holdable[]} */
const HOLDABLE = ["reset", "kept", "state"];

/** What can be held in each kind of network. @type {Record<Network["kind"], Holdable[]>} */
const HOLDABLE_OF = {
  feedforward: [],
  srn: ["state"],
  gru: ["reset", "kept", "state"],
  lstm: ["kept", "state"],
};

const FORM = /^(\d{1,6}):(all|[\d,-]+):([a-z]+=[^,@;]+(?:,[a-z]+=[^,@;]+)*)(?:@(\d{1,6}))?$/u;
const MAX_UNITS = 100_000;

/**
 * Read one hold of an address.
 *
 * @param {string} text such as `0:3,7-9:kept=0` or `0:all:kept=0,reset=1@4`
 * @returns {Hold}
 * @throws {Error} in one sentence
 */
export function parseHold(text) {
  const parts = FORM.exec(text);
  if (!parts) {
    throw new Error(
      `a hold must read LAYER:UNITS:NAME=VALUE, such as 0:3,7-9:kept=0, got ${JSON.stringify(text)}`,
    );
  }
  const [, layer, units, values, from = "0"] = parts;
  /** @type {Hold} */
  const hold = {
    layer: Number(layer),
    units: units === "all" ? "all" : parseUnits(units),
    from: Number(from),
  };
  for (const word of values.split(",")) {
    const [name, value] = word.split("=");
    const gate = HOLDABLE.find((holdable) => holdable === name);
    const number = Number(value);
    if (!gate || hold[gate] !== undefined || value.trim() === "" || !Number.isFinite(number)) {
      throw new Error(
        `a hold must give each of ${HOLDABLE.join(", ")} once, a number, ` +
          `got ${JSON.stringify(word)}`,
      );
    }
    hold[gate] = number;
  }
  return hold;
}

/**
 * @param {string} text
 * @returns {number[]}
 */
function parseUnits(text) {
  /** @type {Set<number>} */
  const units = new Set();
  for (const part of text.split(",")) {
    const bounds = /^(\d{1,6})(?:-(\d{1,6}))?$/u.exec(part);
    const first = Number(bounds?.[1]);
    const last = Number(bounds?.[2] ?? bounds?.[1]);
    if (!bounds || last < first || last - first >= MAX_UNITS) {
      throw new Error(
        "the units of a hold must be whole numbers and ranges joined by commas, such as 3,7-9, " +
          `got ${JSON.stringify(text)}`,
      );
    }
    for (let unit = first; unit <= last; unit++) units.add(unit);
  }
  return [...units].sort((a, b) => a - b);
}

/**
 * Write a hold as `parseHold` reads it.
 *
 * @param {Hold} hold
 * @returns {string}
 */
export function formatHold(hold) {
  const units = hold.units === "all" ? "all" : formatUnits(hold.units);
  const values = HOLDABLE.filter((name) => hold[name] !== undefined)
    .map((name) => `${name}=${String(hold[name])}`)
    .join(",");
  return `${hold.layer}:${units}:${values}${hold.from ? `@${hold.from}` : ""}`;
}

/**
 * Write units as numbers and ranges: 3,7-9.
 *
 * @param {number[]} units
 * @returns {string}
 */
export function formatUnits(units) {
  const sorted = [...units].sort((a, b) => a - b);
  /** @type {[number, number][]} */
  const ranges = [];
  for (const unit of sorted) {
    const last = ranges.at(-1);
    if (last && unit <= last[1] + 1) last[1] = unit;
    else ranges.push([unit, unit]);
  }
  return ranges.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(",");
}

/**
 * Read all holds of an address, joined by `;`.
 *
 * @param {string} text
 * @returns {Hold[]}
 */
export function parseHolds(text) {
  return text === "" ? [] : text.split(";").map(parseHold);
}

/**
 * Write holds as `parseHolds` reads them.
 *
 * @param {Hold[]} holds
 * @returns {string}
 */
export function formatHolds(holds) {
  return holds.map(formatHold).join(";");
}

/**
 * Why a network cannot be held so, in one sentence; null where it can.
 *
 * @param {Network} network
 * @param {Hold} hold
 * @returns {string | null}
 */
export function holdFault(network, hold) {
  const { kind, layers, hiddenSize: H } = network;
  if (!Number.isInteger(hold.layer) || hold.layer < 0 || hold.layer >= layers.length) {
    return `the layer must lie in 0..${layers.length - 1}, got ${hold.layer}`;
  }
  const units = hold.units === "all" ? [] : hold.units;
  const outside = units.find((unit) => !Number.isInteger(unit) || unit < 0 || unit >= H);
  if (outside !== undefined) return `the units must lie in 0..${H - 1}, got ${outside}`;
  if (hold.kept !== undefined && hold.state !== undefined) {
    return "kept and state hold the same: give one of them";
  }
  for (const name of HOLDABLE) {
    const value = hold[name];
    if (value === undefined) continue;
    if (!canHold(network, name)) {
      const others = HOLDABLE.filter((other) => canHold(network, other)).join(" and ");
      const only = others ? `only ${others}` : "nor anything else";
      return `a network of the kind ${kind} has no ${name} to hold, ${only}`;
    }
    const [low, high] = rangeOf(network, name);
    if (!(value >= low && value <= high)) {
      return `${name} must lie in ${low}..${high}, got ${value}`;
    }
  }
  return null;
}

/**
 * Whether a network has this to hold.
 *
 * @param {Network} network
 * @param {Holdable} name
 * @returns {boolean}
 */
export function canHold(network, name) {
  const [layer] = network.layers;
  const hasReset = layer.kind !== "gru" || layer.formulation.reset !== "none";
  return HOLDABLE_OF[network.kind].includes(name) && (name !== "reset" || hasReset);
}

/**
 * The least and the largest value that can be held.
 *
 * @param {Network} network
 * @param {Holdable} name
 * @returns {[number, number]}
 */
export function rangeOf(network, name) {
  if (name !== "state") return [0, 1];
  const [layer] = network.layers;
  if (layer.kind === "lstm") return [-Math.tanh(1), Math.tanh(1)];
  const squash = layer.kind === "gru" ? layer.formulation.squash : "tanh";
  return [SQUASHES[squash](-Infinity), SQUASHES[squash](Infinity)];
}

/**
 * What is held at each word: a function from the word to the held values of each layer, null where
 * nothing is held.
 *
 * @param {Network} network
 * @param {Hold[]} holds the later one counts where two hold the same
 * @returns {(word: number) => (Held | null)[] | null}
 * @throws {Error} in one sentence, where the network cannot be held so
 */
export function heldAt(network, holds) {
  for (const hold of holds) {
    const fault = holdFault(network, hold);
    if (fault) throw new Error(fault);
  }
  const starts = [...new Set(holds.map((hold) => hold.from))].sort((a, b) => b - a);
  const stages = starts.map((start) => ({
    start,
    held: joinHolds(
      network,
      holds.filter((hold) => hold.from <= start),
    ),
  }));
  return (word) => stages.find(({ start }) => word >= start)?.held ?? null;
}

/**
 * @param {Network} network
 * @param {Hold[]} holds
 * @returns {(Held | null)[]} of each layer
 */
function joinHolds({ layers, hiddenSize: H }, holds) {
  return layers.map((_, layer) => {
    const own = holds.filter((hold) => hold.layer === layer);
    if (!own.length) return null;
    const free = () => new Float64Array(H).fill(NaN);
    const held = { reset: free(), kept: free(), state: free() };
    for (const hold of own) {
      const units = hold.units === "all" ? held.kept.keys() : hold.units;
      for (const unit of units) {
        if (hold.reset !== undefined) held.reset[unit] = hold.reset;
        if (hold.kept !== undefined) held.kept[unit] = hold.kept;
        if (hold.state === undefined) continue;
        held.state[unit] = hold.state;
        held.kept[unit] = NaN; // a held state keeps nothing
      }
    }
    return held;
  });
}
