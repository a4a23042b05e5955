// Reads what stands in the page: the models, the grammar, the example text.

import { readGrammar } from "../core/grammar.js";
import { readModel } from "../core/model.js";

/**
 * @param {Document} page
 * @returns {{models: Map<string, import("../core/model.js").Model>,
 *   grammar: import("../core/grammar.js").Grammar | null, examples: string[], text: string}}
 */
export function readPage(page) {
  const content = JSON.parse(page.getElementById("payload")?.textContent ?? "");
  /** @type {Map<string, import("../core/model.js").Model>} */
  const models = new Map();
  for (const { name, config, tokenizer, weights } of content.models) {
    models.set(name, readModel(name, config, tokenizer, bytesOf(weights)));
  }
  const grammar = content.grammar && readGrammar(content.grammar);
  return { models, grammar, examples: content.examples, text: content.text };
}

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
function bytesOf(base64) {
  const signs = atob(base64);
  const bytes = new Uint8Array(signs.length);
  for (let i = 0; i < signs.length; i++) bytes[i] = signs.charCodeAt(i);
  return bytes;
}
