// A slider that holds a gate: as long as it is free it shows what the network itself does.

import { h, setAttributes, setText } from "../../app/dom.js";

export class Slider {
  /**
   * @param {string} gate
   * @param {string} says what the gate does
   * @param {(value: number | undefined) => void} move undefined releases
   */
  constructor(gate, says, move) {
    const id = `hold-${gate}`;
    this.gate = gate;
    this.input = h("input", {
      type: "range",
      id,
      min: 0,
      max: 1,
      step: 0.01,
      on: { input: () => move(Number(this.input.value)) },
    });
    this.number = h("output", { for: id });
    this.release = h("button", { type: "button", on: { click: () => move(undefined) } }, "Let go");
    this.element = h(
      "div",
      { class: `hold-slider ${gate}` },
      h("label", { for: id }, h("b", {}, gate), h("span", { class: "soft" }, says)),
      this.input,
      this.number,
      this.release,
    );
  }

  /**
   * @param {number | undefined} held
   * @param {number | null} free what the network does itself, the mean over the units
   */
  update(held, free) {
    const value = held ?? free ?? 0;
    const now = free === null ? "free" : `free, ${free.toFixed(2)}`;
    const text = held === undefined ? now : `held at ${held.toFixed(2)}`;
    if (Math.abs(Number(this.input.value) - value) > 0.005) this.input.value = String(value);
    this.element.classList.toggle("free", held === undefined);
    setAttributes(this.input, { "aria-valuetext": text });
    setText(this.number, text);
    this.release.hidden = held === undefined;
  }
}
