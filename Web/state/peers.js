/**
 * Who is in the call, and what is large.
 *
 * @typedef {{ audio: boolean, video: boolean, screen: boolean }} Status
 *
 * @typedef {object} PeerView
 * @property {string} id
 * @property {string} name
 * @property {Status} status
 * @property {boolean} isAway
 * @property {RTCPeerConnectionState} connection
 * @property {import('../call/route.js').Route | undefined} route  the way to the peer, when it is known
 * @property {MediaStream} stream
 * @property {import('../i18n/t.js').Key | undefined} trouble  why there is no connection for so long
 *
 * @typedef {object} Peers
 * @property {readonly PeerView[]} list  in the order in which they came
 * @property {readonly string[]} sharing  who else shows a screen, in the order in which they began
 * @property {string | undefined} pinned  whom the person wants to see large
 *
 * @typedef {{ type: 'peers', peers: readonly PeerView[] }
 *   | { type: 'pinned', id: string | undefined }
 *   | { type: 'left' }} PeersEvent
 */

import { changed, keepEqual } from './store.js';

/** @type {Peers} */
export const noPeers = { list: [], sharing: [], pinned: undefined };

/** @param {Peers} peers @param {PeersEvent | { type: '' }} event @returns {Peers} */
export function reducePeers(peers, event) {
  switch (event.type) {
    case 'peers': {
      const list = keepEqual(peers.list, event.peers, ({ id }) => id);
      if (list === peers.list) return peers;
      const others = list.filter(({ status }) => status.screen).map(({ id }) => id);
      const isThere = peers.pinned === undefined || peers.pinned === 'self' || list.some(({ id }) => id === peers.pinned);
      const sharing = inOrder(peers.sharing, others);
      return { list, sharing, pinned: isThere ? peers.pinned : undefined };
    }
    case 'pinned':
      return changed(peers, { pinned: event.id });
    case 'left':
      return noPeers;
    default:
      return peers;
  }
}

/**
 * Those of before that are still there, then those that are new.
 *
 * @param {readonly string[]} before
 * @param {string[]} now
 */
function inOrder(before, now) {
  const order = [...before.filter((id) => now.includes(id)), ...now.filter((id) => !before.includes(id))];
  return order.length === before.length && order.every((id, index) => id === before[index]) ? before : order;
}

/**
 * Who is large: whom the person chose, or else the screen of somebody else that was shared last. One's own would be a
 * hall of mirrors.
 *
 * @param {Peers} peers
 * @returns {string | undefined}
 */
export function largeOf({ list, sharing, pinned }) {
  if (list.length === 0) return undefined;
  if (pinned !== undefined) return pinned;
  return sharing.at(-1);
}
