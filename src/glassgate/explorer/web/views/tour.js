/**
 * The guided tour: eight short pages that set the page up themselves, each a few sentences and a
 * thing to do. Its panel stays in view while the page behind it is used.
 */

import { h, setText } from "../app/dom.js";
import { Cast } from "./tour/cast.js";
import { PAGES } from "./tour/pages.js";

/** @typedef {import("../app/app.js").App} App */

/** @type {import("../app/app.js").Mount} */
export function mountTour(section, app) {
  const { models, grammar, store } = app;
  const start = h(
    "button",
    { type: "button", class: "play", on: { click: () => go(1) } },
    "Start the tour",
  );
  const invitation = h(
    "div",
    { class: "tour-invitation" },
    h("p", {}, "New here? Eight short pages show what a network remembers, and how."),
    start,
  );
  const panel = createPanel(go, leave, store);
  section.append(invitation, panel.element);
  let shown = 0;
  let known = -1;
  /** @type {Cast|null} */
  let cast = null;

  /** @param {number} page from 1 */
  function go(page) {
    if (cast) store.set({ ...PAGES[page - 1].moment(cast), tour: page });
  }

  function leave() {
    store.set({ tour: 0 });
  }

  return (state) => {
    if (models.size !== known) {
      known = models.size;
      cast = Cast.choose(models, grammar);
      section.hidden = cast === null;
    }
    const page = cast ? Math.min(state.tour, PAGES.length) : 0;
    if (page === shown) return;
    const before = shown;
    shown = page;
    invitation.hidden = page > 0;
    panel.element.hidden = page === 0;
    document.documentElement.classList.toggle("touring", page > 0);
    mark(page ? PAGES[page - 1].view : "", panel.focus);
    if (page && cast) {
      panel.show(page, cast);
      if (before === 0 && !addressHasText()) go(page);
    } else if (before) {
      start.focus();
    }
  };
}

/**
 * @returns {boolean} whether the address says what to read, rather than the page of the tour alone
 */
function addressHasText() {
  return new URLSearchParams(location.hash.slice(1)).has("text");
}

/**
 * Make the panel of the tour.
 *
 * @param {(page: number) => void} go
 * @param {() => void} leave
 * @param {App["store"]} store
 */
function createPanel(go, leave, store) {
  let page = 0;
  const place = h("p", { class: "tour-place" });
  const title = h("h2", { tabindex: -1, id: "tour-title" });
  const text = h("div", { class: "tour-text" });
  const task = h("p", {});
  const choices = h("div", { class: "row" });
  const turn = (/** @type {number} */ by) => {
    const next = page + by;
    if (next >= 1 && next <= PAGES.length) go(next);
  };
  const back = h("button", { type: "button", on: { click: () => turn(-1) } }, "Back");
  const next = h("button", { type: "button", class: "play", on: { click: forward } }, "Next");
  const close = h("button", { type: "button", on: { click: leave } }, "Leave the tour");
  const keys = h(
    "p",
    { class: "tour-keys" },
    "Keys in this panel: arrows turn pages, Escape leaves.",
  );
  const element = h(
    "div",
    {
      class: "tour-panel",
      role: "region",
      "aria-labelledby": "tour-title",
      hidden: true,
      on: { keydown },
    },
    h(
      "div",
      { class: "tour-scroll" },
      place,
      title,
      text,
      h("div", { class: "tour-task" }, task, choices),
    ),
    h("div", { class: "row" }, back, next, close),
    keys,
  );

  function forward() {
    if (page === PAGES.length) leave();
    else turn(1);
  }

  /** @param {KeyboardEvent} event */
  function keydown(event) {
    const actions = { ArrowRight: () => turn(1), ArrowLeft: () => turn(-1), Escape: leave };
    const action = actions[/** @type {keyof typeof actions} */ (event.key)];
    if (!action || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action();
  }

  /**
   * @param {number} number of the page, from 1
   * @param {Cast} cast
   */
  function show(number, cast) {
    page = number;
    const { title: name, say, task: todo, choices: offered = [] } = PAGES[page - 1];
    setText(place, `Tour, page ${page} of ${PAGES.length}`);
    setText(title, name);
    text.replaceChildren(...say(cast).map((paragraph) => h("p", {}, ...paragraph)));
    task.replaceChildren(h("b", {}, "Try it. "), todo);
    choices.replaceChildren(
      ...offered.map(({ label, patch }) =>
        h("button", { type: "button", on: { click: () => store.set(patch(cast)) } }, label),
      ),
    );
    back.disabled = page === 1;
    setText(next, page === PAGES.length ? "Finish" : "Next");
    title.focus({ preventScroll: true });
  }

  return { element, show, focus: () => title.focus({ preventScroll: true }) };
}

/**
 * Mark the part of the page that is talked about, bring it into view, and give it a way back to the
 * tour for those who go by keyboard.
 *
 * @param {string} selector none for ""
 * @param {() => void} focusTour
 */
function mark(selector, focusTour) {
  for (const old of document.querySelectorAll(".toured")) {
    old.classList.remove("toured");
    old.querySelector(":scope > .tour-return")?.remove();
  }
  const part = /** @type {HTMLElement | null} */ (selector && document.querySelector(selector));
  if (!part) return;
  part.classList.add("toured");
  const attributes = { type: "button", class: "tour-return" };
  part.append(h("button", { ...attributes, on: { click: focusTour } }, "Back to the tour"));
  const bring = () => {
    const bar = document.getElementById("reader")?.offsetHeight ?? 0; // stays at the top
    part.style.scrollMarginTop = `${bar + 16}px`;
    part.scrollIntoView({ block: "start" });
  };
  // Parts that come into view take their room only then; so once more, when they have it.
  requestAnimationFrame(() => {
    bring();
    requestAnimationFrame(bring);
  });
}
