/** What this browser remembers, and what the address of the page asks for. */

const nameKey = 'linkup.name';

/** The name to suggest: from the address, `?name=…`, or the one used last. */
export function suggestedName() {
  const asked = new URLSearchParams(location.search).get('name');
  if (asked !== null) return asked;
  try {
    return localStorage.getItem(nameKey) ?? '';
  } catch {
    // Storage may be switched off.
    return '';
  }
}

/** @param {string} name */
export function rememberName(name) {
  try {
    localStorage.setItem(nameKey, name);
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
