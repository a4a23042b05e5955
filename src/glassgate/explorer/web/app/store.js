// A store: one immutable state, and those who are told, once a frame, that it has changed.

/**
 * @template State
 * @typedef {object} Store
 * @property {State} state the current state; never change it in place
 * @property {(patch: Partial<State>) => void} set replaces what the patch names
 * @property {() => void} flush tells at once of a change that waits for the next frame
 * @property {(listener: (state: State) => void) => () => void} subscribe returns how to stop
 */

/**
 * @template {object} State
 * @param {State} initial
 * @param {(state: State) => State} fit makes a state possible, such as a number too large
 * @param {(run: () => void) => void} schedule runs what it is given before the next frame
 * @returns {Store<State>}
 */
export function createStore(initial, fit, schedule = (run) => void requestAnimationFrame(run)) {
  let state = fit(initial);
  /** @type {Set<(state: State) => void>} */
  const listeners = new Set();
  let waiting = false;

  const tell = () => {
    if (!waiting) return; // it was flushed
    waiting = false;
    for (const listener of listeners) listener(state);
  };
  return {
    get state() {
      return state;
    },
    set(patch) {
      const changed = fit({ ...state, ...patch });
      if (sameValues(state, changed)) return;
      state = changed;
      if (waiting) return;
      waiting = true;
      schedule(tell);
    },
    flush: tell,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * @template {object} State
 * @param {State} one
 * @param {State} other
 */
function sameValues(one, other) {
  const names = /** @type {(keyof State)[]} */ (Object.keys(one));
  return names.every((name) => Object.is(one[name], other[name]));
}
