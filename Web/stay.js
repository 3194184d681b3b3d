/** What there is of one in a room after joining: call, chat and files, and what they tell goes into the store. */

import { Call } from './call/call.js';
import { attemptOf, patience, reasonOf } from './call/diagnosis.js';
import { Files } from './files/files.js';
import { connect } from './net/connect.js';

/**
 * @typedef {import('./i18n/t.js').Sentence} Sentence
 * @typedef {import('./call/peer.js').Peer} Peer
 */

/** How often connections that do not come about are looked at, in milliseconds. */
const lookInterval = 2000;

let stays = 0;

export class Stay {
  chat;
  call;
  files;
  sockets;
  #store;
  #signal;
  /**
   * Since when peers have not been connected.
   *
   * @type {Map<string, number>}
   */
  #waiting = new Map();

  /**
   * @param {object} options
   * @param {import('./state/state.js').PageStore} options.store
   * @param {import('./call/media.js').Media} options.media
   * @param {string} options.room
   * @param {string} options.name
   * @param {boolean} options.relayOnly  whether to connect through the server alone
   * @param {string[]} options.transports  that may be used
   * @param {AbortSignal} options.signal  of the end of the stay
   * @param {(reason: Sentence) => void} options.onRefused  the server does not let this client in
   */
  constructor({ store, media, room, name, relayOnly, transports, signal, onRefused }) {
    this.#store = store;
    this.#signal = signal;
    const { chat, link, sockets } = connect({ store, room, name, transports, onRefused });
    this.chat = chat;
    this.sockets = sockets;
    this.call = new Call({ link, media, relayOnly });
    this.files = new Files(this.call);
    const number = (stays += 1);
    const tell = () => this.#tellPeers();
    this.call.on('peers', tell).on('change', tell).on('stream', tell).on('refused', onRefused).on('note', (note) => this.#note(note));
    this.files
      .on('change', (row) => store.apply({ type: 'transfer', transfer: { ...row, id: `${number} ${row.id}` } }))
      .on('note', (note) => this.#note(note));
    const timer = setInterval(tell, lookInterval);
    signal.addEventListener('abort', () => clearInterval(timer));
    globalThis.addEventListener?.('pagehide', () => chat.suspend(), { signal });
  }

  start() {
    this.chat.start();
    this.call.start();
  }

  leave() {
    this.call.leave();
    this.chat.leave();
  }

  /** @param {Sentence} sentence */
  #note(sentence) {
    this.#store.apply({ type: 'notice', sentence });
  }

  #tellPeers() {
    if (this.#signal.aborted) return;
    const peers = [...this.call.peers.values()];
    for (const id of [...this.#waiting.keys()]) if (!this.call.peers.has(id)) this.#waiting.delete(id);
    this.#store.apply({ type: 'peers', peers: peers.map((peer) => this.#viewOf(peer)) });
  }

  /** @param {Peer} peer @returns {import('./state/peers.js').PeerView} */
  #viewOf(peer) {
    const { id, name, status, isAway, connectionState: connection, route, stream } = peer;
    return { id, name, status, isAway, connection, route, stream, trouble: this.#troubleOf(peer) };
  }

  /** @param {Peer} peer */
  #troubleOf({ id, connectionState, isAway, pc }) {
    if (connectionState === 'connected') {
      this.#waiting.delete(id);
      return undefined;
    }
    const since = this.#waiting.get(id) ?? Date.now();
    this.#waiting.set(id, since);
    return isAway || Date.now() - since < patience ? undefined : reasonOf(attemptOf(pc));
  }
}
