/** The call of a room: who is in it, and a connection to each. */

import { Emitter } from '../client/emitter.js';
import { watchNetwork } from '../net/network-watch.js';
import { Outbox } from '../net/outbox.js';
import { Adaptation } from './adaptation/adaptation.js';
import { Peer } from './peer.js';
import { supersedes } from './negotiation/signal-order.js';

/**
 * @typedef {object} CallEvents
 * @property {[]} peers  somebody came or went
 * @property {[peer: Peer]} change  of one peer
 * @property {[peer: Peer]} stream
 * @property {[peer: Peer, figures: import('./quality/figures.js').Figures]} figures  of the connection to it
 * @property {[peer: Peer, channel: RTCDataChannel]} channel
 * @property {[peer: Peer]} replaced  its connection, by another one
 * @property {[reason: import('../i18n/t.js').Sentence]} refused  it can't be as this person wants it
 * @property {[isElsewhere: boolean]} elsewhere  whether the call goes on in another page
 * @property {[note: import('../i18n/t.js').Sentence]} note  something to tell
 */

/** How long somebody who was in the call before may take to come back after the server was lost. */
const returnTime = 45_000;
/** Signals on their way to one peer at once; in a full call that is a fifth of the burst that the server takes. */
const signalsAtOnce = 8;

/** So many of those who left are remembered. */
export const knownLimit = 200;

/** @extends {Emitter<CallEvents>} */
export class Call extends Emitter {
  /** @type {Map<string, Peer>} */
  peers = new Map();
  /**
   * The id of this participant.
   *
   * @type {string | undefined}
   */
  self;
  #epoch = 1;
  /**
   * What the next connections to those who left begin with: should they come back, its signals must not be taken for
   * those of the last one, on neither side.
   *
   * @type {Map<string, { epoch: number, remoteEpoch: number }>}
   */
  #successors = new Map();
  /**
   * Those whose connection failed while they were away, and ended on this side: should the server still have kept their
   * place, they come back with theirs, and wait for an answer to what they say again.
   */
  #givenUp = new Set();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /**
   * A queue for each peer: one that is busy does not keep the others waiting.
   *
   * @type {Map<string, Outbox<import('./negotiation/negotiation.js').Signal>>}
   */
  #outboxes = new Map();
  #end = new AbortController();
  #adaptation;
  #link;
  #media;
  #relayOnly;
  #certificates;
  #isWatchedClosely = false;
  /**
   * In which sizes the pictures of others are shown; of whom nothing is said, any.
   *
   * @type {ReadonlyMap<string, import('./adaptation/wishes.js').Sees>}
   */
  #seen = new Map();

  /**
   * @param {object} options
   * @param {import('../net/call-link.js').CallLink} options.link  which enters again, by itself, after each loss of the connection
   * @param {import('./media.js').Media} options.media
   * @param {RTCCertificate[]} [options.certificates]  of all connections: with the same one, people need not compare the
   *   code again when a connection is made anew
   * @param {boolean} [options.relayOnly]  connects through the relay alone, so that peers don't see this address
   */
  constructor({ link, media, certificates = [], relayOnly = false }) {
    super();
    this.#link = link;
    this.#media = media;
    this.#relayOnly = relayOnly;
    // A browser takes no list without any.
    this.#certificates = certificates.length > 0 ? { certificates } : {};
    this.#adaptation = new Adaptation({ targets: () => this.peers.values() });
    media.on('change', () => this.#mediaChanged());
    this.#sendStatus();
    this.#listen();
  }

  /** What the server offers to connect by. */
  get iceServers() {
    return this.#iceServers;
  }

  start() {
    this.#adaptation.start();
    watchNetwork({ onChange: () => this.#networkChanged(), signal: this.#end.signal });
  }

  /** @param {boolean} isClose  whether somebody looks at the figures of the connections */
  watchClosely(isClose) {
    this.#isWatchedClosely = isClose;
    for (const peer of this.peers.values()) peer.watchClosely(isClose);
  }

  /** Makes all connections anew. */
  renew() {
    for (const peer of this.peers.values()) void peer.renew();
  }

  /** @param {ReadonlyMap<string, import('./adaptation/wishes.js').Sees>} seen  in which sizes the pictures of others are shown */
  see(seen) {
    this.#seen = seen;
    for (const peer of this.peers.values()) this.#tellSeen(peer);
  }

  /** Takes the call back from another page of this member. */
  takeBack() {
    this.#link.takeBack();
  }

  leave() {
    this.#end.abort();
    this.#adaptation.stop();
    this.#removeAll();
    this.#link.leave();
  }

  #listen() {
    const link = this.#link;
    link.on('entered', (answer) => this.#entered(answer));
    link.on('lost', () => this.#pause());
    link.on('moved', () => {
      this.#pause();
      this.#removeAll();
      this.dispatch('peers');
      this.dispatch('elsewhere', true);
    });
    link.on('peer', (info) => this.#told(info));
    link.on('left', ({ id, isLost }) => {
      this.#givenUp.delete(id);
      this.#left(id, isLost);
    });
    link.on('signal', ({ from, signal }) => void this.peers.get(from)?.receive(signal));
    link.on('iceServers', (iceServers) => this.#setIceServers(iceServers));
    link.on('note', (note) => this.dispatch('note', note));
  }

  #pause() {
    for (const outbox of this.#outboxes.values()) outbox.pause();
  }

  /** @param {import('../net/call-link.js').Entered} answer */
  #entered({ self, peers, iceServers, epoch, forgottenBy }) {
    if (this.#relayOnly && !hasRelay(iceServers)) {
      this.dispatch('refused', { key: 'refusal.no-relay' });
      return;
    }
    // Under another id this is another participant for the others too: nothing goes on.
    const isAnother = this.self !== undefined && this.self !== self;
    const ended = [...this.peers.values()].filter(({ id }) => isAnother || forgottenBy.includes(id));
    for (const peer of ended) this.#remove(peer);
    if (ended.length > 0) this.dispatch('peers');
    this.self = self;
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#setIceServers(iceServers);
    const present = new Set(peers.map(({ id }) => id));
    for (const peer of this.peers.values()) if (!present.has(peer.id)) this.#expectBack(peer);
    for (const outbox of this.#outboxes.values()) outbox.resume();
    for (const info of peers) {
      if (this.#isKnown(info)) this.#update(info, true);
      else void this.#add(info).start();
    }
    this.dispatch('elsewhere', false);
    this.dispatch('peers');
  }

  /** @param {RTCIceServer[]} iceServers */
  #setIceServers(iceServers) {
    this.#iceServers = iceServers;
    for (const peer of this.peers.values()) void peer.configure();
  }

  #removeAll() {
    for (const peer of [...this.peers.values()]) this.#remove(peer);
  }

  /**
   * A server that restarted knows nobody until they come back.
   *
   * @param {Peer} peer
   */
  #expectBack(peer) {
    peer.setAway();
    setTimeout(() => {
      if (peer.isAway && this.peers.get(peer.id) === peer) this.#left(peer.id, true);
    }, returnTime);
  }

  /** @param {import('./peer.js').PeerInfo} info */
  #told(info) {
    const isNew = !this.peers.has(info.id);
    if (this.#isKnown(info)) {
      this.#update(info);
      return;
    }
    const peer = this.#add(info);
    if (this.#givenUp.delete(info.id)) void peer.start();
    if (isNew) this.dispatch('note', { key: 'note.joined', values: { name: info.name } });
    this.dispatch('peers');
  }

  /**
   * Whether there is a connection to a peer. One to a page of before is given up.
   *
   * @param {import('./peer.js').PeerInfo} info
   */
  #isKnown({ id, stay }) {
    const known = this.peers.get(id);
    if (!known || known.stay === stay) return known !== undefined;
    this.#remove(known);
    this.dispatch('peers');
    return false;
  }

  /** @param {import('./peer.js').PeerInfo} info @param {boolean} [isBack]  whether this side was away */
  #update(info, isBack = false) {
    const known = this.peers.get(info.id);
    const wasAway = known?.isAway || isBack;
    known?.update(info);
    if (wasAway && !info.isAway) known?.resynchronize();
  }

  /** @param {string} id @param {boolean} isLost  that it has not said that it goes */
  #left(id, isLost) {
    const peer = this.peers.get(id);
    if (!peer) return;
    // It may only have lost the server, as this side knows: media goes on until it fails.
    if (isLost && peer.isAway && peer.connectionState === 'connected') return;
    this.#remove(peer);
    this.dispatch('note', { key: 'note.left', values: { name: peer.name } });
    this.dispatch('peers');
  }

  /** @param {import('./peer.js').PeerInfo} info */
  #add(info) {
    const outbox = new Outbox({ limit: signalsAtOnce, supersedes, transmit: (signal) => this.#link.signal(info.id, signal) });
    if (this.#link.isIn) outbox.resume();
    this.#outboxes.set(info.id, outbox);
    const before = this.#successors.get(info.id);
    /** @type {Peer} */
    const peer = new Peer({
      info,
      epoch: Math.max(this.#epoch, before?.epoch ?? this.#epoch),
      remoteEpoch: before?.remoteEpoch,
      media: this.#media,
      configuration: () => ({ iceServers: this.#iceServers, iceTransportPolicy: this.#relayOnly ? 'relay' : 'all', ...this.#certificates }),
      canSignal: () => this.#link.isIn && !peer.isAway,
      send: (signal) => outbox.push(signal),
    });
    this.peers.set(peer.id, peer);
    peer.on('change', () => {
      if (peer.isAway && ['failed', 'closed'].includes(peer.connectionState)) {
        this.#givenUp.add(peer.id);
        this.#left(peer.id, true);
      }
      this.dispatch('change', peer);
    });
    peer.on('replaced', () => this.dispatch('replaced', peer));
    peer.on('stream', () => this.dispatch('stream', peer));
    peer.on('back', () => this.#adaptation.refresh(peer));
    peer.on('quiet', () => this.#link.check());
    peer.on('senders', () => this.#adaptation.apply());
    peer.on('wishes', () => {
      this.#adaptation.apply();
      this.dispatch('change', peer);
    });
    this.#tellSeen(peer);
    peer.on('figures', (figures) => {
      this.#adaptation.take(peer.id, figures);
      this.dispatch('figures', peer, figures);
    });
    peer.watchClosely(this.#isWatchedClosely);
    peer.on('channel', (channel) => this.dispatch('channel', peer, channel));
    return peer;
  }

  /** @param {Peer} peer */
  #remove(peer) {
    this.peers.delete(peer.id);
    this.#successors.set(peer.id, peer.successor);
    for (const id of this.#successors.keys()) if (this.#successors.size > knownLimit) this.#successors.delete(id);
    this.#outboxes.get(peer.id)?.close();
    this.#outboxes.delete(peer.id);
    peer.close();
    this.#adaptation.apply();
  }

  #mediaChanged() {
    for (const peer of this.peers.values()) void peer.replaceTracks();
    this.#sendStatus();
  }

  /** @param {Peer} peer */
  #tellSeen(peer) {
    const sees = this.#seen.get(peer.id);
    if (sees) peer.see(sees);
  }

  #sendStatus() {
    this.#link.setStatus(this.#media.status);
  }

  #networkChanged() {
    for (const peer of this.peers.values()) peer.networkChanged();
  }
}

/** @param {RTCIceServer[]} iceServers */
function hasRelay(iceServers) {
  return iceServers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
}
