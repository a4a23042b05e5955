// How far the race is, in a sentence, and how well each network does.

import { h, repeat, setAttributes, setText } from "../../app/dom.js";
import { percent } from "../../app/scales.js";
import { namesOf } from "./names.js";

/** @import {Race} from "../../learning/race.js" */
/** @import {Clock} from "./clock.js" */
/** @import {Settings} from "../../learning/settings.js" */

/** @returns {{element: HTMLElement, update: (settings: Settings, race: Race, clock: Clock) => void}} */
export function learnStatus() {
  const count = h("span", {});
  const networks = h("span", {});
  const element = h("p", { class: "learn-status", role: "status" }, count, networks);
  return {
    element,
    update({ choices }, race, clock) {
      const { evaluations } = race.marks[race.marks.length - 1];
      const names = namesOf(choices);
      // Numbers that change four times a second are not for reading aloud: the last ones are.
      setAttributes(element, {
        "aria-live": clock.running ? "off" : "polite",
        "data-updates": race.updates(),
      });
      setText(count, countText(race, clock));
      repeat(
        networks,
        evaluations,
        () => h("span"),
        (span, { loss, right }, i) => {
          setAttributes(span, { "data-network": names[i], "data-right": right, "data-loss": loss });
          const end = i === evaluations.length - 1 ? "." : ", ";
          setText(span, `${names[i]} ${percent(right)} right${end}`);
        },
      );
    },
  };
}

/**
 * @param {Race} race
 * @param {Clock} clock
 * @returns {string}
 */
function countText(race, { running, rate }) {
  const updates = race.updates();
  if (!updates) return "Nothing learned yet: ";
  const speed = running && rate ? `, ${Math.round(rate)} a second` : "";
  const end = race.finished() ? ", and here it ends" : "";
  return `${updates.toLocaleString("en")} ${updates === 1 ? "update" : "updates"}${speed}${end}: `;
}
