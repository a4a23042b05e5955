// The sentence: typed or picked, and read word by word.

import { h, repeat, setAttributes, setText } from "../app/dom.js";

/** @type {import("../app/app.js").Mount} */
export function mountSentence(section, { store }) {
  const input = h("input", {
    type: "text",
    id: "text",
    autocomplete: "off",
    spellcheck: "false",
    on: { input: () => store.set({ text: input.value, word: Number.MAX_SAFE_INTEGER }) },
  });
  const words = h("div", { class: "words", role: "group", "aria-label": "Words" });
  section.append(h("label", { for: "text" }, "Type a sentence"), input, words);
  return (state, { words: read, unknown }) => {
    if (input.value !== state.text) input.value = state.text;
    repeat(
      words,
      ["\u2022", ...read],
      (place) => h("button", { type: "button", on: { click: () => store.set({ word: place }) } }),
      (button, word, place) => {
        setText(button, word);
        setAttributes(button, {
          "aria-current": place === state.word ? "true" : null,
          "data-unknown": place > 0 && unknown[place - 1],
        });
      },
    );
  };
}
