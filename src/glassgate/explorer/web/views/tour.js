/** @type {import("../app/app.js").Mount} */
export function mountTour() {
  return () => {};
}
