/**
 * One unit at one step as a drawing with live numbers and, beneath it, its equations: for any kind
 * of unit, in any width, whole or as far as it has been computed.
 */

import { h } from "../../app/dom.js";
import { drawGRU, STORY as GRU_STORY } from "./drawings/gru.js";
import { drawLSTM, STORY as LSTM_STORY } from "./drawings/lstm.js";
import { drawFeedforward, drawSRN, FEEDFORWARD_STORY, STORY as SRN_STORY } from "./drawings/srn.js";
import { showEquationStage, writeEquations } from "./equations.js";
import { Player } from "./player.js";
import { readGRU } from "./readings/gru.js";
import { readLSTM } from "./readings/lstm.js";
import { readPlain } from "./readings/srn.js";
import { summarise } from "./summary.js";

/**
 * @typedef {import("../../core/cells.js").Layer} Layer
 * @typedef {import("../../core/cells.js").Step} Step
 * @typedef {import("./readings/equation.js").Held} Held
 * @typedef {import("./readings/equation.js").Reading} Reading
 * @typedef {import("./wires.js").Board} Board
 *
 * @typedef {object} Subject what to draw
 * @property {Layer} layer
 * @property {Step} step
 * @property {number} unit
 * @property {number} word
 * @property {string} text what the unit reads, as the caption of the input
 * @property {Held} held what is held of the unit, as `heldOf` returns it
 * @property {"keeps"|"writes"} convention how a GRU's update gate is shown
 *
 * @typedef {object} Diagram
 * @property {HTMLElement} element
 * @property {Player} player
 * @property {(subject: Subject) => void} show
 */

const NARROW = 620; // pixels of width below which the narrow drawing is read more easily

const STORIES = {
  gru: GRU_STORY,
  lstm: LSTM_STORY,
  srn: SRN_STORY,
  feedforward: FEEDFORWARD_STORY,
};

/**
 * Make an empty diagram.
 *
 * @param {{equations?: boolean, onStage?: () => void}} [options] whether equations stand beneath,
 *   and what is called when the player has moved
 * @returns {Diagram}
 */
export function createDiagram({ equations = true, onStage = () => {} } = {}) {
  const summary = h("p", { class: "unit-summary" });
  const figure = h("div", { class: "unit-figure" });
  const list = h("dl", { class: "equations" });
  const element = h(
    "div",
    { class: "unit-diagram" },
    summary,
    figure,
    ...(equations ? [list] : []),
  );
  /** @type {Subject|null} */
  let subject = null;
  let drawn = "";
  let width = NARROW;

  const player = new Player((stage) => {
    player.board?.showStage(stage);
    showEquationStage(list, stage);
    if (subject) summary.textContent = tell(subject, stage);
    onStage();
  });

  /** @param {Subject} next */
  function show(next) {
    subject = next;
    const { layer, unit, word, text, convention } = next;
    const form = `${layer.kind} ${width < NARROW} ${convention} ${"formulation" in layer ? layer.formulation.reset : ""}`;
    if (form !== drawn || !player.board) {
      drawn = form;
      if (player.board?.element.isConnected) player.stop();
      player.board = draw(layer, convention, width < NARROW);
      figure.replaceChildren(player.board.element);
    }
    const { values, equations: lines, held } = read(next);
    player.board.update(values, { unit, word, text }, held);
    player.board.rename(tell(next, null));
    summary.textContent = tell(next, player.stage);
    if (!equations) return;
    list.replaceChildren(...writeEquations(lines, { unit, word, text }));
    showEquationStage(list, player.stage);
  }

  new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    if (subject && width > 0) show(subject);
  }).observe(element);
  return { element, player, show };
}

/**
 * Say what happens at a stage; for the whole unit, what it does at this word.
 *
 * @param {Subject} subject
 * @param {number|null} stage
 * @returns {string}
 */
function tell(subject, stage) {
  const { kind } = subject.layer;
  if (stage !== null) return `${stage + 1}. ${STORIES[kind][stage]}`;
  const { values, held } = read(subject);
  return summarise(kind, values, subject, held);
}

/**
 * @param {Layer} layer
 * @param {"keeps"|"writes"} convention
 * @param {boolean} narrow
 * @returns {Board}
 */
function draw(layer, convention, narrow) {
  if (layer.kind === "gru") return drawGRU(layer.formulation, convention, narrow);
  if (layer.kind === "lstm") return drawLSTM(narrow);
  return layer.kind === "srn" ? drawSRN(narrow) : drawFeedforward(narrow);
}

/**
 * @param {Subject} subject
 * @returns {Reading}
 */
function read({ layer, step, unit, held, convention }) {
  if (layer.kind === "gru" && step.kind === "gru") {
    return readGRU(layer, step, unit, held, convention);
  }
  if (layer.kind === "lstm" && step.kind === "lstm") return readLSTM(layer, step, unit, held);
  if (step.kind === "srn" || step.kind === "feedforward") return readPlain(step, unit, held);
  throw new Error(`a step of kind ${step.kind} is not one of a ${layer.kind} layer`);
}
