/** Holds as the sliders make them: presets in the seed's own words, and one hold changed. No DOM. */

/** @typedef {import("../../core/holds.js").Hold} Hold */
/** @typedef {{kept?: number, reset?: number}} Gates */
/** @typedef {{name: string, gates: Gates, says: string}} Preset */

/** @type {readonly Preset[]} */
export const PRESETS = [
  { name: "as is", gates: { kept: 1 }, says: "the previous state passes unchanged" },
  { name: "reset", gates: { kept: 0, reset: 0 }, says: "nothing of the previous state passes" },
  { name: "in between", gates: { kept: 0.5, reset: 0.5 }, says: "half of it passes" },
  {
    name: "only up",
    gates: { reset: 1 },
    says: "the network can regulate with the update gate alone: reset stays at 1",
  },
  {
    name: "only down",
    gates: { kept: 0 },
    says: "the network can regulate with the reset gate alone: nothing is kept as it is",
  },
];

/** @type {Preset} */
export const RELEASED = {
  name: "released",
  gates: {},
  says: "the network sets these gates itself",
};

/**
 * The presets of a network: where it has one gate alone, those that mean something then.
 * @param {readonly ("kept" | "reset")[]} gates that it has
 * @returns {readonly Preset[]}
 */
export function presetsFor(gates) {
  if (gates.includes("reset")) return PRESETS;
  if (!gates.includes("kept")) return [];
  const both = PRESETS.filter(({ name }) => !name.startsWith("only"));
  return both.map(({ name, gates: { kept }, says }) => ({ name, gates: { kept }, says }));
}

/**
 * Whether a hold is of exactly these units, from this word on.
 * @param {Hold} hold
 * @param {Pick<Hold, "layer" | "units" | "from">} place
 */
export function holdsPlace(hold, place) {
  return (
    hold.layer === place.layer &&
    hold.from === place.from &&
    String(hold.units) === String(place.units)
  );
}

/**
 * The holds with those of one place replaced; without the place's hold where no gate is left to it.
 * What is new or changed comes last, and so wins where two hold the same gate.
 * @param {readonly Hold[]} holds
 * @param {Pick<Hold, "layer" | "units" | "from">} place
 * @param {Gates} gates
 * @returns {Hold[]}
 */
export function replaceHold(holds, place, gates) {
  const others = holds.filter((hold) => !holdsPlace(hold, place));
  const { kept, reset } = gates;
  if (kept === undefined && reset === undefined) return others;
  return [
    ...others,
    {
      ...place,
      ...(kept === undefined ? {} : { kept }),
      ...(reset === undefined ? {} : { reset }),
    },
  ];
}
