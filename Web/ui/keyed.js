/** Lists: a row for each item, in the order of the items. */

/**
 * What was made for the items of a list, by their keys.
 *
 * @type {WeakMap<Element, Map<string, { made: any, item: any }>>}
 */
const lists = new WeakMap();

/**
 * Makes the children of `parent` those of `items`. A row that is there already is neither made anew nor moved where it
 * need not be (a video that is moved stops), and updated only where its item has other values.
 *
 * @template Item
 * @template {Element | { element: Element }} Made
 * @param {Element} parent  holds nothing else
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} key  one of its own for each item
 * @param {(item: Item) => Made} make
 * @param {(made: Made, item: Item) => void} update  called for what was just made as well
 * @returns {Made[]}
 */
export function keyed(parent, items, key, make, update) {
  const before = lists.get(parent) ?? new Map();
  const now = new Map();
  const rows = items.map((item) => {
    const name = key(item);
    const known = before.get(name);
    const made = known?.made ?? make(item);
    if (!known || !isAlike(known.item, item)) update(made, item);
    now.set(name, { made, item });
    return made;
  });
  for (const [name, { made }] of before) if (now.get(name)?.made !== made) elementOf(made).remove();
  lists.set(parent, now);
  let there = parent.firstElementChild;
  for (const made of rows) {
    const element = elementOf(made);
    if (element === there) there = there.nextElementSibling;
    else parent.insertBefore(element, there);
  }
  return rows;
}

/** @param {Element | { element: Element }} made */
function elementOf(made) {
  return 'element' in made ? made.element : made;
}

/** @param {any} a @param {any} b  whether two items have the same values */
function isAlike(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name]));
}
