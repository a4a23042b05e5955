// The bar that stays in sight: the words of the sentence, and the way along them.

import { h, repeat, setAttributes, setText } from "../app/dom.js";
import { mountNetworks } from "./reader/networks.js";

const PACE = 700; // milliseconds a word
const START = "\u25cf"; // before the first word
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowRight: 1,
  ArrowLeft: -1,
  Home: -Infinity,
  End: Infinity,
});

/** @type {import("../app/app.js").Mount} */
export function mountReader(bar, app) {
  const { store } = app;
  const go = (/** @type {number} */ word) => store.set({ word });
  const words = h("div", {
    class: "words",
    role: "toolbar",
    "aria-label": "Words",
    on: { keydown },
  });
  const scrub = h("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": "Word of the sentence",
    on: { input: () => go(scrub.valueAsNumber) },
  });
  const player = createPlayer(store);
  const step = (
    /** @type {string} */ sign,
    /** @type {string} */ label,
    /** @type {number} */ by,
  ) =>
    h(
      "button",
      { type: "button", "aria-label": label, on: { click: () => go(store.state.word + by) } },
      sign,
    );
  const back = step("\u2039", "Previous word", -1);
  const on = step("\u203a", "Next word", 1);
  const networks = h("div");
  const showNetworks = mountNetworks(networks, app);
  bar.append(words, h("div", { class: "row" }, back, player.element, on, scrub, networks));

  /** @param {KeyboardEvent} event */
  function keydown(event) {
    const by = STEPS[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(Math.min(Math.max(store.state.word + by, 0), words.children.length - 1));
    words.dataset.follow = "true";
  }

  return (state, derived) => {
    const first = derived.model.task === "classifier" ? 1 : 0;
    showWords(words, state.word, derived, go);
    setAttributes(scrub, {
      max: derived.words.length,
      "aria-valuetext": wordAt(state.word, derived.words),
    });
    scrub.valueAsNumber = state.word;
    back.disabled = state.word <= first;
    on.disabled = state.word >= derived.words.length;
    player.update(state.word, derived.words.length);
    showNetworks(state, derived);
  };
}

/**
 * @param {HTMLElement} list
 * @param {number} chosen
 * @param {import("../app/app.js").Derived} derived
 * @param {(word: number) => void} go
 */
function showWords(list, chosen, { words, unknown }, go) {
  repeat(
    list,
    [START, ...words],
    (place) => h("button", { type: "button", class: "word", on: { click: () => go(place) } }),
    (button, word, place) => {
      const strange = place > 0 && unknown[place - 1];
      setText(button, word.trim() ? word : "\u2423");
      setAttributes(button, {
        "data-word": place,
        "data-unknown": strange,
        title: strange ? "not in the vocabulary: read as <unk>" : null,
        "aria-label": place === 0 ? "before the first word" : strange ? `${word}, unknown` : null,
        "aria-current": place === chosen ? "true" : null,
        "data-read": place < chosen,
        tabindex: place === chosen ? 0 : -1,
      });
    },
  );
  requestAnimationFrame(() => keepInSight(list, chosen)); // once all views are up to date
}

/**
 * Move the focus with the word if arrow keys moved it, and keep the word in sight.
 *
 * @param {HTMLElement} list
 * @param {number} chosen
 */
function keepInSight(list, chosen) {
  const button = /** @type {HTMLElement | undefined} */ (list.children[chosen]);
  if (!button || list.dataset.shown === `${chosen} ${button.textContent}`) return;
  list.dataset.shown = `${chosen} ${button.textContent}`;
  if (list.dataset.follow) button.focus({ preventScroll: true });
  delete list.dataset.follow;
  const before = button.offsetLeft - list.offsetLeft;
  const hidden =
    before < list.scrollLeft || before + button.offsetWidth > list.scrollLeft + list.clientWidth;
  if (hidden) list.scrollLeft = before - list.clientWidth / 2;
}

/**
 * @param {import("../app/app.js").App["store"]} store
 */
function createPlayer(store) {
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    draw();
  };
  const advance = () => {
    const { word } = store.state;
    store.set({ word: word + 1 });
    if (store.state.word === word) stop();
  };
  const element = h("button", { type: "button", on: { click: toggle } });
  draw();

  function draw() {
    setText(element, timer ? "Pause" : "Play");
  }
  function toggle() {
    if (timer) return stop();
    if ("end" in element.dataset) store.set({ word: 0 });
    timer = window.setInterval(advance, PACE);
    draw();
  }
  return {
    element,
    /**
     * @param {number} word
     * @param {number} last
     */
    update(word, last) {
      setAttributes(element, { "data-end": word >= last });
      element.disabled = last === 0;
    },
  };
}

/**
 * @param {number} word
 * @param {string[]} words
 */
function wordAt(word, words) {
  return word === 0 ? "before the first word" : `word ${word}: ${words[word - 1]}`;
}
