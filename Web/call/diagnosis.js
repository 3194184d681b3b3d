/**
 * Why a connection does not come about, as far as one side can tell.
 *
 * @typedef {object} Attempt
 * @property {boolean} isAnswered  whether the other side has sent a description
 * @property {boolean} hasRelay  whether the server offers one
 * @property {string} local  SDP of this side
 * @property {string} remote  SDP of the other side, and the candidates that came by themselves
 */

/** So long a connection may take, in milliseconds, before a reason is given. */
export const patience = 10_000;

/**
 * @param {Attempt} attempt
 * @returns {import('../i18n/t.js').Key}
 */
export function reasonOf({ isAnswered, hasRelay, local, remote }) {
  if (!isAnswered) return 'tile.silent';
  if (!hasRelay) return 'tile.no-way';
  return hasRelayed(local) || hasRelayed(remote) ? 'tile.no-path' : 'tile.no-relay';
}

/**
 * What is known of a connection that is being made.
 *
 * @param {Pick<RTCPeerConnection, 'localDescription' | 'remoteDescription' | 'getConfiguration'>} connection
 * @returns {Attempt}
 */
export function attemptOf(connection) {
  const servers = connection.getConfiguration().iceServers ?? [];
  return {
    isAnswered: connection.remoteDescription !== null,
    hasRelay: servers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url))),
    local: connection.localDescription?.sdp ?? '',
    remote: connection.remoteDescription?.sdp ?? '',
  };
}

/** @param {string} sdp */
function hasRelayed(sdp) {
  return / typ relay\b/.test(sdp);
}
