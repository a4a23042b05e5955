// Shows a change first where a person looks: views in sight follow within the frame, or the next where
// they take long, and the others as soon as there is time, or when they come into sight.

/** @typedef {import("./app.js").Update} Update */
/** @typedef {{element: HTMLElement, show: Update}} View */

const MARGIN = "200px"; // how near to the window counts as in sight
const BUDGET = 6; // milliseconds of a frame after which views wait for the next
const PATIENCE = 300; // milliseconds after which a view follows even if there is no time

/**
 * @param {View[]} views
 * @param {number} first how many of them are in sight when the page opens
 * @returns {Update} shows a state in every view; `data-pending` of the page says that some must follow
 */
export function createScreen(views, first) {
  const page = document.documentElement;
  const inSight = new Set(views.slice(0, first));
  /** @type {Set<View>} */
  const pending = new Set();
  /** @type {Parameters<Update> | null} */
  let latest = null;
  let asked = false;
  let queued = false;

  const follow = (/** @type {View} */ view) => {
    pending.delete(view);
    if (latest) view.show(...latest);
  };
  // Those first that have waited longest, so that none starves while a slider moves at each frame.
  const followInSight = () => {
    const end = performance.now() + BUDGET;
    const waiting = [...pending].filter((view) => inSight.has(view));
    while (waiting.length && performance.now() < end) {
      follow(/** @type {View} */ (waiting.shift()));
    }
    if (waiting.length && !queued) {
      queued = true;
      requestAnimationFrame(() => {
        queued = false;
        followInSight();
      });
    }
    ask();
  };
  const ask = () => {
    page.toggleAttribute("data-pending", pending.size > 0);
    if (asked || !pending.size) return;
    asked = true;
    requestIdleCallback(work, { timeout: PATIENCE });
  };
  const work = (/** @type {IdleDeadline} */ time) => {
    asked = false;
    for (const view of pending) {
      follow(view);
      if (time.timeRemaining() <= 0) break;
    }
    ask();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const view = /** @type {View} */ (views.find(({ element }) => element === target));
        if (!isIntersecting) inSight.delete(view);
        else inSight.add(view);
        if (isIntersecting && pending.has(view)) follow(view);
      }
      ask();
    },
    { rootMargin: MARGIN },
  );
  for (const { element } of views) observer.observe(element);

  return (...shown) => {
    latest = shown;
    for (const view of views) pending.add(view);
    followInSight();
  };
}
