/**
 * Whether a signal that still waits to be sent need not be, because of one that comes after it: candidates gather while a
 * peer is busy, and what is said of a connection that is gone helps nobody. A last description always stays.
 *
 * @param {import('./negotiation.js').Signal} newer
 * @param {import('./negotiation.js').Signal} older  to the same peer
 */
export function supersedes(newer, older) {
  if (newer.epoch !== older.epoch) return newer.epoch > older.epoch;
  // An answer ends an exchange that the peer began, and no later one says it again.
  if (older.description) return older.description.type === 'offer' && newer.description?.type === 'offer';
  if (older.endOfCandidates) return newer.endOfCandidates === true;
  if (older.offerWanted) return newer.offerWanted === older.offerWanted || newer.offerWanted === 'restart';
  const isSame = (/** @type {'candidate' | 'sdpMid' | 'sdpMLineIndex' | 'usernameFragment'} */ name) =>
    older.candidate?.[name] === newer.candidate?.[name];
  return older.candidate !== undefined && isSame('candidate') && isSame('sdpMid') && isSame('sdpMLineIndex') && isSame('usernameFragment');
}
