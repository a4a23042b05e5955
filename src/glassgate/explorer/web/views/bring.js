// Bring your own: the three files of a model folder, dropped on the page, run beside the others.

import { h, setAttributes, setText } from "../app/dom.js";
import { readFolder } from "./bring/folder.js";
import { droppedFiles } from "./bring/dropped.js";

/** @type {import("../app/app.js").Mount} */
export function mountBring(section, app) {
  const input = h("input", {
    type: "file",
    id: "bring-files",
    multiple: true,
    class: "hidden-name",
    on: { change: () => void take([...(input.files ?? [])]) },
  });
  const answer = h("p", { role: "status" });
  section.append(
    h(
      "p",
      {},
      "Drop the files model.safetensors, config.json and tokenizer.json of a folder that ",
      h("code", {}, "glassgate train"),
      " wrote anywhere on this page. They are read in the browser and go nowhere else.",
    ),
    h(
      "p",
      { class: "row" },
      input,
      h("label", { class: "button", for: "bring-files" }, "Choose files"),
      answer,
    ),
  );
  acceptDrops(document.documentElement, (files) => void take(files));

  /** @param {File[]} files */
  async function take(files) {
    if (!files.length) return;
    const result = await readFolder(files, [...app.models.keys()]);
    input.value = ""; // so that the same files can be chosen again
    setAttributes(answer, { class: "problem" in result ? "problem" : null });
    if ("problem" in result) {
      setText(answer, result.problem);
      return;
    }
    const { model } = result;
    app.models.set(model.name, model);
    setText(answer, `${model.name} runs now: ${describe(model)}.`);
    app.store.set({ network: model.name, holds: [], units: [] });
    app.store.flush(); // no view may meet the new model with what was derived before it came
  }
  return () => {};
}

/** @param {import("../core/model.js").Model} model */
function describe(model) {
  const what = model.task === "classifier" ? "a classifier" : `a language model of ${model.level}`;
  const layers = model.network.layers.length;
  return `${what}, ${model.hiddenSize} units${layers > 1 ? ` in each of ${layers} layers` : ""}`;
}

/**
 * @param {HTMLElement} page
 * @param {(files: File[]) => void} take
 */
function acceptDrops(page, take) {
  const mark = (/** @type {boolean} */ over) => setAttributes(page, { "data-dropping": over });
  page.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  page.addEventListener("dragleave", (event) => mark(event.relatedTarget !== null));
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(take);
  });
}
