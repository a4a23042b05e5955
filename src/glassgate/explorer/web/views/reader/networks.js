// Which network the unit, the layer and the held gates are of.

import { h, repeat, setAttributes, setText } from "../../app/dom.js";
import { networkColour } from "../../app/scales.js";

/** @type {import("../../app/app.js").Mount} */
export function mountNetworks(nav, { models, store }) {
  const list = h("div", { class: "choice", role: "group", "aria-label": "Network to look into" });
  nav.append(list);
  return (state) => {
    repeat(
      list,
      [...models.keys()],
      () => {
        const button = h("button", { type: "button", on: { click: () => choose(button) } });
        return button;
      },
      (button, name) => {
        setText(button, name);
        setAttributes(button, {
          "data-choice": name,
          "aria-pressed": String(name === state.network),
        });
        button.style.setProperty("--own", networkColour(name));
      },
    );
  };

  /** @param {HTMLElement} button */
  function choose(button) {
    const name = button.dataset.choice;
    if (name && name !== store.state.network) store.set({ network: name, holds: [], units: [] });
  }
}
