/** The call of a room: who is in it, and the way there and back through `/call`. */

import { Emitter } from '../client/emitter.js';
import { keepEntering } from '../net/entrance.js';
import { Outbox } from '../net/outbox.js';
import { refusalIn } from '../net/refusal.js';
import { Retry } from '../net/retry.js';
import { Peer } from './peer.js';
import { supersedes } from './signal-order.js';

/**
 * @typedef {object} CallEvents
 * @property {[]} peers  somebody came or went
 * @property {[peer: Peer]} change  of one peer
 * @property {[peer: Peer]} stream
 * @property {[peer: Peer, channel: RTCDataChannel]} channel
 * @property {[peer: Peer]} replaced  its connection, by another one
 * @property {[reason: import('../i18n/t.js').Sentence]} refused  the server does not let this client in
 * @property {[note: import('../i18n/t.js').Sentence]} note  something to tell
 */

/** How long the server has for an answer, in milliseconds. */
const answerTime = 10_000;
/** How long somebody who was in the call before may take to come back after the server was lost. */
const returnTime = 45_000;
/** Signals on their way to one peer at once; in a full call that is a fifth of the burst that the server takes. */
const signalsAtOnce = 8;

/** So many of those who left are remembered. */
const knownLimit = 200;

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
  #isJoined = false;
  #end = new AbortController();
  /** Whether the person was told that there is no place. */
  #isFull = false;
  #epoch = 1;
  /**
   * The epochs of the last connections to those who left: should they come back, signals of the next one must not be
   * taken for those of the last.
   *
   * @type {Map<string, number>}
   */
  #epochs = new Map();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** @type {string | undefined} */
  #resumeKey;
  /**
   * A queue for each peer: one that is busy does not keep the others waiting.
   *
   * @type {Map<string, Outbox<import('./negotiation.js').Signal>>}
   */
  #outboxes = new Map();
  #joining;
  #entering;
  #socket;
  #room;
  #name;
  #media;
  #relayOnly;

  /**
   * @param {object} options
   * @param {import('../client/socket.js').Socket} options.socket  of the namespace `/call`
   * @param {string} options.room
   * @param {string} options.name
   * @param {import('./media.js').Media} options.media
   * @param {boolean} [options.relayOnly]  connects through the relay alone, so that peers don't see this address
   */
  constructor({ socket, room, name, media, relayOnly = false }) {
    super();
    this.#socket = socket;
    this.#room = room;
    this.#name = name;
    this.#media = media;
    this.#relayOnly = relayOnly;
    this.#joining = new Retry(() => void this.#join());
    this.#entering = keepEntering({ socket, onRefused: ({ sentence }) => this.dispatch('refused', sentence) });
    media.on('change', () => this.#mediaChanged());
    this.#listen();
  }

  /** Enters the call; again, by itself, after each loss of the connection. */
  start() {
    this.#socket.on('connect', () => this.#joining.now());
    this.#socket.on('disconnect', () => {
      this.#isJoined = false;
      this.#joining.stop();
      this.#joining.succeeded();
      for (const outbox of this.#outboxes.values()) outbox.pause();
    });
    this.#socket.connect();
    const { signal } = this.#end;
    globalThis.addEventListener('online', () => this.#networkChanged(), { signal });
    globalThis.addEventListener('pagehide', () => this.#socket.emit('leave', {}), { signal });
    if (this.#socket.connected) this.#joining.now();
  }

  leave() {
    this.#end.abort();
    this.#joining.stop();
    this.#entering.stop();
    if (this.#socket.connected) this.#socket.emit('leave', {});
    for (const peer of [...this.peers.values()]) this.#remove(peer);
    this.#socket.disconnect();
  }

  #listen() {
    const socket = this.#socket;
    socket.on('peer-joined', (info) => this.#arrived(info));
    socket.on('peer-back', (info) => this.#arrived(info));
    socket.on('peer-away', ({ id }) => this.peers.get(id)?.setAway());
    socket.on('peer-left', ({ id }) => this.#left(id));
    socket.on('peer-status', ({ id, status }) => this.peers.get(id)?.setStatus(status));
    socket.on('signal', ({ from, ...signal }) => void this.peers.get(from)?.receive(signal));
    socket.on('ice-servers', ({ iceServers }) => this.#setIceServers(iceServers));
  }

  async #join() {
    const request = { room: this.#room, name: this.#name, resume: this.#resumeKey };
    let answer;
    try {
      answer = await this.#socket.timeout(answerTime).emitWithAck('join', request);
    } catch {
      if (this.#socket.connected) this.#joining.later();
      return;
    }
    const refusal = refusalIn(answer);
    if (!refusal) {
      this.#joining.succeeded();
      this.#isFull = false;
      this.#entered(answer);
    } else if (refusal.code === 'room-full') {
      // Whoever finds no place in the call has the chat all the same.
      if (!this.#isFull) this.dispatch('note', { key: 'call.without' });
      this.#isFull = true;
      if (this.#socket.connected) this.#joining.later();
    } else if (refusal.isPassing) {
      if (refusal.trouble) this.dispatch('note', refusal.trouble);
      if (this.#socket.connected) this.#joining.later(refusal.wait);
    } else {
      this.dispatch('refused', refusal.sentence);
    }
  }

  /** @param {{ self: string, peers: import('./peer.js').PeerInfo[], iceServers: RTCIceServer[], epoch: number, resumeKey?: string }} answer */
  #entered({ self, peers, iceServers, epoch, resumeKey }) {
    if (this.#relayOnly && !hasRelay(iceServers)) {
      this.dispatch('refused', { key: 'refusal.no-relay' });
      return;
    }
    // Under another id this is another participant for the others too: nothing goes on.
    if (this.self !== undefined && this.self !== self) this.#removeAll();
    this.self = self;
    this.#resumeKey = resumeKey;
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#isJoined = true;
    this.#setIceServers(iceServers);
    this.#sendStatus();
    const present = new Set(peers.map(({ id }) => id));
    for (const peer of this.peers.values()) if (!present.has(peer.id)) this.#expectBack(peer);
    for (const outbox of this.#outboxes.values()) outbox.resume();
    for (const info of peers) {
      const known = this.peers.get(info.id);
      if (known) {
        known.update(info);
        known.resynchronize();
      } else {
        void this.#add(info).start();
      }
    }
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
      if (peer.isAway && this.peers.get(peer.id) === peer) this.#left(peer.id);
    }, returnTime);
  }

  /** @param {import('./peer.js').PeerInfo} info */
  #arrived(info) {
    const known = this.peers.get(info.id);
    if (known) {
      known.update(info);
      known.resynchronize();
    } else {
      const wasKnown = this.#epochs.has(info.id);
      const peer = this.#add(info);
      // After a long sleep its page may not know that it was given up here, and wait for nothing.
      if (wasKnown) void peer.start();
      this.dispatch('note', { key: 'note.joined', values: { name: info.name } });
    }
    this.dispatch('peers');
  }

  /** @param {string} id */
  #left(id) {
    const peer = this.peers.get(id);
    if (!peer) return;
    // It may only have lost the server, as this side knows: media goes on until it fails.
    if (peer.isAway && peer.connectionState === 'connected') return;
    this.#remove(peer);
    this.dispatch('note', { key: 'note.left', values: { name: peer.name } });
    this.dispatch('peers');
  }

  /** @param {import('./peer.js').PeerInfo} info */
  #add(info) {
    const outbox = new Outbox({ limit: signalsAtOnce, supersedes, transmit: (signal) => this.#transmit(info.id, signal) });
    if (this.#isJoined) outbox.resume();
    this.#outboxes.set(info.id, outbox);
    /** @type {Peer} */
    const peer = new Peer({
      info,
      epoch: Math.max(this.#epoch, (this.#epochs.get(info.id) ?? -Infinity) + 1),
      media: this.#media,
      configuration: () => ({ iceServers: this.#iceServers, iceTransportPolicy: this.#relayOnly ? 'relay' : 'all' }),
      canSignal: () => this.#isJoined && !peer.isAway,
      send: (signal) => outbox.push(signal),
    });
    this.peers.set(peer.id, peer);
    peer.on('change', () => {
      if (peer.isAway && ['failed', 'closed'].includes(peer.connectionState)) this.#left(peer.id);
      this.dispatch('change', peer);
    });
    peer.on('replaced', () => this.dispatch('replaced', peer));
    peer.on('stream', () => this.dispatch('stream', peer));
    peer.on('channel', (channel) => this.dispatch('channel', peer, channel));
    this.#shareBandwidth();
    return peer;
  }

  /** @param {Peer} peer */
  #remove(peer) {
    this.peers.delete(peer.id);
    this.#epochs.set(peer.id, peer.epoch);
    for (const id of this.#epochs.keys()) if (this.#epochs.size > knownLimit) this.#epochs.delete(id);
    this.#outboxes.get(peer.id)?.close();
    this.#outboxes.delete(peer.id);
    peer.close();
    this.#shareBandwidth();
  }

  /** @param {string} to @param {import('./negotiation.js').Signal} signal */
  async #transmit(to, signal) {
    const refusal = refusalIn(await this.#socket.timeout(answerTime).emitWithAck('signal', { to, ...signal }));
    // Whoever is away is told everything anew when they are back.
    if (refusal && (refusal.isPassing || refusal.code === 'not-joined')) throw refusal;
  }

  #mediaChanged() {
    for (const peer of this.peers.values()) void peer.replaceTracks();
    this.#shareBandwidth();
    this.#sendStatus();
  }

  #sendStatus() {
    if (this.#isJoined) this.#socket.emit('status', this.#media.status, () => undefined);
  }

  #networkChanged() {
    for (const peer of this.peers.values()) peer.networkChanged();
  }

  /** Every picture is sent once to each peer, so each gets less when there are more. */
  #shareBandwidth() {
    const total = this.#media.status.screen ? 4_000_000 : 2_400_000;
    const share = Math.min(Math.max(total / Math.max(this.peers.size, 1), 200_000), total / 2);
    for (const peer of this.peers.values()) void peer.limitVideo(Math.round(share));
  }
}

/** @param {RTCIceServer[]} iceServers */
function hasRelay(iceServers) {
  return iceServers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
}
