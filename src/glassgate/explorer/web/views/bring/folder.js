// Reads a model from files of a folder; what is no model gets one sentence.

import { readModel } from "../../core/model.js";

/** @typedef {import("../../core/model.js").Model} Model */
/** @typedef {Pick<File, "name" | "size" | "text" | "arrayBuffer">} Readable */

const WEIGHTS = "model.safetensors";
const CONFIG = "config.json";
const VOCABULARY = "tokenizer.json";
const NEEDED = [WEIGHTS, CONFIG, VOCABULARY];
const MAX_BYTES = 200_000_000; // of one file

/**
 * @param {Readable[]} files other files of a model folder may be among them
 * @param {string[]} taken names of models that are shown already
 * @returns {Promise<{model: Model} | {problem: string}>}
 */
export async function readFolder(files, taken) {
  const named = new Map(files.map((file) => [file.name, file]));
  const missing = NEEDED.filter((name) => !named.has(name));
  if (missing.length === NEEDED.length) {
    return {
      problem: `${list(files.map((file) => file.name))}: expected ${list(NEEDED)} of a model folder.`,
    };
  }
  if (missing.length) {
    return {
      problem: `${list(missing)} ${missing.length > 1 ? "are" : "is"} missing: drop ${list(NEEDED)} together.`,
    };
  }
  const large = files.find((file) => file.size > MAX_BYTES);
  if (large) {
    const megabytes = (large.size / 1e6).toFixed(0);
    return { problem: `${large.name} has ${megabytes} MB, expected at most ${MAX_BYTES / 1e6}.` };
  }
  const [weights, config, vocabulary] = NEEDED.map(
    (name) => /** @type {Readable} */ (named.get(name)),
  );
  try {
    const settings = await readJson(config);
    const bytes = new Uint8Array(await weights.arrayBuffer());
    const kind = settings?.settings?.network;
    const name = freeName(typeof kind === "string" ? kind : "model", taken);
    return { model: readModel(name, settings, await readJson(vocabulary), bytes) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { problem: `This is no model: ${sentence(error.message)}` };
  }
}

/**
 * @param {Readable} file
 * @returns {Promise<any>}
 */
async function readJson(file) {
  const text = await file.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file.name} is not JSON.`);
  }
}

/**
 * @param {string} kind
 * @param {string[]} taken
 */
function freeName(kind, taken) {
  const own = `my ${kind}`;
  let name = own;
  for (let number = 2; taken.includes(name); number++) name = `${own} ${number}`;
  return name;
}

/** @param {string[]} names */
function list(names) {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.length < 2
    ? shown.join("")
    : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}

/** @param {string} text */
function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
