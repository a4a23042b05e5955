/** @type {import("../app/app.js").Mount} */
export function mountLayer() {
  return () => {};
}
