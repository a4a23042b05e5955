// Starts the page: reads what stands in it, mounts the views, and updates them after each change.

import { startAddress } from "./app/address.js";
import { createDerive } from "./app/derive.js";
import { readPage } from "./app/read.js";
import { createScreen } from "./app/screen.js";
import { firstState, fitState } from "./app/state.js";
import { createStore } from "./app/store.js";
import { mountBack } from "./views/back.js";
import { mountBring } from "./views/bring.js";
import { mountDistance } from "./views/distance.js";
import { mountHold } from "./views/hold.js";
import { mountLayer } from "./views/layer.js";
import { mountLearn } from "./views/learn.js";
import { mountNextWords } from "./views/next_words.js";
import { mountReader } from "./views/reader.js";
import { mountSentence } from "./views/sentence.js";
import { mountTour } from "./views/tour.js";
import { mountUnit } from "./views/unit.js";

/** @typedef {import("./app/app.js").App} App */
/** @typedef {import("./app/app.js").Mount} Mount */

/** @type {[string, Mount][]} the id of each view's element, and what fills it */
const VIEWS = [
  ["tour", mountTour],
  ["sentence", mountSentence],
  ["reader", mountReader],
  ["next-words", mountNextWords],
  ["unit", mountUnit],
  ["hold", mountHold],
  ["layer", mountLayer],
  ["distance", mountDistance],
  ["back", mountBack],
  ["learn", mountLearn],
  ["bring", mountBring],
];
const FIRST_SIGHT = 4; // of these views are in sight when the page opens

try {
  start();
  document.documentElement.dataset.ready = "true";
  performance.mark("glassgate-ready");
} catch (error) {
  const notice = element("notice");
  notice.textContent = `This page could not start: ${error instanceof Error ? error.message : error}`;
  notice.hidden = false;
  document.documentElement.dataset.ready = "false";
  throw error;
}

function start() {
  const { models, grammar, examples, text } = readPage(document);
  const standard = firstState(models, text);
  const store = createStore(standard, (state) => fitState(state, models));
  /** @type {App} */
  const app = { models, grammar, examples, store };
  const derive = createDerive(app);
  startAddress(app, standard, element("notice"));
  const views = VIEWS.map(([id, mount]) => ({
    element: element(id),
    show: mount(element(id), app),
  }));
  const show = createScreen(views, FIRST_SIGHT);
  const update = () => {
    const { state } = store; // a view may set another one, which is shown next
    show(state, derive(state));
  };
  store.subscribe(update);
  update();
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}
