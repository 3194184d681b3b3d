/**
 * The connections of the call. Who they lead to, and what those send, the list of members says.
 *
 * @typedef {{ audio: boolean, video: boolean, screen: boolean }} Status
 *
 * @typedef {object} PeerView
 * @property {string} id  of the member
 * @property {string} name  the last that was heard: a server that was lost may not know the member yet
 * @property {RTCPeerConnectionState} connection
 * @property {import('../call/route.js').Route | undefined} route  the way to the peer, when it is known
 * @property {MediaStream} stream  camera and voice
 * @property {MediaStream | undefined} screen  a shared screen and its sound; nothing of a peer that sends it as its camera
 * @property {import('../i18n/t.js').Key | undefined} trouble  why there is no connection for so long
 * @property {Readonly<{ camera: boolean, screen: boolean, own: boolean }>} held  what is not sent, to save the sound: by the peer,
 *   and any by this side
 *
 * @typedef {PeerView & { status: Status, isAway: boolean, hand: number, isRecording: boolean }} Participant  `hand`: which of
 *   the raised ones
 *
 * @typedef {object} Peers
 * @property {readonly PeerView[]} list  in the order in which they came
 *
 * @typedef {{ type: 'peers', peers: readonly PeerView[] }
 *   | { type: 'left' }} PeersEvent
 *
 * @typedef {{ peers: Peers, members: import('./members.js').Members }} Sources
 */

import { handOf } from './members.js';
import { changed, keepEqual } from './store.js';

/** @type {Peers} */
export const noPeers = { list: [] };

/** Of whom the server knows nothing, what comes is shown. */
const unknown = { audio: true, video: true, screen: false };

/** @param {Peers} peers @param {PeersEvent | { type: '' }} event @returns {Peers} */
export function reducePeers(peers, event) {
  switch (event.type) {
    case 'peers':
      return changed(peers, { list: keepEqual(peers.list, event.peers, ({ id }) => id) });
    case 'left':
      return noPeers;
    default:
      return peers;
  }
}

/**
 * The others in the call: the connection to each, and what the list of members says of them.
 *
 * @param {Sources} sources
 * @returns {Participant[]}
 */
export function participantsOf({ peers, members }) {
  return peers.list.map((peer) => {
    const member = members.list.find(({ id }) => id === peer.id);
    const { audio, video, screen } = member?.call ?? unknown;
    const isRecording = members.recording.includes(peer.id);
    return { ...peer, name: member?.name ?? peer.name, status: { audio, video, screen }, isAway: member?.call?.away ?? true, hand: handOf(members, peer.id), isRecording };
  });
}
