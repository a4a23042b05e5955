/** @type {import("../app/app.js").Mount} */
export function mountBack() {
  return () => {};
}
