// Choosing a unit and a word in the matrix, and brushing units: by mouse, finger and keys.

/** @typedef {import("./matrix.js").Shown} Shown */
/** @typedef {{row: number, column: number}} Place in rows and columns; it may lie beyond them */

/**
 * @typedef {object} Actions
 * @property {(unit: number, word: number) => void} choose
 * @property {(units: number[]) => void} brush
 */

/** @type {Record<string, [number, number]>} by how many rows and columns a key moves */
const MOVES = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

/**
 * @param {() => Shown | null} shownNow
 * @param {(x: number, y: number) => Place} placeAt a place of the window
 * @param {Actions} actions
 * @returns {Record<string, (event: any) => void>} what the matrix listens to
 */
export function matrixListeners(shownNow, placeAt, actions) {
  /** @type {{anchor: number, reached: number} | null} the rows where a drag began, and has come to */
  let drag = null;

  /** @param {PointerEvent} event */
  function press(event) {
    const shown = shownNow();
    const place = placeAt(event.clientX, event.clientY);
    drag = null;
    if (!shown || !inside(place, shown) || event.pointerType === "touch") return; // it may scroll
    if (event.ctrlKey || event.metaKey) {
      actions.brush(toggled(shown, shown.units[place.row]));
    } else if (event.shiftKey) {
      actions.brush(rows(shown, Math.max(shown.units.indexOf(shown.unit), 0), place.row));
    } else {
      drag = { anchor: place.row, reached: place.row };
      choose(place, shown);
    }
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const shown = shownNow();
    if (!shown || !drag || !event.buttons) return;
    const row = clip(placeAt(event.clientX, event.clientY).row, shown.units.length);
    if (row === drag.reached) return;
    drag.reached = row;
    actions.brush(rows(shown, drag.anchor, row));
  }

  /** @param {PointerEvent} event */
  function tap(event) {
    const shown = shownNow();
    const place = placeAt(event.clientX, event.clientY);
    if (shown && event.pointerType === "touch" && inside(place, shown)) choose(place, shown);
  }

  /** @param {Place} place @param {Shown} shown */
  function choose({ row, column }, { units, words, word }) {
    actions.choose(units[row], words[column] ?? word);
  }

  /** @param {KeyboardEvent} event */
  function pressKey(event) {
    const shown = shownNow();
    if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = MOVES[event.key];
    if (event.key === " ") actions.brush(toggled(shown, shown.unit));
    else if (event.key === "Escape") actions.brush([]);
    else if (step) walk(shown, step, event.shiftKey);
    else return;
    event.preventDefault();
  }

  /** @param {Shown} shown @param {[number, number]} step @param {boolean} brushing */
  function walk({ units, words, unit, word, brushed }, [down, along], brushing) {
    const next = units[clip(units.indexOf(unit) + down, units.length)];
    if (brushing) actions.brush([...new Set([...brushed, unit, next])]);
    actions.choose(next, words[clip(words.indexOf(word) + along, words.length)]);
  }

  const release = () => {
    drag = null;
  };
  return {
    pointerdown: press,
    pointermove: move,
    pointerup: release,
    pointercancel: release,
    click: tap,
    keydown: pressKey,
  };
}

/** @param {Place} place @param {Shown} shown */
function inside({ row, column }, { units, words }) {
  return row >= 0 && row < units.length && column < words.length;
}

/** The units from one row to another. @param {Shown} shown @param {number} one @param {number} other */
function rows({ units }, one, other) {
  return units.slice(Math.min(one, other), Math.max(one, other) + 1);
}

/** The brushed units with one more, or one less. @param {Shown} shown @param {number} unit */
function toggled({ brushed }, unit) {
  return brushed.has(unit) ? [...brushed].filter((one) => one !== unit) : [...brushed, unit];
}

/** @param {number} place @param {number} count */
function clip(place, count) {
  return Math.min(Math.max(place, 0), count - 1);
}
