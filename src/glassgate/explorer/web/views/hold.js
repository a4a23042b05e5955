/** @type {import("../app/app.js").Mount} */
export function mountHold() {
  return () => {};
}
