/** @type {import("../app/app.js").Mount} */
export function mountBring() {
  return () => {};
}
