// The sentence: typed, or picked from the seeds' sentences, the example text, or the grammar.

import { h, setAttributes, setText } from "../app/dom.js";
import { MAX_WORDS, knows } from "../app/state.js";
import { hasTwin, twin } from "./sentence/twins.js";

/** @typedef {import("../app/app.js").App} App */

/** Sentences that the project grew from; a model that does not know their words is not offered them. */
const PICKS = [
  "the boy fell down and hurt his knee",
  "the girl fell down and hurt her knee",
  "the boys who the dog chased fell down and hurt their knees",
  "the boy who the girls near the river saw fell down and hurt his knee",
  "the",
  "this is a fantasy book which illustrates",
  "i didn't quite enjoy the book because i think it captures too many details",
];
const LAST = Number.MAX_SAFE_INTEGER;

/** @type {import("../app/app.js").Mount} */
export function mountSentence(section, app) {
  const { store } = app;
  const show = (/** @type {string} */ text) => store.set({ text, word: LAST });
  const input = h("input", {
    type: "text",
    id: "text",
    dir: "auto",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "done",
    on: { input: () => show(input.value) },
  });
  const picks = createPicks(app, show);
  const remark = h("p", { class: "remark", role: "status" });
  section.append(h("label", { class: "soft", for: "text" }, "Type a sentence, or pick one"));
  section.append(input, picks.element, remark);

  return (state, derived) => {
    if (input.value !== state.text) input.value = state.text;
    picks.update(state, derived);
    setText(remark, remarkOn(derived));
    remark.hidden = remark.textContent === "";
  };
}

/**
 * @param {App} app
 * @param {(text: string) => void} show
 * @returns {{element: HTMLElement, update: import("../app/app.js").Update}}
 */
function createPicks({ grammar, examples, store }, show) {
  const choice = h("select", {
    "aria-label": "Pick a sentence",
    on: {
      change: () => {
        if (choice.value) show(choice.value);
      },
    },
  });
  const press = (/** @type {string} */ label, /** @type {() => void} */ click) =>
    h("button", { type: "button", on: { click } }, label);
  const swap = press("Swap boy and girl", () => show(twin(store.state.text)));
  const make = press("Let the grammar make one", () => {
    if (grammar) show(grammar.sample(Math.random).join(" "));
  });
  make.hidden = grammar === null;
  const element = h("div", { class: "row picks" }, choice, swap, make);
  /** @type {import("../core/model.js").Model | null} */
  let offeredFor = null;

  return {
    element,
    update({ text }, { model }) {
      if (model !== offeredFor) {
        offeredFor = model;
        const known = PICKS.filter((sentence) => knows(model, sentence));
        offer(choice, known, grammar ? [] : examples.slice(0, 12));
      }
      const offered = [...choice.options].find((option) => option.value === text);
      choice.selectedIndex = offered ? offered.index : 0;
      setAttributes(swap, { hidden: !hasTwin(text) });
    },
  };
}

/**
 * @param {HTMLSelectElement} choice
 * @param {string[]} known
 * @param {string[]} examples
 */
function offer(choice, known, examples) {
  const option = (/** @type {string} */ sentence) =>
    h(
      "option",
      { value: sentence },
      sentence.length > 70 ? `${sentence.slice(0, 69)}\u2026` : sentence,
    );
  choice.replaceChildren(h("option", { value: "" }, "Pick a sentence"), ...known.map(option));
  if (examples.length) {
    choice.append(h("optgroup", { label: "From the text" }, ...examples.map(option)));
  }
  choice.hidden = choice.options.length === 1;
}

/**
 * @param {import("../app/app.js").Derived} derived
 * @returns {string} which words the network does not know, and whether the text is too long
 */
function remarkOn({ model, words, unknown, cut }) {
  const strange = [...new Set(words.filter((_, place) => unknown[place]))];
  const parts = [];
  if (strange.length) {
    const named = strange
      .slice(0, 5)
      .map((word) => `\u201c${word}\u201d`)
      .join(", ");
    const more = strange.length > 5 ? ` and ${strange.length - 5} more` : "";
    const are = strange.length === 1 ? "is" : "are";
    parts.push(`${named}${more} ${are} not in the vocabulary of ${model.name}: it reads <unk>.`);
  }
  if (cut) parts.push(`The page reads the first ${MAX_WORDS} words.`);
  return parts.join(" ");
}
