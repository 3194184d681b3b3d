/** What there is of one in a room after joining: call, chat and files, and what they tell goes into the store. */

import { Call } from './call/call.js';
import { attemptOf, patience, reasonOf } from './call/diagnosis.js';
import { hexOf, pairOf } from './call/fingerprint.js';
import { Files } from './files/files.js';
import { sha256 } from './files/sha256.js';
import { connect } from './net/connect.js';
import { verdictOf } from './state/quality/verification.js';
import { sightOf } from './state/stage/sight.js';

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
  members;
  reactions;
  socket;
  #link;
  #callLink;
  #media;
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
   * @param {RTCCertificate[]} options.certificates  of this stay
   * @param {string[]} options.transports  that may be used
   * @param {AbortSignal} options.signal  of the end of the stay
   * @param {(reason: Sentence) => void} options.onRefused  the server does not let this client in
   */
  constructor({ store, media, room, name, relayOnly, certificates, transports, signal, onRefused }) {
    this.#store = store;
    this.#signal = signal;
    this.#media = media;
    const { link, socket, members, reactions, chat, callLink } = connect({ store, room, name, transports });
    this.#link = link;
    this.#callLink = callLink;
    this.chat = chat;
    this.members = members;
    this.reactions = reactions;
    this.socket = socket;
    this.call = new Call({ link: callLink, media, certificates, relayOnly });
    this.files = new Files(this.call);
    const number = (stays += 1);
    const tell = () => this.#tellPeers();
    this.call
      .on('peers', tell)
      .on('change', tell)
      .on('stream', tell)
      .on('figures', (...args) => this.#tellFigures(...args))
      .on('elsewhere', (isElsewhere) => store.apply({ type: 'elsewhere', isElsewhere }))
      .on('refused', onRefused)
      .on('note', (note) => this.#note(note));
    link.on('refused', onRefused);
    link.hear('mute', ({ by }) => this.#muted(by));
    this.files
      .on('change', (row) => store.apply({ type: 'transfer', transfer: { ...row, id: `${number} ${row.id}` } }))
      .on('note', (note) => this.#note(note));
    store.watch(({ panel }) => panel.isStatsOpen, (isOpen) => this.call.watchClosely(isOpen), { signal });
    // By value: what is in view is made anew each time.
    store.watch((state) => JSON.stringify([...sightOf(state)]), (sights) => this.call.see(new Map(JSON.parse(sights))), { signal });
    const timer = setInterval(tell, lookInterval);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  start() {
    this.call.start();
    this.#link.start();
  }

  /** @param {boolean} isRecording  whether this page records the call @returns {Promise<boolean>} whether the others are told by now */
  setRecording(isRecording) {
    return this.#callLink.setRecording(isRecording);
  }

  leave() {
    this.call.leave();
    this.chat.leave();
    this.reactions.leave();
    this.#link.leave();
  }

  /** @param {string} by  the id of who asked this client to be silent */
  #muted(by) {
    if (this.#media.wanted.audio) void this.#media.setMicrophone(false);
    const name = this.#store.get().members.list.find(({ id }) => id === by)?.name;
    this.#note(name === undefined ? { key: 'note.muted' } : { key: 'note.muted-by', values: { name } });
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
    for (const peer of peers) this.#tellDigest(peer);
  }

  /**
   * What the code of a peer is made of; and that it is another one, as soon as it is.
   *
   * @param {Peer} peer
   */
  #tellDigest({ id, name, stay, fingerprints }) {
    if (!fingerprints) return;
    const { local, remote } = fingerprints;
    const digest = local && remote ? hexOf(sha256(pairOf(local, remote))) : undefined;
    const verdict = () => verdictOf(this.#store.get().verification, id);
    const before = verdict();
    this.#store.apply({ type: 'digest', id, stay, digest });
    if (before !== 'changed' && verdict() === 'changed') this.#note({ key: 'verify.note-changed', values: { name } });
  }

  /** @param {Peer} peer @param {import('./call/quality/figures.js').Figures} figures */
  #tellFigures({ id }, figures) {
    if (!this.#signal.aborted) this.#store.apply({ type: 'figures', id, time: performance.now(), figures });
  }

  /** @param {Peer} peer @returns {import('./state/peers.js').PeerView} */
  #viewOf(peer) {
    const { id, name, connectionState: connection, route, stream, screen } = peer;
    const { theirs, own } = peer.held;
    const held = { camera: theirs.includes('camera'), screen: theirs.includes('screen'), own: own.length > 0 };
    return { id, name, connection, route, stream, screen, trouble: this.#troubleOf(peer), held };
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
