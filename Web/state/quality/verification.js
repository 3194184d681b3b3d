/**
 * Whose code was compared, and whether it is still the same: another one in the same stay means that the connection leads
 * to another certificate, which can only be that of somebody in between.
 *
 * @typedef {object} Verified
 * @property {string} stay  of the peer: another one is another page, which has another certificate
 * @property {string | undefined} digest  of the present connection, as digits; nothing where the descriptions have no one fingerprint
 * @property {string | undefined} compared  what people found to be the same
 * @property {boolean} isRefused  people found that it is not the same
 * @property {boolean} isAgain  it was compared in a stay before this one
 *
 * @typedef {object} Verification
 * @property {ReadonlyMap<string, Verified>} peers  by their ids; those who left too, since they may come back
 * @property {string | undefined} shown  the peer whose code is shown
 *
 * @typedef {'none' | 'unknown' | 'open' | 'same' | 'changed' | 'refused'} Verdict
 *
 * @typedef {{ type: 'digest', id: string, stay: string, digest: string | undefined }
 *   | { type: 'compared', id: string, isSame: boolean }
 *   | { type: 'verify', id: string | undefined }
 *   | { type: 'peers', peers: readonly { id: string }[] }
 *   | { type: 'lobby' }
 *   | { type: 'left' }} VerificationEvent
 */

import { changed } from '../store.js';

/** So many are remembered; of more, those that were told of first go. */
const limit = 200;

/** @type {Verification} */
export const nothingVerified = { peers: new Map(), shown: undefined };

/** @param {Verification} verification @param {VerificationEvent | { type: '' }} event @returns {Verification} */
export function reduceVerification(verification, event) {
  switch (event.type) {
    case 'digest':
      return withPeer(verification, event.id, told(verification.peers.get(event.id), event));
    case 'compared': {
      const known = verification.peers.get(event.id);
      // Nobody can have compared what is not there.
      if (!known?.digest) return verification;
      return withPeer(verification, event.id, changed(known, { compared: event.isSame ? known.digest : undefined, isRefused: !event.isSame }));
    }
    case 'verify':
      return changed(verification, { shown: event.id });
    case 'peers':
      return event.peers.some(({ id }) => id === verification.shown) ? verification : changed(verification, { shown: undefined });
    case 'lobby':
    case 'left':
      // The next stay of this side has another certificate too.
      return nothingVerified;
    default:
      return verification;
  }
}

/**
 * What there is to say of a peer's code.
 *
 * @param {Verification} verification
 * @param {string} id
 * @returns {Verdict}  `none`: there is no connection yet; `unknown`: there is one without a code
 */
export function verdictOf({ peers }, id) {
  const known = peers.get(id);
  if (!known) return 'none';
  if (known.isRefused) return 'refused';
  if (known.compared !== undefined && known.compared !== known.digest) return 'changed';
  if (known.digest === undefined) return 'unknown';
  return known.compared === undefined ? 'open' : 'same';
}

/**
 * @param {Verified | undefined} known
 * @param {{ stay: string, digest: string | undefined }} news
 * @returns {Verified}
 */
function told(known, { stay, digest }) {
  if (known?.stay === stay) return changed(known, { digest });
  const isAgain = known !== undefined && (known.compared !== undefined || known.isAgain);
  return { stay, digest, compared: undefined, isRefused: false, isAgain };
}

/** @param {Verification} verification @param {string} id @param {Verified} peer */
function withPeer(verification, id, peer) {
  if (verification.peers.get(id) === peer) return verification;
  const peers = new Map([...verification.peers, [id, peer]]);
  for (const old of peers.keys()) if (peers.size > limit) peers.delete(old);
  return { ...verification, peers };
}
