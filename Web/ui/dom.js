/** Elements built from values: what a person typed is always text, never markup. */

/**
 * @typedef {Node | string | number | false | null | undefined} Child
 * @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Properties
 */

/**
 * An element.
 *
 * A property that begins with `on` is a listener; `true` sets an attribute without a value; `false`,
 * `null` and `undefined` leave it out; everything else is an attribute.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...present(children));
  return element;
}

/**
 * Replaces what is in an element.
 *
 * @param {Element} element
 * @param {Child[]} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  for (const child of children) {
    if (child === false || child === null || child === undefined) continue;
    nodes.push(typeof child === 'number' ? String(child) : child);
  }
  return nodes;
}

/**
 * Makes the children of `parent` those of `elements`, in that order, and touches none that is there
 * already: a video that is moved would stop.
 *
 * @param {Element} parent
 * @param {Element[]} elements
 */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let there = parent.firstElementChild;
  for (const element of elements) {
    if (element === there) there = there.nextElementSibling;
    else parent.insertBefore(element, there);
  }
}
