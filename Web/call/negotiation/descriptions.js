/** What can be told of the descriptions that two sides have exchanged. */

/**
 * Whether a candidate is of the ICE credentials and of a line that the peer has; others come before the description that
 * they belong to, or after an offer that was ignored.
 *
 * @param {RTCIceCandidateInit | null} candidate
 * @param {RTCPeerConnection} connection
 */
export function fits(candidate, { remoteDescription }) {
  const { usernameFragment: fragment, sdpMid } = candidate ?? {};
  const has = (/** @type {string} */ line) => (remoteDescription?.sdp ?? '').includes(`a=${line}\r\n`);
  return !fragment || (has(`ice-ufrag:${fragment}`) && (!sdpMid || has(`mid:${sdpMid}`)));
}

/**
 * Whether the peer may not have the answer. The roles in DTLS are fixed by then on this side alone, so that an offer of
 * this side could not be answered: the peer says its own again.
 *
 * @param {RTCPeerConnection} connection
 */
export function hasUnheardAnswer({ localDescription, sctp }) {
  return localDescription?.type === 'answer' && ['new', 'connecting'].includes(sctp?.transport.state ?? '');
}

/**
 * Whether a description was made by a Firefox, as it says in its origin.
 *
 * @param {{ sdp?: string } | null} description
 */
export function isOfFirefox(description) {
  return /^o=mozilla/m.test(description?.sdp ?? '');
}
