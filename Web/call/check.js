/**
 * Which ways to the relay this network leaves open, each tried by itself.
 *
 * @typedef {'relay-udp' | 'relay-tcp' | 'relay-tls'} Way
 * @typedef {'tried' | 'works' | 'fails'} Outcome
 * @typedef {ReadonlyMap<Way, Outcome>} Outcomes
 */

/** So long a way has to give an address of the relay, in milliseconds. */
const patience = 8000;

/**
 * Tries all ways at once, and tells of each as it is known.
 *
 * @param {RTCIceServer[]} iceServers
 * @param {object} options
 * @param {(outcomes: Outcomes) => void} options.onChange
 * @param {AbortSignal} options.signal  ends the trial
 * @param {(configuration: RTCConfiguration) => RTCPeerConnection} [options.makeConnection]
 * @param {number} [options.time]
 */
export async function check(iceServers, { onChange, signal, makeConnection = (configuration) => new RTCPeerConnection(configuration), time = patience }) {
  const ways = waysIn(iceServers);
  /** @type {Outcomes} */
  let outcomes = new Map([...ways.keys()].map((way) => [way, 'tried']));
  onChange(outcomes);
  await Promise.all([...ways].map(async ([way, servers]) => {
    const isOpen = await hasRelay(makeConnection({ iceServers: servers, iceTransportPolicy: 'relay' }), signal, time);
    if (signal.aborted) return;
    outcomes = new Map([...outcomes, [way, isOpen ? 'works' : 'fails']]);
    onChange(outcomes);
  }));
}

/**
 * What to make of it; nothing while it is not known.
 *
 * @param {Outcomes} outcomes
 * @returns {import('../i18n/t.js').Key | undefined}
 */
export function adviceOf(outcomes) {
  if (outcomes.size === 0) return 'check.no-relay';
  if (outcomes.get('relay-udp') === 'works') return 'check.good';
  const all = [...outcomes.values()];
  if (all.includes('tried')) return undefined;
  return all.includes('works') ? 'check.slow' : 'check.nothing';
}

/** @param {RTCIceServer[]} iceServers @returns {Map<Way, RTCIceServer[]>} */
export function waysIn(iceServers) {
  /** @type {Map<Way, RTCIceServer[]>} */
  const ways = new Map();
  for (const server of iceServers) {
    for (const url of [server.urls].flat()) {
      const way = wayOf(url);
      if (way) ways.set(way, [...(ways.get(way) ?? []), { ...server, urls: url }]);
    }
  }
  return ways;
}

/** @param {string} url @returns {Way | undefined} */
function wayOf(url) {
  if (url.startsWith('turns:')) return 'relay-tls';
  if (!url.startsWith('turn:')) return undefined;
  return /[?&]transport=tcp\b/.test(url) ? 'relay-tcp' : 'relay-udp';
}

/**
 * Whether a connection gets an address of the relay.
 *
 * @param {RTCPeerConnection} connection
 * @param {AbortSignal} signal
 * @param {number} time
 */
async function hasRelay(connection, signal, time) {
  /** @type {any} */
  let timer;
  const found = new Promise((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      // The last one is none.
      if (candidate === null) resolve(false);
      else if (/ typ relay\b/.test(candidate.candidate)) resolve(true);
    };
    timer = setTimeout(() => resolve(false), time);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  try {
    connection.createDataChannel('check');
    await connection.setLocalDescription();
    return await found;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
