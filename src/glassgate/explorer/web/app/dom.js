// Elements of the page. Text is always text: nothing in here or elsewhere reads HTML from a string.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {string | number | boolean | null | undefined} Value an attribute; false, null: none */
/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, (event: any) => void>} Listeners */
/** @typedef {{on?: Listeners, style?: Record<string, string>} & Record<string, any>} Options */

/**
 * Make an HTML element: `h("button", {type: "button", on: {click}}, "Play")`.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Options} [options] attributes by name, listeners under `on`, single styles under `style`
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, options = {}, ...children) {
  return fill(document.createElement(tag), options, children);
}

/**
 * Make an SVG element: `s("circle", {r: 3})`.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Options} [options] as in `h`
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function s(tag, options = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), options, children);
}

/**
 * @template {HTMLElement | SVGElement} E
 * @param {E} element
 * @param {Options} options
 * @param {Child[]} children
 * @returns {E}
 */
function fill(element, { on = {}, style = {}, ...attributes }, children) {
  setAttributes(element, attributes);
  for (const [name, value] of Object.entries(style)) setStyle(element, name, value);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Set attributes, each only if it changes: true sets an empty one, false or null removes it.
 *
 * @param {Element} element
 * @param {Record<string, Value>} attributes
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) {
      element.removeAttribute(name);
    } else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
}

/**
 * @param {HTMLElement | SVGElement} element
 * @param {string} name of a property, such as "width" or "--share"
 * @param {string} value
 */
export function setStyle(element, name, value) {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/**
 * Set the text of an element, if it changes.
 *
 * @param {Element} element
 * @param {string | number} text
 */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = String(text);
}

/**
 * Keep as many children as there are items, and update each: elements stay, and with them the focus.
 *
 * @template {Element} E
 * @template Item
 * @param {Element} parent holds these children and nothing else
 * @param {ArrayLike<Item>} items
 * @param {(index: number) => E} make
 * @param {(element: E, item: Item, index: number) => void} update
 */
export function repeat(parent, items, make, update) {
  while (parent.children.length > items.length) parent.lastElementChild?.remove();
  for (let index = 0; index < items.length; index++) {
    if (index === parent.children.length) parent.append(make(index));
    update(/** @type {E} */ (parent.children[index]), items[index], index);
  }
}

/**
 * Make the options of a select these, and choose one.
 *
 * @param {HTMLSelectElement} select
 * @param {string[][]} options  value and text of each
 * @param {string} chosen  a value
 */
export function showOptions(select, options, chosen) {
  repeat(
    select,
    options,
    () => h("option", {}),
    (option, [value, text]) => {
      setAttributes(option, { value });
      setText(option, text);
    },
  );
  if (select.value !== chosen) select.value = chosen;
}
