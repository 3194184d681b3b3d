/**
 * What the page knows, in one place.
 *
 * An event is a value with a `type`; a reducer makes the next state of a state and an event, and gives back what it was
 * given where nothing changes, which is how those who watch a part of it know.
 */

/**
 * @template State
 * @template {{ type: string }} Event
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(event: Event) => void} apply
 * @property {<Part>(select: (state: State) => Part, act: (part: Part, before: Part | undefined) => void, options: { signal: AbortSignal }) => void} watch
 *   calls `act` at once, and then whenever what `select` gives is another value (`Object.is`), until the signal aborts
 */

/**
 * @template State
 * @template {{ type: string }} Event
 * @param {(state: State, event: Event) => State} reduce
 * @param {State} initial
 * @returns {Store<State, Event>}
 */
export function createStore(reduce, initial) {
  let state = initial;
  /** @type {Set<() => void>} */
  const watchers = new Set();
  /** @type {Event[]} */
  const waiting = [];
  let isApplying = false;
  return { get: () => state, apply, watch };

  /** @param {Event} event */
  function apply(event) {
    // An event that a watcher causes comes after the one that it watched: all see both, in this order.
    waiting.push(event);
    if (isApplying) return;
    isApplying = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const before = state;
        state = reduce(state, next);
        if (state !== before) for (const look of [...watchers]) if (watchers.has(look)) safely(look);
      }
    } finally {
      isApplying = false;
    }
  }

  /** @type {Store<State, Event>['watch']} */
  function watch(select, act, { signal }) {
    if (signal.aborted) return;
    let part = select(state);
    const look = () => {
      const now = select(state);
      if (Object.is(now, part)) return;
      const before = part;
      part = now;
      act(now, before);
    };
    watchers.add(look);
    signal.addEventListener('abort', () => watchers.delete(look), { once: true });
    act(part, undefined);
  }
}

/**
 * A view that fails does not keep the others from seeing.
 *
 * @param {() => void} look
 */
function safely(look) {
  try {
    look();
  } catch (error) {
    if (typeof reportError !== 'function') throw error;
    reportError(error);
  }
}

/**
 * The same object with other values, or itself where they are what they were.
 *
 * @template {object} Value
 * @param {Value} value
 * @param {Partial<Value>} changes
 * @returns {Value}
 */
export function changed(value, changes) {
  const isSame = Object.entries(changes).every(([name, other]) => Object.is(/** @type {any} */ (value)[name], other));
  return isSame ? value : { ...value, ...changes };
}

/**
 * A list with the elements of another one, each of them the former one where it is equal by its values; the former list
 * where all are.
 *
 * @template {object} Element
 * @param {readonly Element[]} before
 * @param {readonly Element[]} now
 * @param {(element: Element) => unknown} key
 * @returns {readonly Element[]}
 */
export function keepEqual(before, now, key) {
  const known = new Map(before.map((element) => [key(element), element]));
  const kept = now.map((element) => {
    const former = known.get(key(element));
    return former && isAlike(former, element) ? former : element;
  });
  return kept.length === before.length && kept.every((element, index) => element === before[index]) ? before : kept;
}

/**
 * Whether two are equal, two levels deep as far as they are plain objects.
 *
 * @param {any} a
 * @param {any} b
 * @param {number} [depth]
 * @returns {boolean}
 */
function isAlike(a, b, depth = 2) {
  if (Object.is(a, b)) return true;
  if (depth === 0 || !isPlain(a) || !isPlain(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isAlike(a[name], b[name], depth - 1));
}

/** @param {any} value */
function isPlain(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
