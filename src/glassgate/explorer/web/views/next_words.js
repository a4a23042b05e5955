/** @type {import("../app/app.js").Mount} */
export function mountNextWords() {
  return () => {};
}
