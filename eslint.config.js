// What the explorer's programs may do: only app/ and views/ know a page, and no text becomes markup.

import js from "@eslint/js";
import globals from "globals";

const WEB = "src/glassgate/explorer/web";
const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "createContextualFragment"];

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": [
        "error",
        ...MARKUP.map((property) => ({ property, message: "Text is textContent." })),
        { object: "document", property: "write", message: "Text is textContent." },
      ],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    files: [`${WEB}/core/**`, `${WEB}/learning/**`],
    languageOptions: { globals: globals["shared-node-browser"] },
  },
  {
    files: [`${WEB}/main.js`, `${WEB}/app/**`, `${WEB}/views/**`],
    languageOptions: { globals: globals.browser },
  },
  { files: ["tests/explorer/**", "*.js"], languageOptions: { globals: globals.node } },
];
