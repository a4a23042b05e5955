// The curves as a table, for those who do not see the chart.

import { h, repeat, setAttributes, setText } from "../../app/dom.js";
import { percent } from "../../app/scales.js";
import { LONGEST } from "../../core/distance.js";

/** @typedef {import("./curves.js").Curve} Curve */

/** Filled only while it is open. */
export function numbersTable() {
  const head = h("tr", {});
  const body = h("tbody", {});
  let fillTable = () => {};
  const element = h(
    "details",
    { class: "numbers", on: { toggle: () => fillTable() } },
    h("summary", {}, "As numbers"),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, head), body)),
  );
  /** @param {Curve[]} curves @param {string} right */
  const update = (curves, right) => {
    fillTable = () => {
      if (!element.open) return;
      const columns = [
        "words",
        ...curves.map(({ network, ghost }) => (ghost ? `${network} before` : network)),
      ];
      repeat(head, columns, () => h("th", { scope: "col" }), setText);
      repeat(
        body,
        Array.from({ length: LONGEST + 1 }),
        () => h("tr", {}),
        (row, _, distance) => {
          const shares = curves.map(({ shares: own }) => own.get(distance));
          const cells = [
            String(distance),
            ...shares.map((share) => (share === undefined ? "–" : percent(share))),
          ];
          repeat(row, cells, () => h("td", {}), setText);
        },
      );
      setAttributes(element, { "aria-label": `Share of “${right}” by distance` });
    };
    fillTable();
  };
  return { element, update };
}
