/** @type {import("../app/app.js").Mount} */
export function mountUnit() {
  return () => {};
}
