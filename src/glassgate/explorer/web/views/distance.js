/** @type {import("../app/app.js").Mount} */
export function mountDistance() {
  return () => {};
}
