/** What this browser remembers, and what the address of the page asks for. */

const nameKey = 'linkup.name';
const relayOnlyKey = 'linkup.relay-only';
const shortcutsKey = 'linkup.shortcuts';
const waysKeys = { chime: 'linkup.chime', system: 'linkup.notify', whole: 'linkup.notify-whole' };

/** The name to suggest: from the address, `?name=…`, or the one used last. */
export function suggestedName() {
  return new URLSearchParams(location.search).get('name') ?? recall(nameKey) ?? '';
}

/** @param {string} name */
export function rememberName(name) {
  remember(nameKey, name);
}

/**
 * Whether to connect through the server alone, to suggest: because the address says `?relay=only`, or because it was
 * chosen last. No address of somebody else's making can take the choice back.
 *
 * @param {string} query
 */
export function suggestedRelayOnly(query) {
  return new URLSearchParams(query).get('relay') === 'only' || recall(relayOnlyKey) === 'yes';
}

/** @param {boolean} isRelayOnly */
export function rememberRelayOnly(isRelayOnly) {
  remember(relayOnlyKey, isRelayOnly ? 'yes' : 'no');
}

/** Whether keys by themselves are commands. */
export function hasShortcuts() {
  return recall(shortcutsKey) !== 'no';
}

/** @param {boolean} isOn */
export function rememberShortcuts(isOn) {
  remember(shortcutsKey, isOn ? 'yes' : 'no');
}

/**
 * How news are told. The system tells them only while it still may.
 *
 * @returns {import('./notices.js').Ways}
 */
export function suggestedWays() {
  const mayNotify = globalThis.Notification?.permission === 'granted';
  return { chime: recall(waysKeys.chime) !== 'no', system: mayNotify && recall(waysKeys.system) === 'yes', whole: recall(waysKeys.whole) === 'yes' };
}

/** @param {Partial<import('./notices.js').Ways>} ways  that were chosen */
export function rememberWays(ways) {
  for (const name of /** @type {const} */ (['chime', 'system', 'whole'])) {
    if (ways[name] !== undefined) remember(waysKeys[name], ways[name] ? 'yes' : 'no');
  }
}

/** @param {string} key */
function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    // Storage may be switched off.
    return null;
  }
}

/** @param {string} key @param {string} value */
function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it is asked again next time.
  }
}

/**
 * The transports that the page may use: `?transports=polling` is for finding out whether WebSocket is
 * what does not get through.
 *
 * @param {string} query
 * @returns {string[]}
 */
export function transportsIn(query) {
  const known = ['polling', 'websocket'];
  const asked = (new URLSearchParams(query).get('transports') ?? '').split(',');
  const chosen = known.filter((name) => asked.includes(name));
  return chosen.length > 0 ? chosen : known;
}
