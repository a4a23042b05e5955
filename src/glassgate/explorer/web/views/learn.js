/** @type {import("../app/app.js").Mount} */
export function mountLearn() {
  return () => {};
}
