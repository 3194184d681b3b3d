/** What this browser remembers, and what the address of the page asks for. */

const nameKey = 'linkup.name';
const relayOnlyKey = 'linkup.relay-only';
const shortcutsKey = 'linkup.shortcuts';
const waysKeys = { chime: 'linkup.chime', system: 'linkup.notify', whole: 'linkup.notify-whole' };
const devicesKey = 'linkup.devices';
const processingKey = 'linkup.processing';

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

/**
 * The devices that were chosen on earlier visits.
 *
 * @returns {Partial<Record<import('../call/media.js').ChoiceKind, import('../call/media.js').Preference>>}
 */
export function rememberedDevices() {
  const found = recallObject(devicesKey);
  const kinds = /** @type {const} */ (['audioinput', 'videoinput', 'audiooutput']);
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const { id, label } = found[kind] ?? {};
      return typeof id === 'string' && typeof label === 'string' ? [[kind, { id, label }]] : [];
    }),
  );
}

/** @param {import('../call/media.js').ChoiceKind} kind @param {import('../call/media.js').Preference} preference */
export function rememberDevice(kind, preference) {
  remember(devicesKey, JSON.stringify({ ...rememberedDevices(), [kind]: preference }));
}

/**
 * What is done to the voice, as far as it was chosen.
 *
 * @returns {Partial<import('../call/media.js').Processing>}
 */
export function rememberedProcessing() {
  const known = ['echoCancellation', 'noiseSuppression', 'autoGainControl'];
  return Object.fromEntries(Object.entries(recallObject(processingKey)).filter(([name, value]) => known.includes(name) && typeof value === 'boolean'));
}

/** @param {import('../call/media.js').Processing} processing */
export function rememberProcessing(processing) {
  remember(processingKey, JSON.stringify(processing));
}

/** @param {string} key @returns {Record<string, any>} nothing where it is not what this page has written */
function recallObject(key) {
  try {
    const value = JSON.parse(recall(key) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
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
