/** The way of a call to the server and back, through `/call`. */

import { Emitter } from '../client/emitter.js';
import { keepEntering } from './entrance.js';
import { MemberKey } from './member-key.js';
import { refusalIn } from './refusal.js';
import { Retry } from './retry.js';

/**
 * @typedef {import('../call/peer.js').PeerInfo} PeerInfo
 * @typedef {import('../call/peer.js').Status} Status
 * @typedef {import('../call/negotiation.js').Signal} Signal
 *
 * @typedef {object} Joined
 * @property {string} self  the id of this member
 * @property {PeerInfo[]} peers  the others in the call
 * @property {RTCIceServer[]} iceServers
 * @property {number} epoch  of the connections that are made from now on
 *
 * @typedef {object} CallLinkEvents
 * @property {[answer: Joined]} joined  again after each loss of the connection
 * @property {[]} lost
 * @property {[info: PeerInfo]} arrived  is new, or is back
 * @property {[id: string]} away  has lost its connection to the server
 * @property {[id: string]} left
 * @property {[change: { id: string, status: Status }]} status
 * @property {[sent: { from: string, signal: Signal }]} signal
 * @property {[iceServers: RTCIceServer[]]} iceServers
 * @property {[reason: import('../i18n/t.js').Sentence]} refused  the server does not let this client in
 * @property {[note: import('../i18n/t.js').Sentence]} note  something to tell
 */

/** How long the server has for an answer, in milliseconds. */
const answerTime = 10_000;

/** @extends {Emitter<CallLinkEvents>} */
export class CallLink extends Emitter {
  #isJoined = false;
  /** Whether the person was told that there is no place. */
  #isFull = false;
  #end = new AbortController();
  #joining;
  #entering;
  #socket;
  #room;
  #name;
  #key;

  /**
   * @param {object} options
   * @param {import('../client/socket.js').Socket} options.socket  of the namespace `/call`
   * @param {string} options.room
   * @param {string} options.name
   * @param {MemberKey} [options.key]
   * @param {import('./retry.js').Timing} [timing]
   */
  constructor({ socket, room, name, key = new MemberKey('call', room) }, timing) {
    super();
    this.#socket = socket;
    this.#room = room;
    this.#name = name;
    this.#key = key;
    this.#joining = new Retry(() => void this.#join(), timing);
    this.#entering = keepEntering({ socket, onRefused: ({ sentence }) => this.dispatch('refused', sentence) }, timing);
    this.#listen();
  }

  get isJoined() {
    return this.#isJoined;
  }

  /** Enters the call; again, by itself, after each loss of the connection. */
  start() {
    const socket = this.#socket;
    socket.on('connect', () => this.#joining.now());
    socket.on('disconnect', () => {
      this.#isJoined = false;
      this.#joining.stop();
      this.#joining.succeeded();
      this.dispatch('lost');
    });
    socket.connect();
    globalThis.addEventListener?.('pagehide', () => this.#suspend(), { signal: this.#end.signal });
    if (socket.connected) this.#joining.now();
  }

  leave() {
    this.#isJoined = false;
    this.#end.abort();
    this.#joining.stop();
    this.#entering.stop();
    this.#key.forget();
    if (this.#socket.connected) this.#socket.emit('leave', {});
    this.#socket.disconnect();
  }

  /**
   * Sends one thing to one peer.
   *
   * @param {string} to
   * @param {Signal} signal
   * @returns {Promise<void>} rejects when it is to be sent again
   */
  async signal(to, signal) {
    const refusal = refusalIn(await this.#socket.timeout(answerTime).emitWithAck('signal', { to, ...signal }));
    // Whoever is away is told everything anew when they are back.
    if (refusal && (refusal.isPassing || refusal.code === 'not-joined')) throw refusal;
  }

  /** @param {Status} status  of what this member sends */
  tellStatus(status) {
    if (this.#isJoined) this.#socket.emit('status', status, () => undefined);
  }

  /** The page goes, and may come back as the same member. */
  #suspend() {
    this.#key.keep();
    this.#socket.emit('leave', {});
  }

  #listen() {
    const socket = this.#socket;
    socket.on('peer-joined', (info) => this.dispatch('arrived', info));
    socket.on('peer-back', (info) => this.dispatch('arrived', info));
    socket.on('peer-away', ({ id }) => this.dispatch('away', id));
    socket.on('peer-left', ({ id }) => this.dispatch('left', id));
    socket.on('peer-status', (change) => this.dispatch('status', change));
    socket.on('signal', ({ from, ...signal }) => this.dispatch('signal', { from, signal }));
    socket.on('ice-servers', ({ iceServers }) => this.dispatch('iceServers', iceServers));
  }

  async #join() {
    const request = { room: this.#room, name: this.#name, resume: this.#key.value };
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
      this.#key.value = answer.resumeKey;
      this.#isJoined = true;
      this.#isFull = false;
      this.dispatch('joined', answer);
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
}
