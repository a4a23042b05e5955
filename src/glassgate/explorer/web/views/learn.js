// Learn: a small network learns a task from nothing, alone or in a race with another one.

import { h, repeat, setAttributes, setText } from "../app/dom.js";
import { makeRandom } from "../learning/random.js";
import { formatSettings, parseSettings, startRace, taskOf } from "../learning/settings.js";
import { answers } from "./learn/answers.js";
import { Clock } from "./learn/clock.js";
import { learnControls } from "./learn/controls.js";
import { learningCurves } from "./learn/curves.js";
import { gatesByPosition } from "./learn/gates.js";
import { unitsBySteps } from "./learn/inside.js";
import { coloursOf, namesOf } from "./learn/names.js";
import { learnStatus } from "./learn/status.js";
import { createDiagram } from "./unit/diagram.js";

/** @import {State} from "../app/app.js" */
/** @import {Store} from "../app/store.js" */
/** @import {Settings} from "../learning/settings.js" */

const EXPLANATION =
  "Nobody sets the weights of a network by hand: it learns them. It begins with random weights and " +
  "guesses; where there are gates, some units begin by forgetting at once and some by remembering the " +
  "whole sequence. Each update shows it a few new sequences, works out how much every weight adds to the " +
  "error, and moves each a little the other way. Think of it as intelligent trial and error.";
const EXAMPLE = 3; // random stream of a seed

/** @type {import("../app/app.js").Mount} */
export function mountLearn(section, { store }) {
  /** @type {LearnView | null} */
  let view = null;
  section.append(h("p", {}, EXPLANATION));
  // Networks are made when somebody comes here, so that the page opens without them.
  const arrival = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    arrival.disconnect();
    view = new LearnView(section, store);
  });
  arrival.observe(section);
  return (state) => view?.adopt(state);
}

class LearnView {
  /**
   * @param {HTMLElement} section
   * @param {Store<State>} store
   */
  constructor(section, store) {
    this.store = store;
    const { learn, convention } = store.state;
    this.learn = learn;
    this.convention = convention;
    this.settings = parseSettings(learn);
    this.race = startRace(this.settings);
    this.example = 0;
    this.place = 0; // of the network that is looked into
    this.unit = 0;
    this.word = 1;
    this.clock = new Clock(section, {
      work: (milliseconds) => this.#work(milliseconds),
      draw: () => this.#draw(),
    });
    this.parts = this.#makeParts();
    this.#build(section);
    this.#draw();
  }

  /**
   * Take over what of the page's state matters here.
   *
   * @param {State} state
   */
  adopt({ learn, convention }) {
    const [before, shown] = [this.learn, this.convention];
    this.learn = learn;
    this.convention = convention;
    if (learn !== before) this.#restart(parseSettings(learn));
    else if (convention !== shown) this.#drawInside();
  }

  // Parts ----------------------------------------------------------------------------------------

  #makeParts() {
    return {
      controls: learnControls((patch) => {
        this.store.set({ learn: formatSettings({ ...this.settings, ...patch }) });
      }),
      run: button("Run", () => this.#toggle()),
      status: learnStatus(),
      curves: learningCurves(),
      answers: answers((word) => this.#choose(this.unit, word)),
      lookInto: h("div", { class: "choice", role: "group", "aria-label": "Network to look into" }),
      gates: gatesByPosition(),
      gatesSay: h("p", { class: "soft" }),
      units: unitsBySteps((unit, word) => this.#choose(unit, word)),
      diagram: createDiagram(),
    };
  }

  /** @param {HTMLElement} section */
  #build(section) {
    const { controls, run, status, curves, lookInto, gates, gatesSay, units, diagram } = this.parts;
    run.className = "learn-run";
    section.append(
      controls.element,
      h(
        "div",
        { class: "row learn-buttons" },
        run,
        button("Step", () => this.#step()),
        button("Reset", () => this.#restart(this.settings)),
        status.element,
      ),
      curves.element,
      h("h3", {}, "A sequence it was not trained on"),
      this.parts.answers.element,
      h(
        "div",
        { class: "row" },
        button("Another sequence", () => this.#another()),
        lookInto,
      ),
      h("div", { class: "learn-inside" }, h("div", {}, gatesSay, gates.element), units.element),
      h("h3", {}, "One unit while it learns"),
      diagram.element,
    );
  }

  // What a person does ---------------------------------------------------------------------------

  /** @param {Settings} settings */
  #restart(settings) {
    this.clock.stop();
    this.settings = settings;
    this.race = startRace(settings);
    this.place = Math.min(this.place, settings.choices.length - 1);
    this.#choose(this.unit, this.word, this.place);
    this.#draw();
  }

  #toggle() {
    if (this.clock.running) this.clock.stop();
    else if (!this.race.finished()) this.clock.start();
    this.#draw();
  }

  #step() {
    this.clock.stop();
    if (!this.race.finished()) this.race.step();
    this.#draw();
  }

  #another() {
    this.example++;
    this.#drawInside();
  }

  /**
   * @param {number} unit
   * @param {number} word
   * @param {number} [place]
   */
  #choose(unit, word, place = this.place) {
    const { choices, T } = this.settings;
    this.place = place;
    this.unit = Math.min(unit, choices[place].units - 1);
    this.word = Math.min(word, T);
    this.#drawInside();
  }

  /** @param {number} milliseconds */
  #work(milliseconds) {
    const done = this.race.run(milliseconds);
    if (this.race.finished()) this.clock.stop();
    if (!this.clock.running) this.#draw();
    return done;
  }

  // Drawing --------------------------------------------------------------------------------------

  #draw() {
    const { controls, run, status, curves } = this.parts;
    controls.update(this.settings);
    curves.update(this.settings, this.race);
    setText(run, this.clock.running ? "Pause" : "Run");
    status.update(this.settings, this.race, this.clock);
    this.#drawInside();
  }

  #drawInside() {
    const { settings, race, unit, word, place } = this;
    const task = taskOf(settings);
    const names = namesOf(settings.choices);
    const colours = coloursOf(settings.choices);
    const sequence = task.draw(settings.T, makeRandom(settings.seed, EXAMPLE, this.example));
    const networks = race.learners.map((learner, i) => {
      return { name: names[i], colour: colours[i], learner, steps: learner.read(sequence) };
    });
    const { name, learner, steps } = networks[place];
    const evaluation = race.marks[race.marks.length - 1].evaluations[place];
    const words = task.words(sequence);
    this.#drawChoice(names, colours);
    this.parts.answers.update({ task, sequence, networks, word });
    this.parts.gates.update({ name, learner, evaluation, unit, word });
    setText(this.parts.gatesSay, gatesText(name, learner.reader.form.kind));
    this.parts.units.update({ name, learner, steps, words, unit, word });
    this.parts.diagram.show({
      layer: learner.reader.layer,
      step: steps[word - 1],
      unit,
      word,
      text: `“${words[word - 1]}”`,
      held: heldOf(learner),
      convention: this.convention,
    });
  }

  /**
   * @param {string[]} names
   * @param {string[]} colours
   */
  #drawChoice(names, colours) {
    const shown = names.length > 1 ? names : [];
    repeat(
      this.parts.lookInto,
      shown,
      (place) => button("", () => this.#choose(this.unit, this.word, place)),
      (one, name, place) => {
        setText(one, `Look into ${name}`);
        setAttributes(one, { "aria-pressed": String(place === this.place) });
        one.style.setProperty("--own", colours[place]);
      },
    );
  }
}

/**
 * @param {string} text
 * @param {() => void} click
 */
function button(text, click) {
  return h("button", { type: "button", on: { click } }, text);
}

/** @param {import("../learning/learner.js").Learner} learner */
function heldOf({ choice, reader }) {
  return reader.held ? { [choice.gate]: choice.value } : {};
}

/**
 * @param {string} name
 * @param {"srn" | "gru" | "lstm"} kind
 */
function gatesText(name, kind) {
  if (kind === "srn") return "An SRN has no gates: every step writes the whole state anew.";
  return (
    `Where does the ${name} keep, and where does it write? Each line is a gate, step by step: ` +
    "1 is open, 0 is closed. The dashed lines are the chosen unit's own."
  );
}
