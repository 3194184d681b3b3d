/**
 * Which way a connection takes, as its statistics tell (W3C WebRTC Statistics).
 *
 * @typedef {'direct' | 'relay-udp' | 'relay-tcp' | 'relay-tls'} Route
 *   without a relay, or over one that is reached by the transport named
 * @typedef {{ route: Route, usesOwnRelay: boolean }} Path  `usesOwnRelay`: the relay is one of this side's ICE servers
 *
 * @typedef {object} Stats  the members of all kinds of statistics that are read here
 * @property {string} id
 * @property {string} type
 * @property {string} [selectedCandidatePairId]
 * @property {boolean} [selected]
 * @property {boolean} [nominated]
 * @property {string} [state]
 * @property {number} [bytesReceived]
 * @property {string} [localCandidateId]
 * @property {string} [remoteCandidateId]
 * @property {string} [candidateType]
 * @property {string} [relayProtocol]
 * @property {string} [url]
 * @property {number} [currentRoundTripTime]
 * @property {number} [availableOutgoingBitrate]
 */

/**
 * The way of what is sent at present.
 *
 * When this side has a relay it is that one which counts, since how to reach it is what this side's network decides.
 * Only the peer may have one: then its address is reached by UDP, whatever lies behind it (RFC 8656, section 3.1).
 *
 * @param {{ forEach: (visit: (stats: Stats) => void) => void }} report  an `RTCStatsReport`
 * @returns {Path | undefined}  nothing while no pair of candidates is selected
 */
export function pathIn(report) {
  /** @type {Map<string, Stats>} */
  const all = new Map();
  report.forEach((stats) => all.set(stats.id, stats));
  const pair = selectedPair(all);
  const local = all.get(pair?.localCandidateId ?? '');
  const remote = all.get(pair?.remoteCandidateId ?? '');
  if (!local || !remote) return undefined;
  if (local.candidateType === 'relay') return { route: `relay-${relayTransport(local)}`, usesOwnRelay: true };
  return { route: remote.candidateType === 'relay' ? 'relay-udp' : 'direct', usesOwnRelay: false };
}

/** @param {Map<string, Stats>} all  by their ids @returns {Stats | undefined} the pair of candidates that is in use */
export function selectedPair(all) {
  /** @type {Stats | undefined} */
  let best;
  for (const stats of all.values()) {
    // There is one transport: everything is bundled.
    if (stats.type === 'transport' && stats.selectedCandidatePairId) return all.get(stats.selectedCandidatePairId);
    if (stats.type !== 'candidate-pair') continue;
    // Firefox has no `transport` to tell it by, and says `selected` instead.
    if (stats.selected) return stats;
    if (!stats.nominated || stats.state !== 'succeeded') continue;
    if (!best || (stats.bytesReceived ?? 0) > (best.bytesReceived ?? 0)) best = stats;
  }
  return best;
}

/** @param {Stats} candidate @returns {'udp' | 'tcp' | 'tls'} */
function relayTransport({ relayProtocol, url = '' }) {
  if (relayProtocol === 'udp' || relayProtocol === 'tcp' || relayProtocol === 'tls') return relayProtocol;
  if (url.startsWith('turns:')) return 'tls';
  return /[?&]transport=tcp\b/.test(url) ? 'tcp' : 'udp';
}
